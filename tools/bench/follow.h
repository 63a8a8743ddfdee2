/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows about followers: many are told of one change, by events or through a page; a raw fan-out
 * and the daemon in turn.
 */
#ifndef BENCH_FOLLOW_H
#define BENCH_FOLLOW_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/probe.h"
#include "bench/results.h"

#include <stdbool.h>

#define FOLLOW_WATCH_ROW "watch-250"
#define FOLLOW_PAGE_ROW "page-wake-100"

struct follow_options {
    const struct daemon_options *daemon;
    const struct pod *pod;
    unsigned rounds;
    bool quick;
    int server_cpu, client_cpu;
};

/* Run the row of KIND. PROBE is scratch, from job_alloc(). -errno with ERROR filled. */
int follow_run(enum follow_kind kind, const struct follow_options *options, struct probe *probe,
               struct follow *follow, struct error *error);

#endif
