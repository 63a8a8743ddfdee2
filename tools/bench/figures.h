/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures in a results.json: all that were taken round by round. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "base/error.h"
#include "bench/results.h"

#include <stdbool.h>
#include <stddef.h>

#define FIGURES_MAX 1024u

enum figure_good { FIGURE_LOW, FIGURE_HIGH, FIGURE_NEITHER };

struct figure {
    char name[128]; /* where it stands: "get-64 same p50" */
    enum figure_good good;
    bool is_beside;  /* a ratio to what was measured beside it, as the echo */
    unsigned rounds; /* 0: in some round it could not be told */
    double round[RESULTS_ROUNDS_MAX];
};

struct figures {
    char started[32], kernel[160], processor[128];
    bool quick;
    size_t count;
    struct figure figure[FIGURES_MAX];
};

/*
 * Read the file PATH. Large: give *ret back to free(). -EINVAL when it is no results.json, or one
 * that cannot be compared; -errno. ERROR says what is wrong.
 */
int figures_read(const char *path, struct figures **ret, struct error *error);

/* Likewise of TEXT, NUL-terminated; NAME is for errors. */
int figures_parse(const char *name, const char *text, struct figures **ret, struct error *error);

/* The one of this name, or NULL. */
const struct figure *figures_find(const struct figures *figures, const char *name);

#endif
