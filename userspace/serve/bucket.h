/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A token bucket, for what may happen so many times a second. The clock is looked at only when it
 * is empty, so that taking a token is a subtraction. Pure; a clock that jumps does no harm.
 */
#ifndef VSECM_SERVE_BUCKET_H
#define VSECM_SERVE_BUCKET_H

#include <stdint.h>

struct bucket_rule {
    uint64_t rate;     /* tokens a second; 0: as many as anybody takes */
    uint64_t size;     /* tokens that one holds at most: half a burst */
    uint64_t pause_ns; /* until an empty one is worth looking at: at least a token's time */
};

struct bucket {
    uint64_t tokens;
    uint64_t filled_ns; /* up to which time what came in is among them */
};

/*
 * The rule of RATE tokens a second and a burst of a tenth of that: in any time t no more are taken
 * than rate * t and the burst. Half of it can be in a bucket, and half more come in at once when
 * that is used up, since nobody looked at the clock before.
 */
struct bucket_rule bucket_rule(uint64_t rate);

/* A full one. */
struct bucket bucket_new(const struct bucket_rule *rule, uint64_t now_ns);

/* Take a token. Zero when there is none: bucket_fill(), and try once more. */
static inline int bucket_take(struct bucket *bucket)
{
    if (!bucket->tokens)
        return 0;
    bucket->tokens--;
    return 1;
}

/* What has come in until now. */
void bucket_fill(struct bucket *bucket, const struct bucket_rule *rule, uint64_t now_ns);

/* Non-zero when filling it now would make it full: it is as good as a new one. */
int bucket_is_full(const struct bucket *bucket, const struct bucket_rule *rule, uint64_t now_ns);

#endif
