/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/restraint.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/writer.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "limits.h"
#include "serve/bars.h"
#include "serve/conn.h"
#include "serve/conn_state.h"
#include "serve/line.h"
#include "serve/peer.h"
#include "serve/reply.h"
#include "serve/server_state.h"
#include "serve/service.h"
#include "serve/tally.h"

#define SECOND_NS UINT64_C(1000000000)

/* ---- the line ------------------------------------------------------------------------------ */

void restraint_line_up(struct conn *conn)
{
    if (conn->is_ready)
        return;
    conn->is_ready = 1;
    line_join(&conn->server->lines, peer_line(conn->peer), conn);
}

static void leave_line(struct conn *conn)
{
    if (!conn->is_ready)
        return;
    conn->is_ready = 0;
    line_leave(&conn->server->lines, peer_line(conn->peer), conn);
}

/* Once through, as far as the pod's share goes: whoever lines up again stands behind the last. */
static void resume_line(const struct line *line, uint64_t turn)
{
    const struct conn *last = line->last, *at = NULL;
    while (line->first && at != last && peer_may_go_on(line->first->peer, turn)) {
        struct conn *conn = line->first;
        at = conn;
        leave_line(conn);
        conn_resume(conn);
    }
}

/* Once: a line that empties and fills again meanwhile is behind the others, and not met again. */
void restraint_resume(struct server *server)
{
    uint64_t turn = loop_turn(server->loop), pass = ++server->lines.passes;
    for (struct line *line = server->lines.first, *next; line && line->pass != pass; line = next) {
        next = line->next;
        line->pass = pass;
        resume_line(line, turn);
    }
}

/* ---- connections that are not read --------------------------------------------------------- */

int restraint_holds(struct conn *conn)
{
    struct restraint *restraint = &conn->server->restraint;
    if (!peer_is_stopped(conn->peer))
        return 0;
    if (conn->is_held)
        return 1;
    conn->is_held = 1;
    conn->previous_held = NULL;
    conn->next_held = restraint->held;
    if (conn->next_held)
        conn->next_held->previous_held = conn;
    restraint->held = conn;
    conn_settle_later(conn); /* its time stops */
    return 1;
}

static void let_go(struct conn *conn)
{
    if (!conn->is_held)
        return;
    conn->is_held = 0;
    if (conn->previous_held)
        conn->previous_held->next_held = conn->next_held;
    else
        conn->server->restraint.held = conn->next_held;
    if (conn->next_held)
        conn->next_held->previous_held = conn->previous_held;
}

static void let_released_go(struct server *server)
{
    for (struct conn *conn = server->restraint.held, *next; conn; conn = next) {
        next = conn->next_held;
        if (peer_is_stopped(conn->peer))
            continue;
        let_go(conn);
        restraint_line_up(conn);
    }
}

void restraint_forget(struct conn *conn)
{
    let_go(conn);
    leave_line(conn);
}

/* An administrator's body may come whole; of a pod only so much is taken as can be kept. */
size_t restraint_room(const struct conn *conn)
{
    return conn->subject.door == DOOR_ADMIN ? SERVER_SCRATCH : LIMIT_RECEIVE;
}

int restraint_may_send(struct conn *conn)
{
    return conn->state != CONN_WRITE || peer_may_send(conn->peer, loop_turn(conn->server->loop));
}

void restraint_count(struct conn *conn)
{
    if (!conn->peer || (!conn->outbox.first && !conn->queued))
        return;
    size_t before = conn->queued;
    conn->queued = outbox_memory(&conn->outbox);
    peer_queue(conn->peer, before, conn->queued);
    if (conn->queued < before)
        peer_sent(conn->peer, before - conn->queued);
}

/* ---- rates --------------------------------------------------------------------------------- */

static void tell_tally(void *context, struct span subject, uint64_t count)
{
    const struct server *server = context;
    service_record_refusals(server->service, subject, "request", "too-many-requests", count);
}

/* Whoever is above its rate is looked at again when its pause is over. */
static void wait_for_thaw(struct server *server)
{
    struct restraint *restraint = &server->restraint;
    if (restraint->thaws)
        return;
    restraint->thaws = 1;
    loop_set_timer(server->loop, &restraint->thaw,
                   (peer_pause_ns(server->peers) + 999999) / 1000000);
}

static void on_thaw(struct loop_timer *timer)
{
    struct restraint *restraint = (struct restraint *)timer; /* first in it */
    struct server *server =
        (struct server *)((char *)restraint - offsetof(struct server, restraint));
    restraint->thaws = 0;
    if (peer_tend(server->peers, clock_mono_ns(), tell_tally, server))
        wait_for_thaw(server);
}

static int is_within_rate(struct conn *conn)
{
    if (peer_take(conn->peer) || peer_refill(conn->peer, clock_mono_ns()))
        return 1;
    wait_for_thaw(conn->server);
    return 0;
}

static void refuse_rate(struct conn *conn, const char *operation, struct reply *reply)
{
    struct server *server = conn->server;
    struct call call = conn_state_call(conn, NULL);
    char why[256];
    snprintf(why, sizeof why,
             "a pod may make %llu requests a second here, each connection counting as one more: to "
             "learn of changes use /v1/watch or /v1/page instead of asking again and again",
             (unsigned long long)peer_rate(server->peers));
    reply_too_many(reply, (peer_pause_ns(server->peers) + SECOND_NS - 1) / SECOND_NS, why);
    server->stats.rate_limited++;
    server->service->refused++;
    if (tally_add(peer_tally(conn->peer), call.audit_subject, clock_mono_ms()))
        service_record(server->service, &call, operation, "deny", "too-many-requests");
}

int restraint_admits(struct conn *conn, int whole, struct reply *reply)
{
    if (is_within_rate(conn))
        return 1;
    reply->closes |= !whole; /* what is still to come of it would be taken for the next */
    refuse_rate(conn, "request", reply);
    return 0;
}

/* ---- whoever connects ---------------------------------------------------------------------- */

static void refuse_number(struct conn *conn, struct reply *reply)
{
    struct server *server = conn->server;
    struct call call = conn_state_call(conn, NULL);
    server->stats.over_limit++;
    reply_error(reply, 503, "too_many_connections", "at most %u connections at once are taken",
                server->options.max_connections_per_pod);
    service_record(server->service, &call, "connect", "deny", "too-many-connections");
}

static int turn_away(struct conn *conn)
{
    struct server *server = conn->server;
    struct reply *reply = conn_state_reply(conn);
    if (reply) {
        reply->closes = 1;
        if (conn->peer)
            refuse_rate(conn, "connect", reply);
        else
            refuse_number(conn, reply);
        outbox_send(&conn->outbox, &server->pool, conn->source.fd, &conn->has_moved);
    }
    restraint_refused(conn);
    return 0;
}

int restraint_lets_in(struct conn *conn)
{
    struct server *server = conn->server;
    int is_admin = conn->subject.door == DOOR_ADMIN;
    unsigned limit =
        is_admin ? server->options.max_connections : server->options.max_connections_per_pod;
    conn->peer = peer_join(server->peers, &conn->subject, limit, server->now_ms * 1000000);
    if (!conn->peer || !is_within_rate(conn))
        return turn_away(conn);
    if (!is_admin && peer_connections(conn->peer) > LIMIT_WIDE_SOCKETS) {
        const int bytes = LIMIT_SOCKET_BYTES;
        setsockopt(conn->source.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    }
    return 1;
}

/* ---- bars ---------------------------------------------------------------------------------- */

/* A bar there would hold for the daemon's own canary as well. */
static int is_own(const struct server *server, uint64_t domain)
{
    const struct vsecm_chain *own = attest_own_chain(server->attest);
    for (size_t i = 0; i < VSECM_CHAIN_LEVELS; i++)
        if (own->id[i] == domain)
            return 1;
    return 0;
}

/*
 * Only pods and other containers are: an administrator of the host may be in the same service or
 * session as whoever floods there, and a bar holds at the private socket, too.
 */
static uint64_t domain_of(const struct conn *conn)
{
    const struct subject *subject = &conn->subject;
    enum place_kind kind = subject->place->kind;
    if (!subject->attested || (kind != PLACE_POD && kind != PLACE_CONTAINER) ||
        is_own(conn->server, subject->domain.cgroup_id))
        return 0;
    return subject->domain.cgroup_id;
}

/* What it has open would go on: that ends as well, once its replies have left. */
static void close_all_of(struct server *server, uint64_t domain)
{
    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        if (!conn->subject.attested || conn->subject.domain.cgroup_id != domain)
            continue;
        conn->closing = 1;
        conn_settle_later(conn);
    }
}

void restraint_refused(struct conn *conn)
{
    struct server *server = conn->server;
    struct restraint *restraint = &server->restraint;
    uint64_t domain = restraint->bars ? domain_of(conn) : 0;
    uint64_t ms = domain ? bars_refused(restraint->bars, domain, server->now_ms) : 0;
    if (!ms)
        return;
    int r = guard_bar(server->attest, domain, true);
    if (r < 0) {
        bars_undo(restraint->bars, domain);
        if (r == -EOPNOTSUPP) {
            bars_free(restraint->bars);
            restraint->bars = NULL;
        }
        return;
    }
    server->stats.bars++;
    struct call call = conn_state_call(conn, NULL);
    service_record(server->service, &call, "bar", "deny", "too-many-refusals");
    close_all_of(server, domain);
    if (!server->options.barred)
        return;
    char who[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(who, sizeof who - 1);
    writer_span(&w, call.audit_subject);
    who[w.used] = '\0';
    server->options.barred(server->options.barred_context, who, ms / 1000);
}

static void lift(struct server *server, int everybody)
{
    struct bars *bars = server->restraint.bars;
    for (uint64_t domain; bars && (domain = bars_lift(bars, server->now_ms, everybody));)
        guard_bar(server->attest, domain, false);
}

void restraint_pardon(struct server *server)
{
    lift(server, 1);
}

/* ---- turns and times ----------------------------------------------------------------------- */

void restraint_turn(struct server *server)
{
    if (peer_were_released(server->peers))
        let_released_go(server);
    const struct line *line = server->lines.first;
    if (!line)
        return;
    /* Whoever is in line takes part in this turn, also when nothing new came from it. */
    uint64_t turn = loop_turn(server->loop);
    peer_take_part(line->first->peer, turn);
    if (line->next)
        peer_take_part(line->next->first->peer, turn);
    if (peer_widen(server->peers, turn))
        restraint_resume(server);
}

void restraint_sweep(struct server *server)
{
    peer_tend(server->peers, clock_mono_ns(), tell_tally, server);
    lift(server, 0);
}

int restraint_begin(struct server *server)
{
    struct restraint *restraint = &server->restraint;
    restraint->thaw.fire = on_thaw;
    restraint->bars = bars_new(LIMIT_BARS);
    return restraint->bars ? 0 : -ENOMEM;
}

void restraint_end(struct server *server)
{
    lift(server, 1);
    bars_free(server->restraint.bars);
    server->restraint.bars = NULL;
    loop_cancel_timer(server->loop, &server->restraint.thaw);
    if (server->peers)
        peer_tend(server->peers, UINT64_MAX, tell_tally, server);
}
