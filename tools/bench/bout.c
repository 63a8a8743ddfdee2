/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/bout.h"

#include "bench/child.h"
#include "bench/echo.h"
#include "bench/pin.h"
#include "bench/progress.h"
#include "bench/ratio.h"

#include <stdio.h>

#define BOUT_GRACE_MS 1000u

static void fill_load(struct load *load, const struct bout *bout, const char *path, pid_t server,
                      struct turn *turn)
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
    load->turn = turn;
}

static int name_it(int r, const struct bout *bout, const char *name, const struct error *why,
                   struct error *error)
{
    return error_set(error, r, "%s, %s, %s: %s", bout->title, results_layout_name(bout->layout),
                     name, why->text);
}

/* Both at once, each waiting while the other has its turn. */
static int run_both(const struct stage *stage, const struct bout *bout, struct turn pair[static 2],
                    struct error *error)
{
    int cpu = bout->layout == LAYOUT_SAME ? stage->server_cpu : stage->client_cpu;
    struct job echo, other = {0};
    struct error why[LOADS] = {0};
    int r = job_start(&echo, bout->echo, &stage->load[LOAD_OF_ECHO], cpu, bout->pod, error);

    if (r == 0)
        r = job_start(&other, bout->work, &stage->load[LOAD_OF_OTHER], cpu, bout->pod, error);
    turn_close(pair);
    int of_other = job_wait(&other, &why[LOAD_OF_OTHER]);
    int of_echo = job_wait(&echo, &why[LOAD_OF_ECHO]);
    if (r)
        return r;
    if (of_other)
        return name_it(of_other, bout, bout->name, &why[LOAD_OF_OTHER], error);
    return of_echo ? name_it(of_echo, bout, "echo", &why[LOAD_OF_ECHO], error) : 0;
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
    struct turn pair[2];
    int r = turn_make(pair);

    if (r)
        return error_errno(error, r, "cannot make a pair of sockets");
    fill_load(&stage->load[LOAD_OF_ECHO], bout, bout->echo_path, echo, &pair[0]);
    fill_load(&stage->load[LOAD_OF_OTHER], bout, bout->door, bout->server, &pair[1]);
    r = run_both(stage, bout, pair, error);
    for (enum load_of of = 0; of < LOADS; of++) {
        stage->load[of].turn = NULL;
        stage->load[of].pods = NULL;
    }
    return r;
}

/*
 * A fresh echo each time: where a process happens to lie in memory is worth a few per cent, and
 * one lucky or unlucky yardstick would bend every ratio of the run.
 */
int bout_round(const struct stage *stage, const struct bout *bout, struct bout_tally *tally,
               struct error *error)
{
    pid_t echo = echo_start(bout->echo_path, bout->reply, bout->reply_length, error);

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
