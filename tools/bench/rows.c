/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/rows.h"

#include "bench/bout.h"
#include "bench/job.h"
#include "bench/pin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What the clients of a row do: REQUEST again and again, at DOOR, from within POD or the host. */
struct traffic {
    const char *request;
    size_t length;
    const char *door;
    const struct pod *pod; /* NULL: the host */
};

/* What a run has at hand. */
struct run {
    const struct stage *stage;
    struct results *results;
    struct daemon daemon;
    struct traffic traffic;
    struct bout_tally tally[ROWS][LAYOUTS];
};

static bool wants(const struct run *run, const char *id)
{
    return !run->stage->only || strcmp(run->stage->only, id) == 0;
}

static int run_bouts(struct run *run, const struct row *row, struct error *error)
{
    const struct stage *stage = run->stage;
    const struct http_reply *reply = &stage->probe->reply;
    char echo_path[96];
    struct bout bout = {.title = row->title,
                        .name = "vsecmd",
                        .pod = run->traffic.pod,
                        .work = row->work,
                        .echo = row->work,
                        .door = run->traffic.door,
                        .server = run->daemon.pid,
                        .request = run->traffic.request,
                        .request_length = run->traffic.length,
                        .reply = reply->bytes,
                        .reply_length = reply->length,
                        .connections = row->connections,
                        .warmup = stage_requests(stage, row->warmup),
                        .requests = stage_requests(stage, row->requests),
                        .echo_path = echo_path,
                        .echo_log_in = row->on_disk ? run->daemon.state : NULL};

    snprintf(echo_path, sizeof(echo_path), "%s/echo.sock", run->daemon.dir);
    return bout_layouts(stage, &bout, run->tally[row - rows], error);
}

static int run_gets(struct run *run, const struct row *row, struct error *error)
{
    run->traffic = (struct traffic){HTTP_GET_SECRET, strlen(HTTP_GET_SECRET), run->daemon.socket,
                                    run->stage->pod};
    return run_bouts(run, row, error);
}

/*
 * Each put is another version of one key: versions pile up, old ones go, and the log is compacted
 * meanwhile. What was acknowledged must be what the pod reads in the end.
 */
static int run_puts(struct run *run, const struct row *row, struct error *error)
{
    size_t length = 0;

    probe_make_value(run->stage->probe->value, row->value_bytes, ~(unsigned)row->value_bytes);
    char *request = http_put_request(DAEMON_NAMESPACE, DAEMON_WORKLOAD, run->stage->probe->value,
                                     HTTP_NEVER, &length);
    if (!request)
        return error_errno(error, -ENOMEM, "put");
    run->traffic = (struct traffic){request, length, run->daemon.admin, NULL};
    int r = probe_admin(run->stage->probe, &run->daemon, request, length, error);
    if (r == 0)
        r = run_bouts(run, row, error);
    if (r == 0)
        r = probe_verify(run->stage->probe, &run->daemon, run->stage->pod, error);
    free(request);
    return r;
}

/* Store the row's value, see that it comes back, and run the row against an echo of its replies. */
static int run_row(struct run *run, const struct row *row, struct error *error)
{
    int r =
        probe_prepare(run->stage->probe, &run->daemon, row->value_bytes, run->stage->pod, error);
    if (r)
        return r;
    return row->kind == ROW_GET ? run_gets(run, row, error) : run_puts(run, row, error);
}

static bool wants_any(const struct run *run, bool on_disk)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].on_disk == on_disk && wants(run, rows[i].id))
            return true;
    return false;
}

/* All rows that are wanted with the log in the one place or the other. */
static int run_daemon(struct run *run, bool on_disk, struct error *error)
{
    struct daemon_options options = *run->stage->daemon;

    options.on_disk = on_disk;
    int r = daemon_start(&run->daemon, &options, run->stage->pod, error);
    if (r)
        goto stop;
    r = pin_process(run->daemon.pid, run->stage->server_cpu);
    if (r) {
        error_errno(error, r, "cannot pin vsecmd");
        goto stop;
    }
    for (size_t i = 0; i < ROWS && r == 0; i++)
        if (rows[i].on_disk == on_disk && wants(run, rows[i].id))
            r = run_row(run, &rows[i], error);
    if (r)
        daemon_ended(&run->daemon, error);
stop:
    daemon_stop(&run->daemon);
    return r;
}

/* No target hangs on a disk, so a machine whose /tmp is none can do without. */
static int run_on_disk(struct run *run, struct error *error)
{
    int r = state_find(true, &run->results->no_disk);

    if (r && r != -ENOTSUP)
        return error_set(error, r, "%s", run->results->no_disk.text);
    return r ? 0 : run_daemon(run, true, error);
}

/*
 * All rows in each round, with a daemon of its own: what a machine does for some seconds, and where
 * a process happens to lie in memory, is then no row's fate.
 */
static int run_rounds(struct run *run, struct error *error)
{
    int r = 0;

    for (unsigned round = 0; round < run->stage->rounds && r == 0; round++) {
        if (wants_any(run, false))
            r = run_daemon(run, false, error);
        if (r == 0 && wants_any(run, true))
            r = run_on_disk(run, error);
    }
    return r;
}

static void take_tally(struct run *run, size_t i, enum layout layout)
{
    struct bout_tally *tally = &run->tally[i][layout];

    if (!tally->rounds)
        return;
    struct cell *cell = &run->results->cell[run->results->cells++];
    *cell = (struct cell){
        .id = rows[i].id,
        .title = rows[i].title,
        .layout = layout,
        .value_bytes = rows[i].value_bytes,
        .request_bytes = tally->request_bytes,
        .reply_bytes = tally->reply_bytes,
        .connections = rows[i].connections,
        .echo = tally->echo,
        .vsecmd = tally->other,
    };
    bout_ratios(tally, cell->ratio);
}

const char *rows_id(size_t i, const char **title)
{
    if (i >= ROWS)
        return NULL;
    *title = rows[i].title;
    return rows[i].id;
}

int rows_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct run *run = calloc(1, sizeof(*run));

    if (!run)
        return error_errno(error, -ENOMEM, "rows");
    run->stage = stage;
    run->results = results;
    int r = run_rounds(run, error);
    for (size_t i = 0; i < ROWS && r == 0; i++)
        for (enum layout layout = LAYOUT_SAME; layout < LAYOUTS; layout++)
            take_tally(run, i, layout);
    free(run);
    return r;
}
