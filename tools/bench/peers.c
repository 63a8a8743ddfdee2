/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peers.h"

#include "base/clock.h"
#include "bench/bout.h"
#include "bench/child.h"
#include "bench/family.h"
#include "bench/peer_version.h"
#include "bench/progress.h"
#include "bench/scratch.h"
#include "bench/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEERS_READY_MS 30000u
#define PEERS_POLL_US 2000u
#define PEERS_GRACE_MS 5000u

const struct peer *const peers_table[] = {&peer_vsecmd,  &peer_file, &peer_redis, &peer_memcached,
                                          &peer_nginx,   &peer_etcd, &peer_spire, &peer_openbao,
                                          &peer_echo_go, NULL};

static int find_version(const struct peer_server *server, char *ret, size_t size,
                        struct error *error)
{
    const struct peer *peer = server->peer;

    return peer->tell_version ? peer->tell_version(server, ret, size, error)
                              : peer_version_ask(peer->program, peer->version, ret, size, error);
}

static int wait_ready(struct peer_server *server, struct error *error)
{
    uint64_t until = clock_mono_ns() + PEERS_READY_MS * 1000000ull;
    int r;

    while ((r = server->peer->ready(server, error)) == -EAGAIN) {
        if (stop_wanted())
            return error_set(error, -EINTR, "stopped");
        if (peer_ended(server, error))
            return -ECHILD;
        if (clock_mono_ns() > until) {
            error_set(error, 0, "not ready after %u ms", PEERS_READY_MS);
            scratch_add_log(server->dir, server->peer->id, error);
            return -ETIMEDOUT;
        }
        usleep(PEERS_POLL_US);
    }
    return r;
}

/* Its private directory, its value, and where it may listen. */
static int set_up(struct peer_server *server, struct error *error)
{
    int r = state_make(false, server->dir, error);

    if (r)
        return r;
    snprintf(server->path, sizeof(server->path), "%s/socket", server->dir);
    probe_make_value(server->value, PEER_VALUE, PEER_VALUE);
    server->port = peer_free_port();
    return server->port ? 0 : error_set(error, -EADDRINUSE, "no port of 127.0.0.1 is free");
}

static void shut_down(struct peer_server *server)
{
    if (server->peer->stop)
        server->peer->stop(server);
    free(server->own);
    server->own = NULL;
    while (server->processes > 0)
        child_stop(server->process[--server->processes], PEERS_GRACE_MS);
    scratch_remove(server->dir);
}

static long sum_rss_kib(const struct peer_server *server)
{
    long sum = 0;

    for (size_t i = 0; i < server->processes; i++) {
        long kib = family_rss_kib(server->process[i]);
        sum += kib > 0 ? kib : 0;
    }
    return sum;
}

/* ---- a peer over all rounds --------------------------------------------------------------- */

struct contest {
    const struct peer *peer;
    char version[64];
    struct error missing;        /* why it is left out; empty: it is not */
    long rss_kib[PEER_ROWS_MAX]; /* after a round of it, the most of all rounds */
    struct bout_tally tally[PEER_ROWS_MAX][LAYOUTS];
};

static int run_row(struct peer_server *server, size_t i, struct contest *contest,
                   struct error *error)
{
    const struct peer_row *row = &server->peer->rows[i];
    char reply[PEER_REPLY_MAX], echo_path[PEER_PATH], door[PEER_PATH];
    struct load *load = server->stage->load;
    size_t length = 0;

    memset(load, 0, sizeof(*load));
    snprintf(load->path, sizeof(load->path), "%s", server->path);
    load->server = server->processes ? server->process[server->processes - 1] : 0;
    int r = server->peer->prepare(server, row, load, reply, &length, error);
    if (r)
        return r;
    if (!memmem(reply, length, server->value, PEER_VALUE))
        return error_set(error, -EBADMSG, "%s: the reply does not hold the value", row->title);
    snprintf(echo_path, sizeof(echo_path), "%s/echo", server->dir);
    snprintf(door, sizeof(door), "%s", load->path);
    struct bout bout = {
        .title = row->title,
        .name = server->peer->id,
        .pod = server->stage->pod,
        .work = row->work,
        .echo = row->echo,
        .door = door,
        .server = load->server,
        .request = load->request,
        .request_length = load->request_length,
        .reply = reply,
        .reply_length = length,
        .success = load->success,
        .context = load->context,
        .connections = row->connections,
        .warmup = stage_requests(server->stage, row->warmup),
        .requests = stage_requests(server->stage, row->requests),
        .echo_path = echo_path,
    };
    r = bout_layouts(server->stage, &bout, contest->tally[i], error);
    long rss_kib = sum_rss_kib(server);
    if (rss_kib > contest->rss_kib[i])
        contest->rss_kib[i] = rss_kib;
    return r;
}

static int run_started(struct peer_server *server, struct contest *contest, struct error *error)
{
    progress_show("starting %s", server->peer->id);
    int r = server->peer->start(server, error);

    if (r == 0)
        r = wait_ready(server, error);
    for (size_t i = 0; i < server->peer->row_count && r == 0; i++)
        r = run_row(server, i, contest, error);
    if (r && r != -EINTR)
        peer_ended(server, error);
    return r;
}

/* A round of it, with processes of its own. What ours fails at, and a stop, end the run. */
static int run_round(const struct stage *stage, struct contest *contest, struct error *error)
{
    const struct peer *peer = contest->peer;
    struct peer_server server = {.stage = stage, .peer = peer};
    struct error why = {{0}};
    int r = set_up(&server, error);

    if (r == 0) {
        if (!contest->version[0])
            r = find_version(&server, contest->version, sizeof(contest->version), &why);
        if (r == 0)
            r = run_started(&server, contest, &why);
        if (r == -EINTR || (r && peer->is_ours)) {
            error_set(error, r, "%s: %s", peer->id, why.text);
        } else if (r) {
            contest->missing = why;
            r = 0;
        }
    }
    shut_down(&server);
    return r;
}

/* ---- all of them -------------------------------------------------------------------------- */

static void describe(struct peer_cell *cell, const struct contest *contest, size_t i)
{
    const struct peer_row *row = &contest->peer->rows[i];
    const char *config = contest->peer->config;

    memset(cell, 0, sizeof(*cell)); /* large: no initializer on the stack */
    cell->value_bytes = PEER_VALUE;
    cell->connections = row->connections;
    snprintf(cell->id, sizeof(cell->id), "%s", row->id);
    snprintf(cell->title, sizeof(cell->title), "%s", row->title);
    snprintf(cell->version, sizeof(cell->version), "%s", contest->version);
    snprintf(cell->config, sizeof(cell->config), "%s", config ? config : "");
    snprintf(cell->limits, sizeof(cell->limits), "%s", row->limits);
}

/* The next cell, or NULL with ERROR filled when there is none left. */
static struct peer_cell *add_cell(struct peers *peers, struct error *error)
{
    if (peers->cells < RESULTS_PEER_CELLS_MAX)
        return &peers->cell[peers->cells++];
    error_set(error, -E2BIG, "more than %u rows of peers", RESULTS_PEER_CELLS_MAX);
    return NULL;
}

static int take_row(struct contest *contest, size_t i, enum layout layout, struct peers *peers,
                    struct error *error)
{
    struct bout_tally *tally = &contest->tally[i][layout];
    struct peer_cell *cell = add_cell(peers, error);

    if (!cell)
        return -E2BIG;
    describe(cell, contest, i);
    cell->layout = layout;
    cell->missing = contest->missing;
    if (contest->missing.text[0])
        return 0;
    cell->reply_bytes = tally->reply_bytes;
    cell->echo = tally->echo;
    cell->peer = tally->other;
    cell->rss_kib = contest->rss_kib[i];
    bout_ratios(tally, cell->ratio);
    return 0;
}

/* A peer in part would be read as the whole of it: of one that failed, only why there is none. */
static int take_contest(const struct stage *stage, struct contest *contest, struct peers *peers,
                        struct error *error)
{
    enum layout layouts = contest->missing.text[0] ? LAYOUT_SAME + 1 : stage_layouts(stage);
    int r = 0;

    for (size_t i = 0; i < contest->peer->row_count; i++)
        for (enum layout layout = LAYOUT_SAME; layout < layouts && r == 0; layout++)
            r = take_row(contest, i, layout, peers, error);
    return r;
}

/* All peers in each round, as the rows of requests are: no peer has the machine's bad minute. */
static int run_all(const struct stage *stage, struct contest *contests, struct error *error)
{
    int r = 0;

    for (unsigned round = 0; round < stage->rounds && r == 0; round++)
        for (size_t i = 0; peers_table[i] && r == 0; i++)
            if (!contests[i].missing.text[0])
                r = run_round(stage, &contests[i], error);
    return r;
}

int peers_run(const struct stage *stage, struct results *results, struct error *error)
{
    size_t count = sizeof(peers_table) / sizeof(peers_table[0]) - 1;
    struct contest *contests = calloc(count, sizeof(*contests));

    if (!contests)
        return error_errno(error, -ENOMEM, "peers");
    results->peers.cells = 0;
    for (size_t i = 0; i < count; i++)
        contests[i].peer = peers_table[i];
    int r = run_all(stage, contests, error);
    for (size_t i = 0; i < count && r == 0; i++)
        r = take_contest(stage, &contests[i], &results->peers, error);
    free(contests);
    return r;
}
