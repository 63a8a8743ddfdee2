/* SPDX-License-Identifier: BSD-2-Clause */
/* The part about cost: nothing is measured, what is on record is shown (tests/cost). */
#ifndef BENCH_COST_H
#define BENCH_COST_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define COST_ROW "cost"

/*
 * Read STAGE->cost. A file that is not there is no failure: the report says so. -EINVAL when it is
 * no such record, ERROR filled.
 */
int cost_run(const struct stage *stage, struct results *results, struct error *error);

#endif
