/* SPDX-License-Identifier: BSD-2-Clause */
/* Ratios of single rounds, and what they come to. */
#ifndef BENCH_RATIO_H
#define BENCH_RATIO_H

#include "bench/results.h"

/* Median, least and greatest of the N > 0 values, which are left sorted. */
struct ratio ratio_of(double *values, unsigned n);

#endif
