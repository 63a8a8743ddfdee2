/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log-linear histogram of latencies: each power of two is cut into 2^HIST_SUB_BITS equal
 * buckets, so a percentile is off by less than 0.1 % at any size. Flat, without pointers: it may
 * live in memory shared between processes.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS 10u
#define HIST_TOP_BITS 34u /* 17 s; what is longer counts as that long */
#define HIST_BUCKETS ((HIST_TOP_BITS - HIST_SUB_BITS + 1u) << HIST_SUB_BITS)

struct hist {
    uint64_t count;
    uint64_t max; /* the exact largest value, never rounded */
    uint64_t bucket[HIST_BUCKETS];
};

/* Empty it. */
void hist_reset(struct hist *hist);

/* Count one value, in nanoseconds. */
void hist_add(struct hist *hist, uint64_t ns);

/* Add all of FROM to INTO. */
void hist_merge(struct hist *into, const struct hist *from);

/*
 * The smallest value, in nanoseconds, that at least the fraction P (0..1) of all values do not
 * exceed, rounded up to its bucket's end but never above the maximum. 0 of an empty histogram.
 */
uint64_t hist_percentile(const struct hist *hist, double p);

#endif
