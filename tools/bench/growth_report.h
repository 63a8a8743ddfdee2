/* SPDX-License-Identifier: BSD-2-Clause */
/* The curves as files, as in report.h; nothing is written where none was measured. */
#ifndef BENCH_GROWTH_REPORT_H
#define BENCH_GROWTH_REPORT_H

#include "bench/results.h"

#include <stdio.h>

/* A table a curve, Markdown. */
void growth_report_text(FILE *out, const struct results *results);

/* The member "growth" of the whole object, with the comma behind it. */
void growth_report_json(FILE *out, const struct results *results);

/* A line of panels a curve, as SVG: latency, and memory where it grows. */
void growth_plot(FILE *out, const struct results *results);

/*
 * The nearest of 1, 2, 5, 10, 20, ... that is not above VALUE > 0, or not below it: where an axis
 * begins and ends.
 */
double growth_plot_mark_below(double value);
double growth_plot_mark_above(double value);

/* VALUE of UNIT as short text for people: "100k", "64 KiB" of bytes. RET is of 32 bytes. */
const char *growth_report_label(double value, const char *unit, char ret[static 32]);

#endif
