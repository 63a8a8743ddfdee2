/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about templates: a value rendered here and by Go, in turn. */
#ifndef BENCH_RENDER_H
#define BENCH_RENDER_H

#include "base/error.h"
#include "bench/results.h"

#include <stdbool.h>

#define RENDER_ROW "render"
#define RENDER_FIELDS 20u
#define RENDER_VALUE 1024u

struct render_options {
    const char *program; /* Go's side: tools/bench/render_go, built */
    unsigned rounds;
    bool quick;
    int cpu; /* where both run */
};

/*
 * Run it. Where there is no program, RENDER->no_go says so and nothing is measured. -errno with
 * ERROR filled; -EBADMSG when the two do not give the same bytes.
 */
int render_run(const struct render_options *options, struct render *render, struct error *error);

#endif
