/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/bout.h"

#include "bench/child.h"
#include "bench/echo.h"
#include "bench/pair.h"
#include "bench/pin.h"
#include "bench/progress.h"
#include "bench/ratio.h"

#include <stdio.h>

#define BOUT_GRACE_MS 1000u

static void fill_load(struct load *load, const struct bout *bout, const char *path, pid_t server)
{
    snprintf(load->path, sizeof(load->path), "%s", path);
    load->server = server;
    load->request = bout->request;
    load->request_length = bout->request_length;
    load->reply_length = bout->reply_length;
    load->success = bout->success;
    load->context = bout->context;
    load->pods = bout->pods;
    load->connections = bout->connections;
    load->warmup = bout->warmup;
    load->requests = bout->requests;
}

static void add(const struct load *load, struct side *side)
{
    hist_merge(&side->latency, &load->latency);
    side->requests += load->requests;
    side->elapsed_ns += load->elapsed_ns;
    usage_add_difference(&side->used, &(struct usage){0}, &load->used);
}

static double figure(const struct load *load, enum metric metric)
{
    switch (metric) {
    case METRIC_P50: return (double)hist_percentile(&load->latency, 0.50);
    case METRIC_P99: return (double)hist_percentile(&load->latency, 0.99);
    default: return (double)load->requests / (double)load->elapsed_ns;
    }
}

static void add_round(const struct load load[static LOADS], struct bout_tally *tally)
{
    add(&load[LOAD_OF_ECHO], &tally->echo);
    add(&load[LOAD_OF_OTHER], &tally->other);
    if (load[LOAD_OF_OTHER].rss_kib > tally->rss_kib)
        tally->rss_kib = load[LOAD_OF_OTHER].rss_kib;
    for (enum metric metric = 0; metric < METRICS; metric++)
        tally->ratio[metric][tally->rounds] =
            figure(&load[LOAD_OF_OTHER], metric) / figure(&load[LOAD_OF_ECHO], metric);
    tally->rounds++;
}

static int measure(const struct stage *stage, const struct bout *bout, pid_t echo,
                   struct error *error)
{
    struct load *load = stage->load;
    struct pair_side side[LOADS] = {
        [LOAD_OF_ECHO] = {"echo", bout->echo, &load[LOAD_OF_ECHO], &load[LOAD_OF_ECHO]},
        [LOAD_OF_OTHER] = {bout->name, bout->work, &load[LOAD_OF_OTHER], &load[LOAD_OF_OTHER]},
    };

    fill_load(&load[LOAD_OF_ECHO], bout, bout->echo_path, echo);
    fill_load(&load[LOAD_OF_OTHER], bout, bout->door, bout->server);
    int r = pair_run(stage, bout->layout, bout->pod, bout->title, side, error);
    for (enum load_of of = 0; of < LOADS; of++)
        load[of].pods = NULL;
    return r;
}

/*
 * A fresh echo each time: where a process happens to lie in memory is worth a few per cent, and
 * one lucky or unlucky yardstick would bend every ratio of the run.
 */
int bout_round(const struct stage *stage, const struct bout *bout, struct bout_tally *tally,
               struct error *error)
{
    pid_t echo =
        echo_start(bout->echo_path, bout->echo_log_in, bout->reply, bout->reply_length, error);

    if (echo < 0)
        return (int)echo;
    int r = pin_process(echo, stage->server_cpu);
    r = r ? error_errno(error, r, "cannot pin the echo") : measure(stage, bout, echo, error);
    child_stop(echo, BOUT_GRACE_MS);
    if (r == 0)
        add_round(stage->load, tally);
    tally->request_bytes = bout->request_length;
    tally->reply_bytes = bout->reply_length;
    return r;
}

int bout_layouts(const struct stage *stage, struct bout *bout,
                 struct bout_tally tally[static LAYOUTS], struct error *error)
{
    int r = 0;

    for (enum layout layout = LAYOUT_SAME; layout < stage_layouts(stage) && r == 0; layout++) {
        progress_show("round %u of %u: %s, %s", tally[layout].rounds + 1, stage->rounds,
                      bout->title, results_layout_name(layout));
        bout->layout = layout;
        r = bout_round(stage, bout, &tally[layout], error);
    }
    return r;
}

void bout_ratios(struct bout_tally *tally, struct ratio ret[static METRICS])
{
    for (enum metric metric = 0; metric < METRICS; metric++)
        ret[metric] = ratio_of(tally->ratio[metric], tally->rounds);
}
