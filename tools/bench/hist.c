/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/hist.h"

#include <string.h>

#define HIST_SUB (1u << HIST_SUB_BITS)

static unsigned bucket_of(uint64_t ns)
{
    if (ns >> HIST_TOP_BITS)
        return HIST_BUCKETS - 1;
    if (ns < HIST_SUB)
        return (unsigned)ns;

    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - HIST_SUB_BITS;
    return (shift << HIST_SUB_BITS) + (unsigned)(ns >> shift);
}

/* The largest value that bucket_of() puts into bucket I. */
static uint64_t bucket_end(unsigned i)
{
    if (i < HIST_SUB)
        return i;

    unsigned shift = (i >> HIST_SUB_BITS) - 1;
    uint64_t top = (i & (HIST_SUB - 1)) + HIST_SUB;
    return ((top + 1) << shift) - 1;
}

void hist_reset(struct hist *hist)
{
    memset(hist, 0, sizeof(*hist));
}

void hist_add(struct hist *hist, uint64_t ns)
{
    hist->bucket[bucket_of(ns)]++;
    hist->count++;
    if (ns > hist->max)
        hist->max = ns;
}

void hist_merge(struct hist *into, const struct hist *from)
{
    for (unsigned i = 0; i < HIST_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
    into->count += from->count;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t hist_percentile(const struct hist *hist, double p)
{
    double rank = p * (double)hist->count;
    uint64_t seen = 0;

    for (unsigned i = 0; i < HIST_BUCKETS - 1; i++) {
        seen += hist->bucket[i];
        if (seen > 0 && (double)seen >= rank)
            return bucket_end(i) < hist->max ? bucket_end(i) : hist->max;
    }
    return hist->max;
}
