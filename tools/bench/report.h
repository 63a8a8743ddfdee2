/* SPDX-License-Identifier: BSD-2-Clause */
/* The results as files. Each takes an open stream and leaves the checking of it to its caller. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/results.h"

#include <stdio.h>

/* For people: Markdown whose tables are aligned, so it reads well in a terminal too. */
void report_text(FILE *out, const struct results *results);

/* For programs: everything, unrounded, times in nanoseconds. */
void report_json(FILE *out, const struct results *results);

/* For the eye: latency over percentiles, a panel for each row and layout, as SVG. */
void plot_svg(FILE *out, const struct results *results);

#endif
