/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection has to say is sent, and then it is known what it waits for. */
#include <limits.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "limits.h"
#include "serve/conn_state.h"
#include "serve/server_state.h"
#include "serve/service.h"

/* ---- state --------------------------------------------------------------------------------- */

#define NEVER (UINT64_MAX / 2)

static uint64_t time_for(const struct conn *conn, enum conn_state state)
{
    const struct server_options *options = &conn->server->options;
    switch (state) {
    case CONN_IDLE: return conn->follow.kind == FOLLOW_PAGE ? NEVER : options->idle_ms;
    case CONN_HEADER: return options->header_ms;
    case CONN_BODY: return options->body_ms;
    case CONN_WAIT: return options->identity_wait_ms;
    case CONN_WRITE: return options->write_ms;
    case CONN_CHANGE: return NEVER; /* the disk takes the time it takes */
    case CONN_WATCH: return LIMIT_HEARTBEAT_MS;
    case CONN_HELD: return NEVER;
    }
    return 0;
}

static uint32_t events_for(enum conn_state state)
{
    if (state == CONN_WRITE)
        return EPOLLOUT | EPOLLET;
    return state == CONN_WAIT || state == CONN_CHANGE ? EPOLLET : CONN_EVENTS_READ;
}

/* RESTARTS: the time of the state begins anew even if the state is the same. */
static void enter(struct conn *conn, enum conn_state state, int restarts)
{
    struct server *server = conn->server;
    if (state != conn->state || restarts) {
        server->stats.waiting += state == CONN_WAIT;
        server->stats.waiting -= conn->state == CONN_WAIT;
        conn->state = state;
        conn->deadline_ms = server->now_ms + time_for(conn, state);
    }
    uint32_t events = events_for(state);
    if (events != conn->events && loop_modify(server->loop, &conn->source, events) == 0)
        conn->events = events;
}

static void set_state(struct conn *conn)
{
    int restarts = conn->has_moved;
    conn->has_moved = 0;
    if (conn->outbox.first)
        enter(conn, CONN_WRITE, restarts);
    else if (conn->is_waiting)
        enter(conn, CONN_WAIT, 0);
    else if (conn->is_changing)
        enter(conn, CONN_CHANGE, 0);
    else if (conn->is_held)
        enter(conn, CONN_HELD, 0);
    else if (conn->body_needed)
        enter(conn, CONN_BODY, restarts);
    else if (conn->follow.kind == FOLLOW_WATCH)
        enter(conn, CONN_WATCH, restarts);
    else if (conn->input.data)
        enter(conn, CONN_HEADER, restarts);
    else
        enter(conn, CONN_IDLE, 1);
}

/* ---- settling ------------------------------------------------------------------------------ */

void conn_settle_later(struct conn *conn)
{
    if (conn->is_unsent)
        return;
    conn->is_unsent = 1;
    conn->next_unsent = conn->server->unsent;
    conn->server->unsent = conn;
    conn->server->unsent_fresh++;
}

static void settle(struct conn *conn)
{
    struct server *server = conn->server;
    conn->is_unsent = 0;
    if (!restraint_may_send(conn)) {
        conn_settle_later(conn);
        return;
    }
    int r = outbox_send(&conn->outbox, &server->pool, conn->source.fd, &conn->has_moved);
    if (r < 0 || (r == 0 && conn->closing)) {
        conn_close(conn);
        return;
    }
    restraint_count(conn);
    if (r == OUTBOX_GIVES_WAY)
        conn_settle_later(conn);
    if (r == 0 && conn->is_behind) { /* it gets the newest there is by now */
        conn->is_behind = 0;
        follow_make_due(server->service->followers, &conn->follow);
    }
    set_state(conn);
    if (server->draining && conn_is_idle(conn))
        conn_close(conn);
    else if (conn->events == CONN_EVENTS_READ && !conn->is_held &&
             (conn->is_leftover || conn->is_unread))
        restraint_line_up(conn);
}

/* The first COUNT, in the order in which they were read, which is the reverse of the list's. */
static void settle_first(struct server *server, unsigned count)
{
    struct conn *first = NULL;
    for (; server->unsent && count; count--) {
        struct conn *conn = server->unsent;
        server->unsent = conn->next_unsent;
        conn->next_unsent = first;
        first = conn;
    }
    while (first) {
        struct conn *conn = first;
        first = conn->next_unsent;
        settle(conn);
    }
    server->unsent_fresh = 0;
}

void conn_settle_some(struct server *server)
{
    if (server->unsent_fresh >= LIMIT_TURN_REPLIES)
        settle_first(server, server->unsent_fresh);
}

void conn_settle_all(struct server *server)
{
    settle_first(server, UINT_MAX);
}
