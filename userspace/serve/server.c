/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/server.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/arena.h"
#include "kernel/attest.h"
#include "kernel/sender.h"
#include "limits.h"
#include "serve/bars.h"
#include "serve/conn.h"
#include "serve/follow.h"
#include "serve/outbox.h"
#include "serve/peer.h"
#include "serve/server_state.h"
#include "serve/service.h"
#include "serve/who.h"
#include "store/change.h"

#define SWEEP_MS 250 /* how late a time-out may be noticed */

/* ---- accepting ----------------------------------------------------------------------------- */

/* One a turn: the loop comes back while more wait, and no system call is spent on asking. */
static void on_connection(struct loop_source *source, uint32_t events)
{
    (void)events;
    struct listener *listener = (struct listener *)source;
    struct server *server = listener->server;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        /* Out of memory or descriptors: the queue keeps them until the sweep asks again. */
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            loop_modify(server->loop, source, 0);
        return;
    }
    server->stats.accepted++;
    unsigned reserve = listener->door == DOOR_PUBLIC ? LIMIT_CONNECTIONS_RESERVE : 0;
    if (server->stats.connections + reserve >= server->options.max_connections) {
        server->stats.over_limit++;
        close(fd);
        return;
    }
    struct conn *conn = conn_new(server, fd, listener->door);
    if (conn)
        conn_read(conn);
}

int server_listen(struct server *server, enum door door, int fd)
{
    struct listener *listener = &server->listeners[door];
    listener->source = (struct loop_source){.fd = fd, .ready = on_connection};
    listener->server = server;
    listener->door = door;
    int r = attest_watch(server->attest, fd);
    if (r == 0 && server->options.checks_sender)
        r = sender_watch(fd);
    return r < 0 ? r : loop_add(server->loop, &listener->source, EPOLLIN);
}

static void close_listeners(struct server *server)
{
    for (size_t i = 0; i < 2; i++) {
        struct loop_source *source = &server->listeners[i].source;
        if (source->fd < 0)
            continue;
        loop_remove(server->loop, source);
        close(source->fd);
        source->fd = -1;
    }
}

/* ---- turns and times ----------------------------------------------------------------------- */

/*
 * After the answers of the turn, so that whoever changed something does not wait for all who follow
 * it; and not all at once, so that neither do others.
 */
static void tell_followers(struct server *server)
{
    struct follow_book *followers = server->service->followers;
    struct follow *follow;
    size_t bytes = 0;
    for (unsigned i = 0; i < LIMIT_TURN_EVENTS && bytes < LIMIT_TURN_EVENT_BYTES; i++) {
        if (!(follow = follow_next_due(followers)))
            break;
        bytes += conn_follow_tell(conn_follow_of(follow));
    }
    if (server->unsent)
        conn_settle_all(server);
}

static void resume_waiting(struct server *server)
{
    server->looks_again = 0;
    for (struct conn *conn = server->conns, *next; conn; conn = next) {
        next = conn->next;
        if (conn->state == CONN_WAIT)
            conn_resume(conn);
    }
}

void server_look_again(struct server *server)
{
    server->looks_again = server->stats.waiting > 0;
}

static int on_turn(void *context)
{
    struct server *server = context;
    if (server->looks_again)
        resume_waiting(server);
    restraint_turn(server);
    change_flush(server->service->store);
    conn_settle_all(server);
    if (server->lines.first) {
        restraint_resume(server);
        change_flush(server->service->store);
        conn_settle_all(server);
    }
    const struct follow_book *followers = server->service->followers;
    if (follow_has_due(followers))
        tell_followers(server);
    service_end_turn(server->service);
    return server->lines.first != NULL || server->unsent != NULL || follow_has_due(followers);
}

/* Whoever waits to begin comes last: what it begins may replace what the others came to fetch. */
void server_settled(void *context, uint64_t first, uint64_t last, int result)
{
    struct server *server = context;
    for (struct conn *conn = server->conns; conn; conn = conn->next)
        conn_settle_change(conn, first, last, result);
    for (struct conn *conn = server->conns; conn; conn = conn->next)
        conn_retry_change(conn);
}

static void end_drain(struct server *server)
{
    if (server->draining && (!server->conns || server->now_ms >= server->drain_by_ms))
        loop_stop(server->loop);
}

/* At most COUNT of those that are over. */
static void close_remains(struct server *server, unsigned count)
{
    void *peer;
    while (count-- && remains_close(&server->remains, &peer)) {
        server->stats.connections--;
        if (peer)
            peer_leave(server->peers, peer);
    }
}

static void on_sweep(struct loop_timer *timer)
{
    struct server *server = (struct server *)((char *)timer - offsetof(struct server, sweep));
    server->now_ms = clock_mono_ms();
    for (struct conn *conn = server->conns, *next; conn; conn = next) {
        next = conn->next;
        if (conn->deadline_ms <= server->now_ms)
            conn_expire(conn);
    }
    close_remains(server, LIMIT_CLOSES);
    for (size_t i = 0; i < 2; i++)
        if (server->listeners[i].source.fd >= 0)
            loop_modify(server->loop, &server->listeners[i].source, EPOLLIN);
    /* Whoever follows while attestation does not work is told no more; afterwards, all there is. */
    if (server->was_working != server->service->working)
        follow_all_due(server->service->followers);
    server->was_working = server->service->working;
    restraint_sweep(server);
    follow_tick(server->service->followers, service_now_us(server->service));
    loop_set_timer(server->loop, &server->sweep, SWEEP_MS);
    end_drain(server);
}

void server_drain(struct server *server)
{
    server->draining = 1;
    server->drain_by_ms = server->now_ms + server->options.drain_ms;
    close_listeners(server);
    follow_leave_pages(server->service->followers);
    for (struct conn *conn = server->conns, *next; conn; conn = next) {
        next = conn->next;
        if (conn_is_idle(conn))
            conn_close(conn);
    }
    end_drain(server);
}

/* ---- identities ---------------------------------------------------------------------------- */

void server_set_registry(struct server *server, const struct registry *registry)
{
    who_set_registry(server->who, registry);
    restraint_pardon(server);
    for (struct conn *conn = server->conns, *next; conn; conn = next) {
        next = conn->next;
        if (who_refresh(server->who, &conn->subject) || conn_describe(conn) < 0)
            conn_follow_revoke(conn);
        else if (conn->state == CONN_WAIT)
            conn_resume(conn);
    }
}

/* ---- beginning and end --------------------------------------------------------------------- */

int server_new(struct loop *loop, struct service *service, struct attest *attest,
               const struct place_roots *roots, const struct server_options *options,
               struct server **ret, struct error *error)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return error_set(error, -ENOMEM, "out of memory");
    server->loop = loop;
    server->service = service;
    server->attest = attest;
    server->options = *options;
    server->listeners[0].source.fd = -1;
    server->listeners[1].source.fd = -1;
    server->now_ms = clock_mono_ms();
    server->was_working = service->working;
    server->who = who_new(attest, roots, options->sentinel);
    server->peers = peer_new_table(options->max_connections, options->requests_per_second);
    server->scratch = arena_alloc(service->arena, SERVER_SCRATCH);
    server->sweep.fire = on_sweep;
    if (restraint_begin(server) < 0 || !server->who || !server->peers || !server->scratch) {
        server_free(server);
        return error_set(error, -ENOMEM, "out of memory");
    }
    loop_set_turn(loop, on_turn, server);
    loop_set_timer(loop, &server->sweep, SWEEP_MS);
    *ret = server;
    return 0;
}

const struct follow_book *server_followers(const struct server *server)
{
    return server->service->followers;
}

void server_read_stats(const struct server *server, struct server_stats *ret)
{
    *ret = server->stats;
    ret->barred = server->restraint.bars ? bars_count(server->restraint.bars) : 0;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    close_listeners(server);
    follow_leave_pages(server->service->followers);
    while (server->conns)
        conn_close(server->conns);
    restraint_end(server);
    close_remains(server, UINT_MAX);
    loop_cancel_timer(server->loop, &server->sweep);
    loop_set_turn(server->loop, NULL, NULL);
    arena_free(server->service->arena, server->scratch);
    peer_free_table(server->peers);
    who_free(server->who);
    outbox_free_pool(&server->pool);
    free(server);
}
