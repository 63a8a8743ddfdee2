/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/retry.h"

#include "base/backoff.h"
#include "base/error.h"
#include "base/str.h"
#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int read_number(const char *name, const char *unit, uint64_t fallback, uint64_t max,
                       uint64_t *ret, struct error *error)
{
    const char *text = secure_getenv(name);
    *ret = fallback;
    if (!text || !*text || !str_u64(span_of(text), max, ret))
        return 0;
    return error_set(error, -EINVAL, "%s must be a number%s, at most %llu", name, unit,
                     (unsigned long long)max);
}

int retry_read_ms(const char *name, uint64_t fallback, uint64_t *ret, struct error *error)
{
    return read_number(name, " of milliseconds", fallback, LIMIT_BACKOFF_MS, ret, error);
}

static int read_mode(struct backoff *ret, struct error *error)
{
    const char *mode = secure_getenv("VSECM_BACKOFF_MODE");
    ret->is_exponential = !mode || !*mode || strcmp(mode, "exponential") == 0;
    if (ret->is_exponential || strcmp(mode, "linear") == 0)
        return 0;
    return error_set(error, -EINVAL, "VSECM_BACKOFF_MODE must be exponential or linear");
}

int retry_read(struct backoff *ret, struct error *error)
{
    int r = retry_read_ms("VSECM_BACKOFF_DELAY", 1000, &ret->delay_ms, error);
    if (r == 0)
        r = retry_read_ms("VSECM_BACKOFF_MAX_WAIT", 30000, &ret->max_wait_ms, error);
    if (r == 0)
        r = read_number("VSECM_BACKOFF_MAX_RETRIES", "", 10, LIMIT_BACKOFF_RETRIES, &ret->retries,
                        error);
    return r ? r : read_mode(ret, error);
}

void retry_sleep(uint64_t ms)
{
    struct timespec rest = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
        ;
}
