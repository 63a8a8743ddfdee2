/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A piece of work done by a child process: on its own processor, in the pod's cgroup, with its
 * results in memory it shares with its parent.
 */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "base/error.h"
#include "bench/pod.h"

#include <stddef.h>

#define WORKER_ANY_CPU (-1)

/* What the child does: 0, or -errno with ERROR filled. */
typedef int worker_work(void *shared, struct error *error);

/* SIZE zeroed bytes that parent and children see alike, or NULL. Give back to worker_free(). */
void *worker_alloc(size_t size);

/* SIZE as it was for worker_alloc(). NULL is fine. */
void worker_free(void *shared, size_t size);

/*
 * Fork, move the child to CPU (or WORKER_ANY_CPU) and into POD, run WORK(SHARED) there and wait.
 * Returns what WORK did, ERROR filled likewise; -EINTR when the run is to stop.
 */
int worker_run(worker_work *work, void *shared, int cpu, const struct pod *pod,
               struct error *error);

#endif
