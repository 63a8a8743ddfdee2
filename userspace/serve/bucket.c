/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/bucket.h"

#include "limits.h"

#define SECOND_NS UINT64_C(1000000000)

struct bucket_rule bucket_rule(uint64_t rate)
{
    struct bucket_rule rule = {.rate = rate};
    if (!rate)
        return rule;
    uint64_t burst = rate / LIMIT_BURST_PART, token_ns = (SECOND_NS + rate - 1) / rate;
    rule.size = (burst > LIMIT_BURST_MIN ? burst : LIMIT_BURST_MIN) / 2;
    rule.pause_ns = LIMIT_RATE_PAUSE_MS * UINT64_C(1000000);
    if (rule.pause_ns < token_ns)
        rule.pause_ns = token_ns;
    return rule;
}

struct bucket bucket_new(const struct bucket_rule *rule, uint64_t now_ns)
{
    return (struct bucket){.tokens = rule->size, .filled_ns = now_ns};
}

void bucket_fill(struct bucket *bucket, const struct bucket_rule *rule, uint64_t now_ns)
{
    uint64_t missing = rule->size - bucket->tokens;
    if (!rule->rate)
        return;
    /* A clock that stepped back: what was missing then comes in from now on. */
    if (now_ns < bucket->filled_ns)
        bucket->filled_ns = now_ns;
    uint64_t elapsed = now_ns - bucket->filled_ns;
    /* Long enough for all that is missing is asked first: the product below cannot overflow then.
     */
    uint64_t whole_ns = (missing * SECOND_NS + rule->rate - 1) / rule->rate;
    if (elapsed >= whole_ns) {
        *bucket = bucket_new(rule, now_ns);
        return;
    }
    uint64_t tokens = elapsed * rule->rate / SECOND_NS;
    bucket->tokens += tokens;
    bucket->filled_ns += tokens * SECOND_NS / rule->rate; /* a part of a token is not lost */
}

int bucket_is_full(const struct bucket *bucket, const struct bucket_rule *rule, uint64_t now_ns)
{
    struct bucket then = *bucket;
    bucket_fill(&then, rule, now_ns);
    return then.tokens == rule->size;
}
