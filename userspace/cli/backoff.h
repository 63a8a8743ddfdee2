/* SPDX-License-Identifier: BSD-2-Clause */
/* How often to try again, and how long to wait in between. */
#ifndef VSECM_CLI_BACKOFF_H
#define VSECM_CLI_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct error;

struct backoff {
    uint64_t delay_ms;    /* after the first failure */
    uint64_t max_wait_ms; /* and never longer than this */
    uint64_t retries;     /* after the first try */
    bool is_exponential;  /* twice as long each time; else always the same */
};

/*
 * As VSECM_BACKOFF_DELAY, _MAX_RETRIES, _MAX_WAIT and _MODE have it: 1000 ms, 10, 30000 ms and
 * "exponential" (or "linear") where they are not set. 0, or -EINVAL with *error naming the
 * variable and what it may be.
 */
int backoff_read(struct backoff *ret, struct error *error);

/*
 * Milliseconds in the environment variable NAME; FALLBACK where it is not set. 0 or -EINVAL with
 * *error.
 */
int backoff_read_ms(const char *name, uint64_t fallback, uint64_t *ret, struct error *error);

/*
 * Milliseconds to wait after failure FAILURE, the first is 0. Up to delay_ms longer as RANDOM has
 * it, so that many who failed together do not come back together.
 */
uint64_t backoff_wait_ms(const struct backoff *backoff, uint64_t failure, uint32_t random);

void backoff_sleep(uint64_t ms);

#endif
