/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about templates: a value rendered here and by Go, in turn. */
#ifndef BENCH_RENDER_H
#define BENCH_RENDER_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define RENDER_ROW "render"
#define RENDER_FIELDS 20u
#define RENDER_VALUE 1024u

/*
 * Run it. Where there is no program, render.no_go says so and nothing is measured. -errno with
 * ERROR filled; -EBADMSG when the two do not give the same bytes.
 */
int render_run(const struct stage *stage, struct results *results, struct error *error);

#endif
