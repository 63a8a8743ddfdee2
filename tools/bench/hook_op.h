/* SPDX-License-Identifier: BSD-2-Clause */
/* What everybody on the node does, and our hooks are called in: each kind timed by itself. */
#ifndef BENCH_HOOK_OP_H
#define BENCH_HOOK_OP_H

#include "base/error.h"
#include "bench/results.h"

struct hook_times {
    unsigned divisor;      /* of how often each is done: 1 for all of it */
    double ns[HOOK_KINDS]; /* processor time of one: the middle of several means */
};

/* A job_work on a struct hook_times: do each kind in this process. -errno with ERROR filled. */
int hook_op_time(void *times, struct error *error);

#endif
