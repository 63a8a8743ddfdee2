/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the server does so that whoever asks too much is no trouble to others: the line of those
 * that wait for their turn, connections that are not read while their peer is above a limit, 429,
 * bars. How much is too much is said by peer.h and bars.h. Part of the server; see server_state.h.
 */
#ifndef VSECM_SERVE_RESTRAINT_H
#define VSECM_SERVE_RESTRAINT_H

#include <stddef.h>

#include "base/loop.h"

struct bars;
struct conn;
struct reply;
struct server;

struct restraint {
    struct loop_timer thaw; /* due while a peer is above its rate */
    int thaws;              /* it is set */
    struct conn *held;      /* those that are not read */
    struct bars *bars;      /* NULL: the kernel bars nobody here */
};

/* 0 or -ENOMEM. The end is told what was not told yet; it may follow a beginning that failed. */
int restraint_begin(struct server *server);
void restraint_end(struct server *server);

/* ---- a connection ---------------------------------------------------------------------------- */

/*
 * Find CONN its peer. Zero: it may not be; whoever connected has been told why, as a client that
 * only sees a closed connection tries again at once.
 */
int restraint_lets_in(struct conn *conn);

/* Zero: its peer is above its rate, and REPLY says so. WHOLE: all of the request has been received.
 */
int restraint_admits(struct conn *conn, int whole, struct reply *reply);

/* Non-zero: nothing of it may be read or answered now. It will be resumed. */
int restraint_holds(struct conn *conn);

/* Bytes to receive at once. */
size_t restraint_room(const struct conn *conn);

/* Its slow reader takes bytes again: zero when its peer has had its share of that in this turn. */
int restraint_may_send(struct conn *conn);

/* What its replies hold has changed. */
void restraint_count(struct conn *conn);

/* It was refused what it asked for. */
void restraint_refused(struct conn *conn);

/* It has more to do in the next turn, or later in this one. */
void restraint_line_up(struct conn *conn);

/* It is closed. */
void restraint_forget(struct conn *conn);

/* ---- the server ------------------------------------------------------------------------------ */

/* Those that stay in line because their peer's share is used up come again in the next turn. */
void restraint_resume(struct server *server);

/* All events of the turn have been seen. */
void restraint_turn(struct server *server);

/* Some time has passed. */
void restraint_sweep(struct server *server);

/* Who is who has changed: nobody is barred for what somebody else did. */
void restraint_pardon(struct server *server);

#endif
