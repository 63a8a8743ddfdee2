/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row about noisy neighbours: a pod asks at a fixed rate, and in every other round another pod
 * floods. What is timed begins when a request was due, not when it could be sent. The daemon has
 * one processor, both pods have the other. Three programs on two processors: the pod that is timed
 * has a real-time priority there, since what it and the flood take from each other is no doing of
 * the daemon. The daemon has the first rank among ordinary ones.
 */
#ifndef BENCH_NOISY_H
#define BENCH_NOISY_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define NOISY_ROW "noisy"

/* On one processor only nothing is measured. -errno with ERROR filled. */
int noisy_run(const struct stage *stage, struct results *results, struct error *error);

#endif
