/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/growth.h"

#include "bench/growth_point.h"
#include "bench/growth_scene.h"
#include "bench/progress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define GROWTH_REQUESTS_MIN 300u
#define GROWTH_BYTES (64u * 1024u * 1024u) /* of replies in one measurement */

struct plan {
    const char *row, *id, *title, *unit;
    enum layout layout;
    growth_scene_set *set; /* NULL: watchers, which are measured otherwise */
    job_work *work;
    unsigned requests; /* in a round, where replies are short */
    unsigned x[RESULTS_POINTS_MAX];
};

/*
 * What one connection waits for is clearest on one processor, without the wake of another; what
 * many ask for at once is the server's to do, on a processor of its own.
 */
static const struct plan plans[] = {
    {GROWTH_ROW "-secrets",
     "secrets",
     "warm GET 64 B",
     "secrets stored",
     LAYOUT_SAME,
     growth_scene_secrets,
     load_one,
     20000,
     {10, 100, 1000, 10000, 100000}},
    {GROWTH_ROW "-clients",
     "clients",
     "GET 64 B, all at once",
     "connections",
     LAYOUT_APART,
     growth_scene_clients,
     load_many,
     40000,
     /* Not 2: it is luck whether the server falls asleep between two. */
     {1, 5, 10, 20, 50, 100, 200, 500, 1000}},
    {GROWTH_ROW "-pods",
     "pods",
     "GET 64 B, a connection each",
     "pods",
     LAYOUT_APART,
     growth_scene_pods,
     load_many,
     20000,
     {1, 10, 50, 110, 250}},
    {GROWTH_ROW "-values",
     "values",
     "warm GET",
     "bytes of value",
     LAYOUT_SAME,
     growth_scene_values,
     load_one,
     20000,
     {16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576}},
    {GROWTH_ROW "-watchers",
     "watchers",
     "put 64 B, to the last watcher",
     "watchers",
     LAYOUT_APART,
     NULL,
     NULL,
     0,
     {1, 10, 50, 100, 250, 500}},
};

#define PLANS (sizeof(plans) / sizeof(plans[0]))

unsigned growth_rounds(unsigned rounds)
{
    return (2 * rounds + 2) / 3; /* a curve has many points */
}

unsigned growth_requests(unsigned most, size_t bytes)
{
    size_t fitting = GROWTH_BYTES / (bytes ? bytes : 1);

    if (fitting >= most)
        return most;
    if (fitting >= GROWTH_REQUESTS_MIN)
        return (unsigned)fitting;
    return most < GROWTH_REQUESTS_MIN ? most : GROWTH_REQUESTS_MIN;
}

const char *growth_row(size_t i, const char **title)
{
    if (i >= PLANS)
        return NULL;
    *title = plans[i].title;
    return plans[i].row;
}

static int run_point(const struct plan *plan, struct growth_scene *scene, unsigned x,
                     struct curve *curve, struct error *error)
{
    const struct stage *stage = scene->stage;
    struct curve_point *ret = &curve->point[curve->points];
    struct growth_point point = {.title = plan->title,
                                 .layout = curve->layout,
                                 .work = plan->work,
                                 .rounds = growth_rounds(stage->rounds)};

    progress_show("%s: %u %s", plan->row, x, plan->unit);
    int r;
    if (plan->set) {
        r = plan->set(scene, x, error);
        point.requests =
            stage_requests(stage, growth_requests(plan->requests, scene->reply_length));
        if (r == 0)
            r = growth_point_load(&point, scene, ret, error);
    } else {
        r = growth_point_watch(&point, stage, x, ret, error);
    }
    if (r) {
        struct error why = *error;
        return error_set(error, r, "%s, %u %s: %.800s", plan->row, x, plan->unit, why.text);
    }
    ret->x = x;
    curve->points++;
    return 0;
}

static int run_curve(const struct plan *plan, const struct stage *stage, struct curve *curve,
                     struct error *error)
{
    struct growth_scene scene = {.stage = stage};
    bool is_one = stage->server_cpu == stage->client_cpu;
    int r = 0;

    *curve = (struct curve){.layout = is_one ? LAYOUT_SAME : plan->layout};
    snprintf(curve->id, sizeof(curve->id), "%s", plan->id);
    snprintf(curve->title, sizeof(curve->title), "%s", plan->title);
    snprintf(curve->unit, sizeof(curve->unit), "%s", plan->unit);
    for (size_t i = 0; i < RESULTS_POINTS_MAX && plan->x[i] && r == 0; i++)
        r = run_point(plan, &scene, plan->x[i], curve, error);
    if (r)
        daemon_ended(&scene.daemon, error);
    growth_scene_end(&scene);
    return r;
}

/* A thousand connections are more than some shells let a process have. */
static int raise_descriptors(struct error *error)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 2 * LOAD_CONNECTIONS_MAX) {
        if (limit.rlim_max < 2 * LOAD_CONNECTIONS_MAX)
            limit.rlim_max = 2 * LOAD_CONNECTIONS_MAX;
        limit.rlim_cur = 2 * LOAD_CONNECTIONS_MAX;
        if (setrlimit(RLIMIT_NOFILE, &limit))
            return error_errno(error, -errno, "cannot open %u descriptors",
                               2 * LOAD_CONNECTIONS_MAX);
    }
    return 0;
}

int growth_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct growth *growth = &results->growth;
    int r = raise_descriptors(error);

    for (size_t i = 0; i < PLANS && r == 0; i++) {
        if (stage->only && strcmp(stage->only, plans[i].row) != 0)
            continue;
        r = run_curve(&plans[i], stage, &growth->curve[growth->curves], error);
        growth->curves += r == 0;
    }
    return r;
}
