/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about memory: a fresh daemon, many secrets, and then reads. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/load.h"
#include "bench/probe.h"
#include "bench/results.h"

#define MEMORY_ROW "memory"
#define MEMORY_SECRETS 1000u
#define MEMORY_VALUE 1024u

/* LOAD and PROBE are scratch, from job_alloc(). -errno with ERROR filled. */
int memory_run(const struct daemon_options *options, const struct pod *pod, struct load *load,
               struct probe *probe, struct memory *memory, struct error *error);

#endif
