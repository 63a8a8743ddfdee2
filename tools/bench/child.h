/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes that never outlive the benchmark. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <sys/types.h>

/*
 * fork(). The child has default signals and is killed when its parent dies, however that comes
 * about. Returns as fork() does, or -errno.
 */
pid_t child_fork(void);

/* Wait for PID to end, killing it first when the run is to stop. Its wait status, or -errno. */
int child_wait(pid_t pid);

/* Ask PID to end by SIGTERM, kill it after GRACE_MS milliseconds, reap it. PID <= 0 is fine. */
void child_stop(pid_t pid, unsigned grace_ms);

#endif
