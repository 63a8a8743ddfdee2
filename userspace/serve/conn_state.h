/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of conn.c and restraint.c share; nobody else includes it. */
#ifndef VSECM_SERVE_CONN_STATE_H
#define VSECM_SERVE_CONN_STATE_H

#include "serve/conn.h"

struct http_request;
struct reply;

/* What service.h gets of CONN with REQUEST, which is NULL when nobody asked. */
struct call conn_state_call(struct conn *conn, const struct http_request *request);

/* One more reply, to be filled. NULL: out of memory. */
struct reply *conn_state_reply(struct conn *conn);

/* Whether there is room for what CALL may bring; else *reply says so. */
int conn_receive_may_bring(const struct conn *conn, struct call *call, struct reply *reply);

/* Why what was received is not looked at; status 0: it is. */
struct refusal {
    int status;
    const char *why; /* static */
};

/* As receive_bytes(); what *refusal is about has been wiped. */
ssize_t conn_receive_bytes(struct conn *conn, char *data, size_t size, struct refusal *refusal);

/*
 * Edge-triggered: a level would have the kernel look at each socket twice, which is 5 % of a small
 * request. What an edge told and was not taken is remembered in is_unread; a change of these events
 * makes the kernel look anew.
 */
#define CONN_EVENTS_READ (EPOLLIN | EPOLLRDHUP | EPOLLET)

/* It may have something to say, at the end of the turn at the latest. */
void conn_settle_later(struct conn *conn);

/* Once LIMIT_TURN_REPLIES have come together: as conn_settle_all(), of those. */
void conn_settle_some(struct server *server);

/* Nothing has happened on a watch for long: it hears that the daemon is there, and we whether it
 * is. */
void conn_follow_beat(struct conn *conn);

#endif
