/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When requests are due: at a fixed rate, whatever became of those before, or as soon as may be.
 * Whoever times a request from when it was due leaves out no time that it had to wait.
 */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include "bench/hist.h"

#include <stdbool.h>
#include <stdint.h>

#define PACE_FOREVER UINT64_MAX

struct pace {
    double rate; /* a second; 0: closed loop */
    uint64_t begin_ns, end_ns;
    uint64_t taken;
};

/* Begin at NOW_NS, for DURATION_NS. */
void pace_begin(struct pace *pace, double rate, uint64_t now_ns, uint64_t duration_ns);

/* When the next is due: in a closed loop at once, PACE_FOREVER when none is any more. */
uint64_t pace_next(const struct pace *pace, uint64_t now_ns);

/* Take the next if it is due; when it was is in *due_ns. */
bool pace_take(struct pace *pace, uint64_t now_ns, uint64_t *due_ns);

/* Sleep until the next is due, and take it. False: there is none any more, or the end has come. */
bool pace_wait(struct pace *pace, uint64_t *due_ns);

/* How many are due in all; 0 in a closed loop. */
uint64_t pace_all(const struct pace *pace);

/*
 * At the end: what was due and never taken has waited until NOW_NS at least, and counts as that
 * long in LATENCY, WEIGHT times each. How many they were.
 */
uint64_t pace_give_up(struct pace *pace, uint64_t now_ns, unsigned weight, struct hist *latency);

/* Sleep until NS of the monotonic clock; to the microsecond, for nobody's comfort is at stake. */
void pace_sleep(uint64_t ns);

#endif
