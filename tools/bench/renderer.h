/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rendering a value by a template, again and again, by this project's engine and by Go's: each a
 * job_work on a struct renderer. Both keep what came out last, so that it can be compared.
 */
#ifndef BENCH_RENDERER_H
#define BENCH_RENDERER_H

#include "base/error.h"
#include "bench/results.h"

#include <stddef.h>
#include <stdint.h>

#define RENDERER_TEXT 4096u
#define RENDERER_WARMUP 10u /* of the timed renderings, one in so many goes before */

struct renderer {
    /* what to do */
    char value[RENDERER_TEXT], template[RENDERER_TEXT]; /* NUL-terminated */
    enum render_kind kind;
    unsigned times;
    const char *program; /* of renderer_go(): tools/bench/render_go */

    /* what came of it */
    uint64_t elapsed_ns; /* all `times` together */
    size_t length;
    char output[RENDERER_TEXT];
};

/* As the daemon does it: in an arena, which is wiped. -errno with ERROR filled. */
int renderer_ours(void *renderer, struct error *error);

/* By the program. -errno with ERROR filled. */
int renderer_go(void *renderer, struct error *error);

#endif
