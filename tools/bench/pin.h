/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processor runs what. */
#ifndef BENCH_PIN_H
#define BENCH_PIN_H

#include <sys/types.h>

/*
 * The two processors of the benchmark: the last ones this process may use, since the first ones
 * usually take the interrupts. Both are the same number where there is only one. -errno.
 */
int pin_choose(int *server_cpu, int *client_cpu);

/* Bind every thread of process PID to CPU. -errno. */
int pin_process(pid_t pid, int cpu);

#endif
