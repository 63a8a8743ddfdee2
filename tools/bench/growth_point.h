/* SPDX-License-Identifier: BSD-2-Clause */
/* One point of a curve: the yardstick and the daemon in turn, round by round. */
#ifndef BENCH_GROWTH_POINT_H
#define BENCH_GROWTH_POINT_H

#include "base/error.h"
#include "bench/growth_scene.h"
#include "bench/job.h"
#include "bench/results.h"

struct growth_point {
    const char *title; /* of the curve */
    enum layout layout;
    job_work *work;    /* a load */
    unsigned requests; /* in a round */
    unsigned rounds;
};

/*
 * Measure SCENE, whose daemon stands beside a fresh echo of the same reply each time, and fill in
 * all of RET but its x. -errno with ERROR filled.
 */
int growth_point_load(const struct growth_point *point, const struct growth_scene *scene,
                      struct curve_point *ret, struct error *error);

/* The same of WATCHERS that follow a secret: from the sending of a put until the last has it. */
int growth_point_watch(const struct growth_point *point, const struct stage *stage,
                       unsigned watchers, struct curve_point *ret, struct error *error);

#endif
