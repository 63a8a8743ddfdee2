/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/growth_point.h"

#include "bench/bout.h"
#include "bench/follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT_WARMUP_PART 10u /* of the requests, before them */

/* ---- loads --------------------------------------------------------------------------------- */

static int run_rounds(const struct growth_point *point, const struct growth_scene *scene,
                      struct bout_tally *tally, struct error *error)
{
    char echo_path[96];
    struct bout bout = {
        .title = point->title,
        .name = "vsecmd",
        .layout = point->layout,
        .pod = scene->stage->pod,
        .work = point->work,
        .echo = point->work,
        .door = scene->daemon.socket,
        .server = scene->daemon.pid,
        .request = HTTP_GET_SECRET,
        .request_length = strlen(HTTP_GET_SECRET),
        .reply = scene->reply,
        .reply_length = scene->reply_length,
        .pods = scene->pods,
        .connections = scene->connections,
        /* Each connection is used before it is timed. */
        .warmup = point->requests / POINT_WARMUP_PART + scene->connections,
        .requests = point->requests,
        .echo_path = echo_path,
    };
    int r = 0;

    snprintf(echo_path, sizeof(echo_path), "%s/echo.sock", scene->daemon.dir);
    for (unsigned round = 0; round < point->rounds && r == 0; round++)
        r = bout_round(scene->stage, &bout, tally, error);
    return r;
}

static void take_tally(struct bout_tally *tally, struct curve_point *ret)
{
    struct ratio ratio[METRICS];

    bout_ratios(tally, ratio);
    ret->p50 = ratio[METRIC_P50];
    ret->p99 = ratio[METRIC_P99];
    ret->p50_ns = (double)hist_percentile(&tally->other.latency, 0.50);
    ret->p99_ns = (double)hist_percentile(&tally->other.latency, 0.99);
    ret->echo_p50_ns = (double)hist_percentile(&tally->echo.latency, 0.50);
    ret->requests_per_second = results_rate(&tally->other);
    ret->rss_kib = tally->rss_kib;
}

int growth_point_load(const struct growth_point *point, const struct growth_scene *scene,
                      struct curve_point *ret, struct error *error)
{
    struct bout_tally *tally = calloc(1, sizeof(*tally));

    if (!tally)
        return error_errno(error, -ENOMEM, "%s", point->title);
    int r = run_rounds(point, scene, tally, error);
    if (r == 0)
        take_tally(tally, ret);
    free(tally);
    return r;
}

/* ---- watchers ------------------------------------------------------------------------------ */

static void take_follow(const struct follow_cell *cell, struct curve_point *ret)
{
    const struct follow_side *vsecmd = &cell->vsecmd;

    ret->p50_ns = (double)hist_percentile(&vsecmd->after_send, 0.50);
    ret->p99_ns = (double)hist_percentile(&vsecmd->after_send, 0.99);
    ret->echo_p50_ns = (double)hist_percentile(&cell->raw.after_send, 0.50);
    ret->p50 = cell->sent_p50;
    ret->p99 = cell->sent_p99;
    ret->requests_per_second = (double)vsecmd->changes * 1e9 / (double)vsecmd->elapsed_ns;
    ret->rss_kib = vsecmd->rss_kib;
}

int growth_point_watch(const struct growth_point *point, const struct stage *stage,
                       unsigned watchers, struct curve_point *ret, struct error *error)
{
    struct stage of_point = *stage;
    struct follow *follow = calloc(1, sizeof(*follow));

    if (!follow)
        return error_errno(error, -ENOMEM, "%s", point->title);
    of_point.rounds = point->rounds;
    int r = follow_run_watchers(&of_point, watchers, follow, error);
    if (r == 0)
        take_follow(&follow->cell[0], ret);
    free(follow);
    return r;
}
