/* SPDX-License-Identifier: BSD-2-Clause */
/* All parts of a run, and the rows they are made of. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/results.h"

#include <stdbool.h>

#define SUITE_ROUNDS_MAX RESULTS_ROUNDS_MAX

struct suite_options {
    struct daemon_options daemon;
    unsigned rounds;       /* 1..SUITE_ROUNDS_MAX */
    bool quick;            /* fewer requests a round */
    const char *only;      /* id of the one row or part to run, as suite_row() has it, or NULL */
    const char *peers_dir; /* the configurations of peers */
    const char *cost;      /* what requests cost, on record */
    const char *render_go; /* Go's side of the row about templates */
};

/*
 * Run it all. Everything started is stopped and everything
 * made is removed on return. -errno with ERROR filled; RESULTS then holds no whole run.
 */
int suite_run(const struct suite_options *options, struct results *results, struct error *error);

/* The I-th id that may be asked for, and its title for people; NULL when there is none. */
const char *suite_row(size_t i, const char **title);

#endif
