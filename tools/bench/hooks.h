/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about hooks: what the rest of the node pays for our programs in its kernel. */
#ifndef BENCH_HOOKS_H
#define BENCH_HOOKS_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define HOOKS_ROW "hooks"

/*
 * In each round time what others do without a daemon, with one that only attests, and with one with
 * all its guards: in turn, every other round backwards. -errno with ERROR filled.
 */
int hooks_run(const struct stage *stage, struct results *results, struct error *error);

#endif
