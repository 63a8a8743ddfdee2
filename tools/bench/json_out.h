/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a report as JSON. */
#ifndef BENCH_JSON_OUT_H
#define BENCH_JSON_OUT_H

#include "bench/results.h"

#include <stdio.h>

/* TEXT as a string with its quotes. */
void json_out_string(FILE *out, const char *text);

/* "NAME": what FIGURE came to, with each of its rounds; then END. */
void json_out_ratio(FILE *out, const char *name, const struct ratio *figure, const char *end);

#endif
