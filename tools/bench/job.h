/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A piece of work done by a child process: on its own processor, in the pod's cgroup or not, with
 * its results in memory it shares with its parent.
 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include "base/error.h"
#include "bench/pod.h"

#include <stddef.h>
#include <sys/types.h>

#define JOB_ANY_CPU (-1)

/* What the child does: 0, or -errno with ERROR filled. */
typedef int job_work(void *shared, struct error *error);

/* SIZE zeroed bytes that parent and children see alike, or NULL. Give back to job_free(). */
void *job_alloc(size_t size);

/* SIZE as it was for job_alloc(). NULL is fine. */
void job_free(void *shared, size_t size);

/* A child at its work. */
struct job {
    pid_t pid;
    struct outcome *outcome;
};

/*
 * Fork, move the child to CPU (or JOB_ANY_CPU) and into POD (NULL: it stays where we are), run
 * WORK(SHARED) there. 0 with RET for job_wait(), or -errno with ERROR filled.
 */
int job_start(struct job *ret, job_work *work, void *shared, int cpu, const struct pod *pod,
              struct error *error);

/*
 * Wait for it to end. Returns what its work did, ERROR filled likewise; -EINTR when the run is to
 * stop. Of a job that never started: 0.
 */
int job_wait(struct job *job, struct error *error);

/* Both. */
int job_run(job_work *work, void *shared, int cpu, const struct pod *pod, struct error *error);

#endif
