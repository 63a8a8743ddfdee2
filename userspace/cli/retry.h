/* SPDX-License-Identifier: BSD-2-Clause */
/* How commands try again (base/backoff.h), as the environment has it. */
#ifndef VSECM_CLI_RETRY_H
#define VSECM_CLI_RETRY_H

#include <stdint.h>

struct backoff;
struct error;

/*
 * As VSECM_BACKOFF_DELAY, _MAX_RETRIES, _MAX_WAIT and _MODE have it: 1000 ms, 10, 30000 ms and
 * "exponential" (or "linear") where they are not set. 0, or -EINVAL with *error naming the
 * variable and what it may be.
 */
int retry_read(struct backoff *ret, struct error *error);

/*
 * Milliseconds in the environment variable NAME; FALLBACK where it is not set. 0 or -EINVAL with
 * *error.
 */
int retry_read_ms(const char *name, uint64_t fallback, uint64_t *ret, struct error *error);

void retry_sleep(uint64_t ms);

#endif
