/* SPDX-License-Identifier: BSD-2-Clause */
/* A pod that floods the daemon as fast as it can, in a process of its own. */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include "base/error.h"
#include "bench/pod.h"
#include "bench/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FLOOD_CONNECTIONS_MAX 64u

/* In memory of job_alloc(). */
struct flood {
    /* what to do */
    enum flood_kind kind;
    char path[108]; /* the daemon's socket */

    /* what came of it so far, written by the process that floods */
    uint64_t count; /* replies; connections where there are none; requests where none is read */
};

/* Start to flood on CPU, in POD. The process, to be given to flood_stop(); -errno, ERROR filled. */
pid_t flood_start(struct flood *flood, int cpu, const struct pod *pod, struct error *error);

/* PID <= 0 is fine. */
void flood_stop(pid_t pid);

/* COUNT, as it is now. */
uint64_t flood_count(const struct flood *flood);

/* Whether the pod's own secret must be a largest one for this kind. */
bool flood_needs_large(enum flood_kind kind);

/* How many replies begin in LENGTH bytes at DATA; *matched (0 at first) bridges two calls. */
unsigned flood_replies(unsigned *matched, const char *data, size_t length);

#endif
