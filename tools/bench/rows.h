/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of requests: echo and daemon in turn, round by round, in both layouts. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#include <stddef.h>

/* Run those that are wanted. -errno with ERROR filled. */
int rows_run(const struct stage *stage, struct results *results, struct error *error);

/* The id of row I, and its title for people; NULL when there is none. */
const char *rows_id(size_t i, const char **title);

#endif
