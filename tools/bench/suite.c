/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/suite.h"

#include "bench/child.h"
#include "bench/echo.h"
#include "bench/follow.h"
#include "bench/job.h"
#include "bench/load.h"
#include "bench/memory.h"
#include "bench/page_read.h"
#include "bench/pin.h"
#include "bench/probe.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/render.h"
#include "bench/start.h"
#include "bench/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUICK_DIVISOR 4u /* of the requests, with --quick */
#define ECHO_GRACE_MS 1000u

enum row_kind { ROW_GET, ROW_PUT };

struct row {
    const char *id, *title;
    enum row_kind kind;
    bool on_disk; /* the daemon's log; else in memory */
    job_work *work;
    size_t value_bytes;
    unsigned connections, warmup, requests;
};

static const struct row rows[] = {
    {"get-64", "warm GET 64 B", ROW_GET, false, load_one, 64, 1, 2000, 20000},
    {"get-1k", "warm GET 1 KiB", ROW_GET, false, load_one, 1024, 1, 2000, 20000},
    {"connect", "connect + attest + GET + close", ROW_GET, false, load_connect, 64, 1, 500, 5000},
    {"clients-50", "50 clients GET 64 B", ROW_GET, false, load_many, 64, 50, 5000, 50000},
    {"put-64", "put 64 B, log in memory", ROW_PUT, false, load_one, 64, 1, 1000, 10000},
    {"put-1k", "put 1 KiB, log in memory", ROW_PUT, false, load_one, 1024, 1, 1000, 10000},
    {"put-1k-disk", "put 1 KiB, log on disk", ROW_PUT, true, load_one, 1024, 1, 50, 500},
};

/* With figures of their own. */
static const char *const own_rows[] = {MEMORY_ROW,       START_ROW,       RENDER_ROW,
                                       FOLLOW_WATCH_ROW, FOLLOW_PAGE_ROW, PAGE_READ_ROW};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What the clients of a row do: REQUEST again and again, at DOOR, from within POD or the host. */
struct traffic {
    const char *request;
    size_t length;
    const char *door;
    const struct pod *pod; /* NULL: the host */
};

/* What a run has at hand. */
struct suite {
    const struct suite_options *options;
    struct results *results;
    struct pod pod;
    struct daemon daemon;
    struct traffic traffic;
    struct load *load;   /* shared with the jobs */
    struct probe *probe; /* likewise */
};

bool suite_has_row(const char *id)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].id, id) == 0)
            return true;
    for (size_t i = 0; i < sizeof(own_rows) / sizeof(own_rows[0]); i++)
        if (strcmp(own_rows[i], id) == 0)
            return true;
    return false;
}

static bool wants(const struct suite *suite, const char *id)
{
    return !suite->options->only || strcmp(suite->options->only, id) == 0;
}

static void aim(struct load *load, const char *path, pid_t server)
{
    snprintf(load->path, sizeof(load->path), "%s", path);
    load->server = server;
}

/* Run one load against the server it is aimed at and add what came of it to SIDE. */
static int measure(struct suite *suite, const struct row *row, const struct cell *cell,
                   struct side *side, struct error *error)
{
    struct load *load = suite->load;
    const struct results *results = suite->results;
    unsigned divisor = suite->options->quick ? QUICK_DIVISOR : 1;
    int cpu = cell->layout == LAYOUT_SAME ? results->server_cpu : results->client_cpu;

    load->request = suite->traffic.request;
    load->request_length = suite->traffic.length;
    load->reply_length = cell->reply_bytes;
    load->connections = row->connections;
    load->warmup = row->warmup / divisor;
    load->requests = row->requests / divisor;
    struct error why = {{0}};
    int r = job_run(row->work, load, cpu, suite->traffic.pod, &why);
    if (r)
        return error_set(error, r, "%s, %s, %s: %s", row->title, results_layout_name(cell->layout),
                         side == &cell->echo ? "echo" : "vsecmd", why.text);
    hist_merge(&side->latency, &load->latency);
    side->requests += load->requests;
    side->elapsed_ns += load->elapsed_ns;
    usage_add_difference(&side->used, &(struct usage){0}, &load->used);
    return 0;
}

/*
 * A fresh echo each time: where a process happens to lie in memory is worth a few per cent, and
 * one lucky or unlucky yardstick would bend every ratio of the run.
 */
static int measure_echo(struct suite *suite, const struct row *row, struct cell *cell,
                        struct error *error)
{
    const struct http_reply *reply = &suite->probe->reply;
    char path[96];

    snprintf(path, sizeof(path), "%s/echo.sock", suite->daemon.dir);
    pid_t echo = echo_start(path, reply->bytes, reply->length, error);
    if (echo < 0)
        return (int)echo;
    int r = pin_process(echo, suite->results->server_cpu);
    if (r)
        error_errno(error, r, "cannot pin the echo");
    aim(suite->load, path, echo);
    if (r == 0)
        r = measure(suite, row, cell, &cell->echo, error);
    child_stop(echo, ECHO_GRACE_MS);
    return r;
}

/* The figures of the round just run, whose load is still at hand. */
static void take_figures(const struct load *load, double ret[static METRICS])
{
    ret[METRIC_P50] = (double)hist_percentile(&load->latency, 0.50);
    ret[METRIC_P99] = (double)hist_percentile(&load->latency, 0.99);
    ret[METRIC_RATE] = (double)load->requests / (double)load->elapsed_ns;
}

static int run_rounds(struct suite *suite, const struct row *row, struct cell *cell,
                      struct error *error)
{
    double ratios[METRICS][SUITE_ROUNDS_MAX];
    double echo[METRICS], vsecmd[METRICS];

    for (unsigned round = 0; round < suite->options->rounds; round++) {
        progress_show("%s, %s: round %u of %u", row->title, results_layout_name(cell->layout),
                      round + 1, suite->options->rounds);
        int r = measure_echo(suite, row, cell, error);
        if (r)
            return r;
        take_figures(suite->load, echo);
        aim(suite->load, suite->traffic.door, suite->daemon.pid);
        r = measure(suite, row, cell, &cell->vsecmd, error);
        if (r)
            return r;
        take_figures(suite->load, vsecmd);
        for (enum metric metric = 0; metric < METRICS; metric++)
            ratios[metric][round] = vsecmd[metric] / echo[metric];
    }
    for (enum metric metric = 0; metric < METRICS; metric++)
        cell->ratio[metric] = ratio_of(ratios[metric], suite->options->rounds);
    return 0;
}

static int run_layouts(struct suite *suite, const struct row *row, struct error *error)
{
    struct results *results = suite->results;
    enum layout layouts = results->server_cpu == results->client_cpu ? LAYOUT_APART : LAYOUTS;

    for (enum layout layout = LAYOUT_SAME; layout < layouts; layout++) {
        struct cell *cell = &results->cell[results->cells];
        *cell = (struct cell){
            .id = row->id,
            .title = row->title,
            .layout = layout,
            .value_bytes = row->value_bytes,
            .request_bytes = suite->traffic.length,
            .reply_bytes = suite->probe->reply.length,
            .connections = row->connections,
        };
        int r = run_rounds(suite, row, cell, error);
        if (r)
            return r;
        results->cells++;
    }
    return 0;
}

static int run_gets(struct suite *suite, const struct row *row, struct error *error)
{
    suite->traffic = (struct traffic){HTTP_GET_SECRET, strlen(HTTP_GET_SECRET),
                                      suite->daemon.socket, &suite->pod};
    return run_layouts(suite, row, error);
}

/*
 * Each put is another version of one key: versions pile up, old ones go, and the log is compacted
 * meanwhile. What was acknowledged must be what the pod reads in the end.
 */
static int run_puts(struct suite *suite, const struct row *row, struct error *error)
{
    size_t length = 0;

    probe_make_value(suite->probe->value, row->value_bytes, ~(unsigned)row->value_bytes);
    char *request = http_put_request(DAEMON_NAMESPACE, DAEMON_WORKLOAD, suite->probe->value,
                                     HTTP_NEVER, &length);
    if (!request)
        return error_errno(error, -ENOMEM, "put");
    suite->traffic = (struct traffic){request, length, suite->daemon.admin, NULL};
    int r = probe_admin(suite->probe, &suite->daemon, request, length, error);
    if (r == 0)
        r = run_layouts(suite, row, error);
    if (r == 0)
        r = probe_verify(suite->probe, &suite->daemon, &suite->pod, error);
    free(request);
    return r;
}

/* Store the row's value, see that it comes back, and run the row against an echo of its replies. */
static int run_row(struct suite *suite, const struct row *row, struct error *error)
{
    int r = probe_prepare(suite->probe, &suite->daemon, row->value_bytes, &suite->pod, error);
    if (r)
        return r;
    return row->kind == ROW_GET ? run_gets(suite, row, error) : run_puts(suite, row, error);
}

static bool wants_loads(const struct suite *suite, bool on_disk)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].on_disk == on_disk && wants(suite, rows[i].id))
            return true;
    return false;
}

/* All rows that are wanted with the log in the one place or the other. */
static int run_loads(struct suite *suite, bool on_disk, struct error *error)
{
    struct daemon_options options = suite->options->daemon;

    options.on_disk = on_disk;
    int r = daemon_start(&suite->daemon, &options, &suite->pod, error);
    if (r)
        goto stop;
    r = pin_process(suite->daemon.pid, suite->results->server_cpu);
    if (r) {
        error_errno(error, r, "cannot pin vsecmd");
        goto stop;
    }
    for (size_t i = 0; i < ROWS && r == 0; i++)
        if (rows[i].on_disk == on_disk && wants(suite, rows[i].id))
            r = run_row(suite, &rows[i], error);
    if (r)
        daemon_ended(&suite->daemon, error);
stop:
    daemon_stop(&suite->daemon);
    return r;
}

/* No target hangs on a disk, so a machine whose /tmp is none can do without. */
static int run_loads_on_disk(struct suite *suite, struct error *error)
{
    int r = state_find(true, &suite->results->no_disk);

    if (r && r != -ENOTSUP)
        return error_set(error, r, "%s", suite->results->no_disk.text);
    return r ? 0 : run_loads(suite, true, error);
}

static int run_render(struct suite *suite, struct error *error)
{
    const struct render_options options = {.program = suite->options->render_go,
                                           .rounds = suite->options->rounds,
                                           .quick = suite->options->quick,
                                           .cpu = suite->results->server_cpu};
    return render_run(&options, &suite->results->render, error);
}

static int run_followers(struct suite *suite, enum follow_kind kind, struct error *error)
{
    const struct follow_options options = {.daemon = &suite->options->daemon,
                                           .pod = &suite->pod,
                                           .rounds = suite->options->rounds,
                                           .quick = suite->options->quick,
                                           .server_cpu = suite->results->server_cpu,
                                           .client_cpu = suite->results->client_cpu};
    return follow_run(kind, &options, suite->probe, &suite->results->follow[kind], error);
}

static int run_page_read(struct suite *suite, struct error *error)
{
    const struct page_read_options options = {.daemon = &suite->options->daemon,
                                              .pod = &suite->pod,
                                              .rounds = suite->options->rounds,
                                              .quick = suite->options->quick,
                                              .cpu = suite->results->client_cpu};
    return page_read_run(&options, suite->probe, &suite->results->page_read, error);
}

static int run_all(struct suite *suite, struct error *error)
{
    struct results *results = suite->results;
    int r = pin_choose(&results->server_cpu, &results->client_cpu);

    if (r)
        return error_errno(error, r, "cannot tell which processors may be used");
    r = pod_make(&suite->pod, error);
    if (r == 0 && wants_loads(suite, false))
        r = run_loads(suite, false, error);
    if (r == 0 && wants_loads(suite, true))
        r = run_loads_on_disk(suite, error);
    if (r == 0 && wants(suite, MEMORY_ROW))
        r = memory_run(&suite->options->daemon, &suite->pod, suite->load, suite->probe,
                       &results->memory, error);
    if (r == 0 && wants(suite, START_ROW))
        r = start_run(&suite->options->daemon, &suite->pod, suite->probe, &results->start, error);
    if (r == 0 && wants(suite, RENDER_ROW))
        r = run_render(suite, error);
    if (r == 0 && wants(suite, FOLLOW_WATCH_ROW))
        r = run_followers(suite, FOLLOW_WATCH, error);
    if (r == 0 && wants(suite, FOLLOW_PAGE_ROW))
        r = run_followers(suite, FOLLOW_PAGE, error);
    if (r == 0 && wants(suite, PAGE_READ_ROW))
        r = run_page_read(suite, error);
    pod_remove(&suite->pod);
    progress_clear();
    return r;
}

int suite_run(const struct suite_options *options, struct results *results, struct error *error)
{
    struct suite *suite = calloc(1, sizeof(*suite));
    int r = -ENOMEM;

    if (!suite)
        return error_errno(error, r, "suite");
    suite->options = options;
    suite->results = results;
    suite->load = job_alloc(sizeof(*suite->load));
    suite->probe = job_alloc(sizeof(*suite->probe));
    results->rounds = options->rounds;
    results->quick = options->quick;
    results_describe_machine(results);
    if (suite->load && suite->probe)
        r = run_all(suite, error);
    else
        error_errno(error, r, "suite");
    job_free(suite->probe, sizeof(*suite->probe));
    job_free(suite->load, sizeof(*suite->load));
    free(suite);
    return r;
}
