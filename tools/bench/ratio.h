/* SPDX-License-Identifier: BSD-2-Clause */
/* Ratios of single rounds, and what they come to. */
#ifndef BENCH_RATIO_H
#define BENCH_RATIO_H

#include "bench/results.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the N values, 1..RESULTS_ROUNDS_MAX, come to; they are left sorted. The interval is that of
 * the sign test, from the ranks of the values alone; of less than 6 values it is the extremes.
 */
struct ratio ratio_of(double *values, unsigned n);

/* What is written in front of a ratio that its rounds do not tell to RATIO_TOLD. */
#define RATIO_UNTOLD "~"
#define RATIO_TOLD 0.15

/* Whether its interval lies within PART of its middle, 0.15 for 15 %. */
bool ratio_is_told(const struct ratio *ratio, double part);

/* RATIO_UNTOLD or "". */
const char *ratio_mark(const struct ratio *ratio);

#define RATIO_TEXT 64u

/* "1.02 (1.00..1.05)" with its mark and DIGITS behind each point. Returns RET. */
const char *ratio_text(const struct ratio *ratio, int digits, char ret[static RATIO_TEXT]);

/* The middle of N > 0 values, which are left sorted. */
double ratio_median(double *values, size_t n);

/* How many times as large one lot of values is as another. */
struct ratio_change {
    double factor;    /* the middle of all quotients of two (Hodges, Lehmann) */
    bool is_known;    /* the interval is one: there were enough values */
    double low, high; /* 95 in 100 such intervals hold the factor (Mann, Whitney: ranks alone) */
};

/*
 * Of N values before and M after, all of them > 0, N and M > 0. 4 of each are enough. -ENOMEM.
 */
int ratio_compare(const double *before, size_t n, const double *after, size_t m,
                  struct ratio_change *ret);

/*
 * How many of N * M quotients, sorted, are cut off at either end, so that with 95 % the factor is
 * in between; 0: there are too few. Exact, but for many, where a normal distribution is as good.
 */
size_t ratio_cut(size_t n, size_t m);

#endif
