/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is while a point of a curve is measured: a daemon, pods, secrets, and their reply. */
#ifndef BENCH_GROWTH_SCENE_H
#define BENCH_GROWTH_SCENE_H

#include "base/error.h"
#include "bench/stage.h"

#include <stddef.h>

struct growth_large;

struct growth_scene {
    const struct stage *stage;
    struct daemon daemon; /* runs from the first point on */
    unsigned stored;      /* secrets in it */
    struct pod *pods;     /* of growth_scene_pods(); else NULL: the stage's */
    unsigned pod_count;
    struct growth_large *large; /* of growth_scene_values() */
    size_t large_size;
    const char *reply; /* to each request */
    size_t reply_length;
    unsigned connections; /* in pods[0], pods[1], ..., or all in the stage's pod */
};

/*
 * Make the scene that of X secrets of 64 B, connections, pods with a connection each, or bytes of
 * the value. What is read has been read once and checked afterwards. X grows from call to call.
 * -errno with ERROR filled.
 */
typedef int growth_scene_set(struct growth_scene *scene, unsigned x, struct error *error);
growth_scene_set growth_scene_secrets;
growth_scene_set growth_scene_clients;
growth_scene_set growth_scene_pods;
growth_scene_set growth_scene_values;

/* Stop and remove everything. A scene that was never set is fine. */
void growth_scene_end(struct growth_scene *scene);

#endif
