/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions that another process retires, where the processor counts them for us. */
#ifndef BENCH_COUNTER_H
#define BENCH_COUNTER_H

#include <stdint.h>
#include <sys/types.h>

#define COUNTER_THREADS_MAX 64u

/* The counters of a process's threads, descriptors of whoever began. All zero: none. */
struct counter {
    unsigned threads;
    int fd[COUNTER_THREADS_MAX];
};

/*
 * Count, from now on, what the threads of process PID do, and those they start. -errno when that
 * cannot be had here: -ENOENT on a machine without counters, -EACCES where we may not.
 */
int counter_begin(pid_t pid, struct counter *counter);

/* Instructions since then, user and kernel; 0 of none. COUNTER is closed. */
uint64_t counter_end(struct counter *counter);

#endif
