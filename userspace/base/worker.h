/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread that runs jobs which block (fsync, rename), so that the loop goes on meanwhile. It
 * sees no secret: descriptors and names only. Everything but the job runs in the loop's thread.
 */
#ifndef VSECM_BASE_WORKER_H
#define VSECM_BASE_WORKER_H

struct loop;
struct worker;

/* Runs in the worker's thread, on a small stack. 0 or -errno. */
typedef int worker_job(void *context);

/*
 * A thread that waits for jobs, with all signals blocked. It has made every system call of its
 * start when this returns, so that a system call filter (daemon/seccomp.c) may follow. 0 with *ret
 * owned by the caller, or -errno.
 */
int worker_new(struct loop *loop, struct worker **ret);

/*
 * Run JOB with CONTEXT, then call DONE from the loop with what it returned. One job at a time: 0,
 * or -EBUSY. DONE may give the next one.
 */
int worker_run(struct worker *worker, worker_job *job, void *context,
               void (*done)(void *context, int result), void *done_context);

/* Non-zero from worker_run() until DONE is called. */
int worker_is_busy(const struct worker *worker);

/* Waits for the job under way and calls its DONE, which may give no other. NULL is fine. */
void worker_free(struct worker *worker);

#endif
