/* SPDX-License-Identifier: BSD-2-Clause */
/* Two loads at once, the yardstick's and the one beside it, of which one asks at a time. */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "base/error.h"
#include "bench/job.h"
#include "bench/load.h"
#include "bench/stage.h"

struct pair_side {
    const char *name; /* for people */
    job_work *work;
    void *shared;      /* what it works on, from job_alloc() */
    struct load *load; /* within that: its turn is set here */
};

/*
 * Run both where LAYOUT says and in POD (NULL: the host). -errno with ERROR filled, TITLE in front
 * of it.
 */
int pair_run(const struct stage *stage, enum layout layout, const struct pod *pod,
             const char *title, struct pair_side side[static LOADS], struct error *error);

#endif
