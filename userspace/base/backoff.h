/* SPDX-License-Identifier: BSD-2-Clause */
/* How often to try again, and how long to wait in between. */
#ifndef VSECM_BASE_BACKOFF_H
#define VSECM_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    uint64_t delay_ms;    /* after the first failure */
    uint64_t max_wait_ms; /* and never longer than this */
    uint64_t retries;     /* after the first try */
    bool is_exponential;  /* twice as long each time; else always the same */
};

/*
 * Milliseconds to wait after failure FAILURE, the first is 0. Up to delay_ms longer as RANDOM has
 * it, so that many who failed together do not come back together.
 */
uint64_t backoff_wait_ms(const struct backoff *backoff, uint64_t failure, uint32_t random);

#endif
