/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about memory: a fresh daemon, many secrets, and then reads. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define MEMORY_ROW "memory"
#define MEMORY_SECRETS 1000u
#define MEMORY_VALUE 1024u

/* -errno with ERROR filled. */
int memory_run(const struct stage *stage, struct results *results, struct error *error);

#endif
