/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection: bytes in, requests out of them, replies back, in order.
 *
 * Input is received into one buffer of the server, in the arena, and used in place; only what is
 * left of an unfinished request is kept by the connection. Replies leave at the end of the turn,
 * secrets straight from the arena. A connection whose reader is too slow is not read from until its
 * replies have left.
 */
#ifndef VSECM_SERVE_CONN_H
#define VSECM_SERVE_CONN_H

#include <stdint.h>

#include "base/loop.h"
#include "serve/audit_line.h"
#include "serve/follow.h"
#include "serve/http.h"
#include "serve/input.h"
#include "serve/outbox.h"
#include "serve/receive.h"
#include "serve/service.h"
#include "serve/subject.h"

struct peer;
struct server;

enum conn_state {
    CONN_IDLE,   /* between requests */
    CONN_HEADER, /* a request has begun */
    CONN_BODY,   /* its head is complete, its body is not */
    CONN_WAIT,   /* it waits for the caller's pod to become known */
    CONN_CHANGE, /* it waits for what it changes to become durable */
    CONN_WRITE,  /* its replies wait for the reader */
    CONN_WATCH,  /* events go out whenever there are some */
    CONN_HELD,   /* it is not read, for its peer is above a limit: no time of its runs */
};

struct conn {
    struct loop_source source; /* first: a source leads back here */
    struct server *server;
    struct conn *next, *previous;             /* all connections */
    struct conn *next_ready, *previous_ready; /* its pod's, with more to do in the next turn */
    struct conn *next_unsent; /* those with something to be sent at the end of this turn */
    struct conn *next_held, *previous_held; /* those that are not read (restraint.h) */
    int is_held;
    int is_ready;
    int is_unsent;
    int is_unread;   /* the socket may hold more than was taken: no edge will tell */
    int has_hung_up; /* the other side sends no more */
    int is_leftover; /* the input may hold whole requests */
    int is_linked;   /* in the server's list and in the loop */
    enum conn_state state;
    uint64_t deadline_ms;
    uint32_t events; /* what the loop watches for */
    int closing;     /* close once the replies have left */
    int waited;      /* the wait is over: do not wait again */
    int is_waiting;  /* its next request waits for its pod to become known */
    int is_changing; /* its next request waits for its change to settle */
    struct pending pending;
    struct follow follow; /* what it is told of by itself */
    int is_behind;        /* what it follows has changed while it was still being told */
    int has_moved;        /* something was answered or sent since its state was last set */

    struct subject subject;
    struct peer *peer;
    char *audit_subject; /* audit_line_subject() of it; owned */
    size_t audit_length;
    struct audit_memo audit_memo;

    struct http_memo http_memo;
    struct input input; /* what is left of an unfinished request */
    size_t body_needed; /* head and body of the request that is being received; 0: not known */
    struct received received; /* what came with its body */
    struct outbox outbox;
    size_t queued; /* what of it counts as its peer's, since it did not leave at once */
};

/* Start a connection on FD, which it owns. NULL (FD closed) when it may not be. */
struct conn *conn_new(struct server *server, int fd, enum door door);

/* Write down anew who is behind it, for audit; its identity has changed. 0 or -ENOMEM. */
int conn_describe(struct conn *conn);

/* Something is to be read: also right after accept(), where the request usually is there already.
 */
void conn_read(struct conn *conn);

/* Send what connections have to say, then close them or set their state. Any may be gone then. */
void conn_settle_all(struct server *server);

/* The changes FIRST to LAST have settled with RESULT: go on with the request that waits for one. */
void conn_settle_change(struct conn *conn, uint64_t first, uint64_t last, int result);

/* What it follows was due: tell it. It may be gone afterwards. Bytes that are to be sent. */
size_t conn_follow_tell(struct conn *conn);

/* The connection that FOLLOW is embedded in. */
struct conn *conn_follow_of(struct follow *follow);

/* Whoever is behind it is somebody else now: as conn_close(), and its page is dead. */
void conn_follow_revoke(struct conn *conn);

/* Something has settled: try the change again that could not begin. */
void conn_retry_change(struct conn *conn);

/* Go on with what was left over, or was waiting. */
void conn_resume(struct conn *conn);

/* The time of its state is over. */
void conn_expire(struct conn *conn);

/* Non-zero when nothing is under way on it. */
int conn_is_idle(const struct conn *conn);

/* Close and release. */
void conn_close(struct conn *conn);

#endif
