/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows, and how each is run: echo and daemon in turn, round by round, in both layouts. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/results.h"

#include <stdbool.h>

#define SUITE_ROUNDS_MAX 99u
#define SUITE_ROWS                                                                      \
    "get-64, get-1k, connect, clients-50, put-64, put-1k, put-1k-disk, memory, start, " \
    "render, watch-250, page-wake-100, page-read"

struct suite_options {
    struct daemon_options daemon;
    unsigned rounds;       /* 1..SUITE_ROUNDS_MAX */
    bool quick;            /* fewer requests a round */
    const char *only;      /* id of the one row to run, of SUITE_ROWS, or NULL */
    const char *render_go; /* Go's side of the row about templates */
};

/*
 * Run it all. Everything started is stopped and everything
 * made is removed on return. -errno with ERROR filled; RESULTS then holds no whole run.
 */
int suite_run(const struct suite_options *options, struct results *results, struct error *error);

/* Whether ID names a row. */
bool suite_has_row(const char *id);

#endif
