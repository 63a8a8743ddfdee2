/* SPDX-License-Identifier: BSD-2-Clause */
/* One server over all rounds of a row, as JSON. */
#ifndef BENCH_JSON_SIDE_H
#define BENCH_JSON_SIDE_H

#include "bench/results.h"

#include <stdio.h>

/* "NAME": what SIDE came to, times in nanoseconds; then a comma. */
void json_side(FILE *out, const char *name, const struct side *side);

#endif
