/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about starting: a log full of secrets, and how long until they can be read again. */
#ifndef BENCH_START_H
#define BENCH_START_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/probe.h"
#include "bench/results.h"

#define START_ROW "start"
#define START_SECRETS 10000u
#define START_VALUE 1024u

/* PROBE is scratch, from job_alloc(). -errno with ERROR filled. */
int start_run(const struct daemon_options *options, const struct pod *pod, struct probe *probe,
              struct start *start, struct error *error);

#endif
