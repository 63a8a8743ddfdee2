/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about starting: a log full of secrets, and how long until they can be read again. */
#ifndef BENCH_START_H
#define BENCH_START_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define START_ROW "start"
#define START_SECRETS 10000u
#define START_VALUE 1024u

/* -errno with ERROR filled. */
int start_run(const struct stage *stage, struct results *results, struct error *error);

#endif
