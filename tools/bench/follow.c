/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/follow.h"

#include "base/sock.h"
#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/fanout.h"
#include "bench/http.h"
#include "bench/job.h"
#include "bench/pair.h"
#include "bench/pin.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLLOW_VALUE 64u
#define FOLLOW_GRACE_MS 1000u
#define FOLLOW_CONFIG "max_connections_per_pod = 4096\n" /* the crowd is one pod's */

struct kind {
    const char *id, *title;
    job_work *work;
    unsigned followers, warmup, changes; /* the latter two in a round */
};

static const struct kind kinds[FOLLOW_KINDS] = {
    [FOLLOW_WATCH] = {FOLLOW_WATCH_ROW, "250 watches, to the last", crowd_watch, 250, 20, 200},
    [FOLLOW_PAGE] = {FOLLOW_PAGE_ROW, "a page, to each of 100 processes", crowd_page, 100, 20, 200},
};

/* What a run has at hand. */
struct run {
    const struct stage *stage;
    const struct kind *kind;
    unsigned followers;
    bool is_apart; /* only that layout */
    struct daemon daemon;
    struct crowd *crowd;    /* of the yardstick and the daemon: LOADS, shared with the jobs */
    struct page_head *page; /* the yardstick's, likewise; NULL: watches are measured */
    char *request;
};

/* ---- one measurement ----------------------------------------------------------------------- */

static int aim(struct crowd *crowd, const char *path, const char *door, pid_t server,
               struct error *error)
{
    snprintf(crowd->load.path, sizeof(crowd->load.path), "%s", path);
    crowd->load.server = server;
    crowd->door = sock_connect(door);
    return crowd->door < 0 ? error_errno(error, crowd->door, "cannot connect to %s", door) : 0;
}

static void add(const struct crowd *crowd, struct follow_side *side)
{
    hist_merge(&side->after_ack, &crowd->load.latency);
    hist_merge(&side->after_send, &crowd->after_send);
    side->changes += crowd->load.requests;
    side->elapsed_ns += crowd->load.elapsed_ns;
    if (crowd->load.rss_kib > side->rss_kib)
        side->rss_kib = crowd->load.rss_kib;
    usage_add_difference(&side->used, &(struct usage){0}, &crowd->load.used);
}

/* Have both servers tell their crowds, in turn. */
static int tell_both(struct run *run, const char *path, pid_t server, enum layout layout,
                     struct error *error)
{
    struct crowd *raw = &run->crowd[LOAD_OF_ECHO], *vsecmd = &run->crowd[LOAD_OF_OTHER];
    struct pair_side side[LOADS] = {
        [LOAD_OF_ECHO] = {"raw fan-out", run->kind->work, raw, &raw->load},
        [LOAD_OF_OTHER] = {"vsecmd", run->kind->work, vsecmd, &vsecmd->load},
    };
    int r = aim(raw, path, path, server, error);

    if (r)
        return r;
    r = aim(vsecmd, run->daemon.socket, run->daemon.admin, run->daemon.pid, error);
    if (r == 0) {
        r = pair_run(run->stage, layout, run->stage->pod, run->kind->title, side, error);
        close(vsecmd->door);
    }
    close(raw->door);
    return r;
}

/* A fresh fan-out each time, as with the echo. */
static int measure(struct run *run, struct follow_cell *cell, struct error *error)
{
    const struct crowd *raw = &run->crowd[LOAD_OF_ECHO];
    const struct fanout fanout = {.reply = run->stage->probe->reply.bytes,
                                  .reply_length = run->stage->probe->reply.length,
                                  .event = raw->event,
                                  .event_length = raw->event_length,
                                  .word = run->page ? &run->page->sequence : NULL};
    char path[96];

    snprintf(path, sizeof(path), "%s/fanout.sock", run->daemon.dir);
    pid_t server = fanout_start(path, &fanout, error);
    if (server < 0)
        return (int)server;
    int r = pin_process(server, run->stage->server_cpu);
    r = r ? error_errno(error, r, "cannot pin the fan-out")
          : tell_both(run, path, server, cell->layout, error);
    child_stop(server, FOLLOW_GRACE_MS);
    if (r)
        return r;
    add(raw, &cell->raw);
    add(&run->crowd[LOAD_OF_OTHER], &cell->vsecmd);
    return 0;
}

/* ---- rounds and layouts -------------------------------------------------------------------- */

struct figures {
    double p50, p99, sent_p50, sent_p99;
};

static struct figures figures_of(const struct crowd *crowd)
{
    return (struct figures){
        .p50 = (double)hist_percentile(&crowd->load.latency, 0.50),
        .p99 = (double)hist_percentile(&crowd->load.latency, 0.99),
        .sent_p50 = (double)hist_percentile(&crowd->after_send, 0.50),
        .sent_p99 = (double)hist_percentile(&crowd->after_send, 0.99),
    };
}

static int run_rounds(struct run *run, struct follow_cell *cell, struct error *error)
{
    double p50[SUITE_ROUNDS_MAX], p99[SUITE_ROUNDS_MAX];
    double sent_p50[SUITE_ROUNDS_MAX], sent_p99[SUITE_ROUNDS_MAX];
    unsigned rounds = run->stage->rounds;

    for (unsigned round = 0; round < rounds; round++) {
        progress_show("%s, %s: round %u of %u", run->kind->title, results_layout_name(cell->layout),
                      round + 1, rounds);
        int r = measure(run, cell, error);
        if (r)
            return r;
        struct figures raw = figures_of(&run->crowd[LOAD_OF_ECHO]);
        struct figures vsecmd = figures_of(&run->crowd[LOAD_OF_OTHER]);
        p50[round] = vsecmd.p50 / raw.p50;
        p99[round] = vsecmd.p99 / raw.p99;
        sent_p50[round] = vsecmd.sent_p50 / raw.sent_p50;
        sent_p99[round] = vsecmd.sent_p99 / raw.sent_p99;
    }
    cell->p50 = ratio_of(p50, rounds);
    cell->p99 = ratio_of(p99, rounds);
    cell->sent_p50 = ratio_of(sent_p50, rounds);
    cell->sent_p99 = ratio_of(sent_p99, rounds);
    return 0;
}

static int run_layouts(struct run *run, struct follow *follow, struct error *error)
{
    const struct stage *stage = run->stage;
    enum layout layouts = stage_layouts(stage);
    int r = 0;

    enum layout first = run->is_apart ? layouts - 1 : LAYOUT_SAME;
    for (enum layout layout = first; layout < layouts && r == 0; layout++) {
        struct follow_cell *cell = &follow->cell[follow->cells];
        cell->layout = layout;
        r = run_rounds(run, cell, error);
        follow->cells += r == 0;
    }
    return r;
}

/* ---- the row ------------------------------------------------------------------------------- */

/* What the yardstick is to send, and the page that it has. */
static int learn(struct run *run, struct error *error)
{
    const struct stage *stage = run->stage;
    struct crowd *crowd = &run->crowd[LOAD_OF_ECHO];

    snprintf(crowd->load.path, sizeof(crowd->load.path), "%s", run->daemon.socket);
    int r = job_run(crowd_learn, crowd, JOB_ANY_CPU, stage->pod, error);
    if (r == 0 && !strstr(crowd->event, run->stage->probe->value))
        r = error_set(error, -EBADMSG, "an event does not hold the value that was stored");
    if (r == 0 && run->page)
        run->page->length = FOLLOW_VALUE;
    crowd->page = run->page;
    return r;
}

/* The put whose value they follow; what answers it is in the probe. */
static int prepare(struct run *run, struct error *error)
{
    size_t length;

    probe_make_value(run->stage->probe->value, FOLLOW_VALUE, FOLLOW_VALUE);
    run->request = http_put_request(DAEMON_NAMESPACE, DAEMON_WORKLOAD, run->stage->probe->value,
                                    HTTP_NEVER, &length);
    if (!run->request)
        return error_errno(error, -ENOMEM, "put");
    int r = probe_admin(run->stage->probe, &run->daemon, run->request, length, error);
    if (r)
        return r;
    for (enum load_of of = 0; of < LOADS; of++) {
        struct load *load = &run->crowd[of].load;
        load->request = run->request;
        load->request_length = length;
        load->reply_length = run->stage->probe->reply.length;
        load->warmup = stage_requests(run->stage, run->kind->warmup);
        load->requests = stage_requests(run->stage, run->kind->changes);
        run->crowd[of].followers = run->followers;
    }
    return learn(run, error);
}

static int run_daemon(struct run *run, struct follow *follow, struct error *error)
{
    struct daemon_options options = *run->stage->daemon;

    if (run->is_apart)
        options.config = FOLLOW_CONFIG;
    int r = daemon_start(&run->daemon, &options, run->stage->pod, error);

    if (r == 0 && (r = pin_process(run->daemon.pid, run->stage->server_cpu)) != 0)
        error_errno(error, r, "cannot pin vsecmd");
    if (r == 0)
        r = prepare(run, error);
    if (r == 0)
        r = run_layouts(run, follow, error);
    if (r)
        daemon_ended(&run->daemon, error);
    daemon_stop(&run->daemon);
    return r;
}

static size_t page_bytes(void)
{
    return PAGE_VALUE_AT + FOLLOW_VALUE;
}

/* WATCHERS in layout apart; 0: as many as the row says, in both. */
static int run_kind(enum follow_kind kind, const struct stage *stage, unsigned watchers,
                    struct follow *follow, struct error *error)
{
    struct run run = {.stage = stage,
                      .kind = &kinds[kind],
                      .followers = watchers ? watchers : kinds[kind].followers,
                      .is_apart = watchers > 0};
    int r = -ENOMEM;

    if (run.followers > CROWD_MAX)
        return error_set(error, -EINVAL, "%u followers, at most %u are measured", run.followers,
                         CROWD_MAX);
    *follow = (struct follow){.id = run.kind->id,
                              .title = run.kind->title,
                              .followers = run.followers,
                              .value_bytes = FOLLOW_VALUE};
    run.crowd = job_alloc(LOADS * sizeof(*run.crowd));
    run.page = kind == FOLLOW_PAGE ? job_alloc(page_bytes()) : NULL;
    if (!run.crowd || (kind == FOLLOW_PAGE && !run.page)) {
        error_errno(error, r, "followers");
    } else {
        r = run_daemon(&run, follow, error);
        follow->event_bytes = kind == FOLLOW_WATCH ? run.crowd[LOAD_OF_ECHO].event_length : 0;
    }
    job_free(run.page, page_bytes());
    job_free(run.crowd, LOADS * sizeof(*run.crowd));
    free(run.request);
    return r;
}

int follow_run_watch(const struct stage *stage, struct results *results, struct error *error)
{
    return run_kind(FOLLOW_WATCH, stage, 0, &results->follow[FOLLOW_WATCH], error);
}

int follow_run_page(const struct stage *stage, struct results *results, struct error *error)
{
    return run_kind(FOLLOW_PAGE, stage, 0, &results->follow[FOLLOW_PAGE], error);
}

int follow_run_watchers(const struct stage *stage, unsigned watchers, struct follow *follow,
                        struct error *error)
{
    return run_kind(FOLLOW_WATCH, stage, watchers, follow, error);
}
