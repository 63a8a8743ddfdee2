/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/backoff.h"

uint64_t backoff_wait_ms(const struct backoff *backoff, uint64_t failure, uint32_t random)
{
    uint64_t wait = backoff->delay_ms;
    for (uint64_t i = 0; backoff->is_exponential && i < failure && wait < backoff->max_wait_ms; i++)
        wait *= 2;
    if (backoff->delay_ms)
        wait += random % backoff->delay_ms;
    return wait < backoff->max_wait_ms ? wait : backoff->max_wait_ms;
}
