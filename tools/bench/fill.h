/* SPDX-License-Identifier: BSD-2-Clause */
/* A daemon with many secrets in it. */
#ifndef BENCH_FILL_H
#define BENCH_FILL_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/probe.h"

#include <stddef.h>

/*
 * Store COUNT > 0 values of VALUE_BYTES each, of the workloads w0, w1, ... w0 is the pod's own and
 * comes last: its value is in PROBE afterwards, for probe_verify(). -errno with ERROR filled.
 */
int fill_daemon(const struct daemon *daemon, unsigned count, size_t value_bytes,
                struct probe *probe, struct error *error);

/* The same from workload wFIRST on, which is the last to be stored. */
int fill_daemon_from(const struct daemon *daemon, unsigned first, unsigned count,
                     size_t value_bytes, struct probe *probe, struct error *error);

#endif
