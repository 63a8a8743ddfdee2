/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How latency and memory grow: with secrets, clients, pods, the size of a value, watchers. Each
 * point of a curve is the daemon and its yardstick in turn, as in the rows.
 */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#include <stddef.h>

#define GROWTH_ROW "growth"

/* Run all curves, or the one whose row STAGE->only is. -errno with ERROR filled. */
int growth_run(const struct stage *stage, struct results *results, struct error *error);

/* The row of curve I, "growth-secrets", and its title; NULL behind the last. */
const char *growth_row(size_t i, const char **title);

/* Of a run of ROUNDS > 0, those of each point: a third, at least one, for there are many points. */
unsigned growth_rounds(unsigned rounds);

/*
 * Requests of one measurement: MOST where replies of BYTES are short, fewer where they are long, so
 * that no point takes much longer than another; but enough for a p99.
 */
unsigned growth_requests(unsigned most, size_t bytes);

#endif
