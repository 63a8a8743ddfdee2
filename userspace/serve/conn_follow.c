/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection that is told of changes. */
#include <stddef.h>

#include "identity/identity.h"
#include "serve/conn.h"
#include "serve/conn_state.h"
#include "serve/event.h"
#include "serve/push.h"
#include "serve/server_state.h"

struct conn *conn_follow_of(struct follow *follow)
{
    return (struct conn *)((char *)follow - offsetof(struct conn, follow));
}

/* Both pieces of an event, or none. Zero: out of memory. */
static size_t add_event(struct conn *conn, const struct event *event)
{
    const struct identity *identity = conn->subject.identity;
    struct reply *before = conn_state_reply(conn), *after = before ? conn_state_reply(conn) : NULL;
    if (!after)
        return 0;
    event_write(event, (struct span){identity->key, identity->key_length}, before, after);
    return before->text_length + before->part.length + after->text_length;
}

size_t conn_follow_tell(struct conn *conn)
{
    struct event event;
    if (conn->follow.kind == FOLLOW_WATCH && conn->outbox.first && conn->state == CONN_WRITE) {
        conn->is_behind = 1;
        return 0;
    }
    struct call call = conn_state_call(conn, NULL);
    enum push_result result = push_next(conn->server->service, &call, &event);
    if (result == PUSH_NOTHING || result == PUSH_LATER)
        return 0;
    size_t bytes = result == PUSH_EVENT ? add_event(conn, &event) : 0;
    if (bytes)
        conn_settle_later(conn);
    else
        conn_follow_revoke(conn);
    return bytes;
}

void conn_follow_beat(struct conn *conn)
{
    struct reply *reply = conn_state_reply(conn);
    if (!reply) {
        conn_close(conn);
        return;
    }
    event_heartbeat(reply);
    conn->has_moved = 1;
    conn_settle_later(conn);
}

void conn_follow_revoke(struct conn *conn)
{
    follow_kill_page(&conn->follow, PAGE_REVOKED);
    conn_close(conn);
}
