/* SPDX-License-Identifier: BSD-2-Clause */
/* A process and all that it started, and what these started: several processes are one server. */
#ifndef BENCH_FAMILY_H
#define BENCH_FAMILY_H

#include "bench/usage.h"

#include <stddef.h>
#include <sys/types.h>

#define FAMILY_MAX 64u

/* PID and its descendants, at most FAMILY_MAX, into RET; how many, or -errno. */
int family_find(pid_t pid, pid_t ret[static FAMILY_MAX]);

/* What all of them have used up to now. -errno, e.g. -ESRCH when PID is gone. */
int family_usage(pid_t pid, struct usage *usage);

/* Resident memory of all of them in KiB, what they share counted for each; or -errno. */
long family_rss_kib(pid_t pid);

#endif
