/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/writer.h"
#include "crypto/arena.h"
#include "limits.h"
#include "serve/conn_state.h"
#include "serve/line.h"
#include "serve/outbox.h"
#include "serve/peer.h"
#include "serve/server_state.h"
#include "serve/service.h"
#include "serve/who.h"

/* ---- requests ------------------------------------------------------------------------------ */

enum step {
    STEP_DONE,   /* one request was answered */
    STEP_MORE,   /* it is not all there yet */
    STEP_WAIT,   /* its caller is not known yet */
    STEP_CHANGE, /* what it changes is not durable yet */
};

struct call conn_state_call(struct conn *conn, const struct http_request *request)
{
    struct call call = {.subject = &conn->subject, .request = request};
    call.audit_subject = (struct span){conn->audit_subject, conn->audit_length};
    call.memo = &conn->audit_memo;
    call.pending = &conn->pending;
    call.follow = &conn->follow;
    call.files = conn->received.files;
    call.file_count = conn->received.count;
    call.waits =
        !conn->waited && (conn->state == CONN_WAIT || conn->server->stats.waiting < LIMIT_WAITING);
    return call;
}

struct reply *conn_state_reply(struct conn *conn)
{
    return outbox_add(&conn->outbox, &conn->server->pool);
}

/* REPLY is the answer to one request. */
static enum step answered(struct conn *conn, struct reply *reply)
{
    peer_spend(conn->peer, reply->text_length + reply->part.length);
    conn->closing |= reply->closes;
    conn->body_needed = 0;
    receive_end(&conn->received);
    conn->is_waiting = conn->is_changing = 0;
    if (reply->status == 403)
        restraint_refused(conn);
    return STEP_DONE;
}

static void malformed(struct conn *conn, int status, const char *why)
{
    struct call call = conn_state_call(conn, NULL);
    struct reply *reply = conn_state_reply(conn);
    conn->closing = 1;
    if (!reply)
        return;
    service_malformed(conn->server->service, &call, status, why, reply);
    answered(conn, reply);
}

/* The head is there, its body is not (whole): may it come? */
static enum step expect_body(struct conn *conn, struct call *call, size_t present,
                             struct reply *reply)
{
    size_t max;
    enum service_result result = service_gate(conn->server->service, call, &max, reply);
    if (result == SERVICE_REPLIED)
        return answered(conn, reply);
    if (result == SERVICE_WAITS)
        return STEP_WAIT;
    if (call->max_files && !conn_receive_may_bring(conn, call, reply))
        return answered(conn, reply);
    const struct http_request *request = call->request;
    conn->body_needed = request->head_length + (size_t)request->content_length;
    conn->received.max = call->max_files;
    if (request->expects_continue && present == request->head_length)
        reply_continue(reply);
    return STEP_MORE;
}

static enum step answer(struct conn *conn, struct call *call, struct reply *reply)
{
    enum service_result result = service_answer(conn->server->service, call, reply);
    if (result == SERVICE_WAITS)
        return STEP_WAIT;
    if (result == SERVICE_CHANGES)
        return STEP_CHANGE;
    conn->pending = (struct pending){0};
    return answered(conn, reply);
}

/* One request from the front of LENGTH bytes at DATA; *used = its bytes when it was answered. */
static enum step take_request(struct conn *conn, const char *data, size_t length, size_t *used)
{
    if (conn->body_needed > length)
        return STEP_MORE;
    struct http_request request;
    const char *why = "";
    int r = http_read_again(data, length, &conn->http_memo, &request, &why);
    if (r == HTTP_MORE)
        return STEP_MORE;
    if (r < 0) {
        *used = length;
        malformed(conn, -r, why);
        return STEP_DONE;
    }
    struct call call = conn_state_call(conn, &request);
    struct reply *reply = conn_state_reply(conn);
    if (!reply) {
        conn->closing = 1;
        return STEP_DONE;
    }
    int whole = request.content_length <= length - request.head_length;
    size_t total = request.head_length + (size_t)request.content_length;
    call.body.data = data + request.head_length;
    call.body.length = whole ? (size_t)request.content_length : length - request.head_length;
    /* While the daemon drains, what was received is answered, and the last answer says farewell. */
    reply->closes = request.closes || (conn->server->draining && whole && total == length);
    enum step step = STEP_DONE;
    int is_new = !conn->body_needed && !conn->is_waiting && !conn->is_changing;
    if (is_new && !restraint_admits(conn, whole, reply))
        answered(conn, reply);
    else if (request.content_length && !conn->body_needed)
        step = expect_body(conn, &call, length, reply);
    if (reply->status < 200 && step != STEP_WAIT && whole)
        step = answer(conn, &call, reply);
    if (step == STEP_DONE)
        *used = whole ? total : length;
    else if (reply->status == 0)
        outbox_take_back(&conn->outbox, &conn->server->pool);
    return step;
}

/* More replies than may be queued: they leave now. Zero when they cannot. */
static int make_room(struct conn *conn)
{
    if (conn->outbox.count < LIMIT_PIPELINE)
        return 1;
    int r = outbox_send(&conn->outbox, &conn->server->pool, conn->source.fd, &conn->has_moved);
    conn->closing |= r < 0;
    return r == 0;
}

static int keep(struct conn *conn, const char *data, size_t length)
{
    return input_keep(&conn->input, conn->server->service->arena, conn->peer, data, length,
                      conn->body_needed);
}

/*
 * Answer the requests in LENGTH bytes at DATA (the scratch, or the input) as far as the peer's
 * share of this turn goes. The answers leave at the end of the turn.
 */
static void process(struct conn *conn, char *data, size_t length)
{
    struct server *server = conn->server;
    uint64_t turn = loop_turn(server->loop);
    size_t at = 0;
    enum step step = STEP_DONE;
    conn->is_leftover = 0;
    while (at < length && step == STEP_DONE && !conn->closing &&
           conn->follow.kind != FOLLOW_WATCH) {
        /* What has settled is answered at once: who knows why it failed says it only now. */
        int may_go_on = conn->pending.is_settled ||
                        (!restraint_holds(conn) && peer_may_go_on(conn->peer, turn));
        if (!may_go_on || !make_room(conn)) {
            conn->is_leftover = 1;
            break;
        }
        size_t used = 0;
        step = take_request(conn, data + at, length - at, &used);
        at += used;
    }
    if (conn->follow.kind == FOLLOW_WATCH) { /* nothing more can be asked on it */
        peer_spend(conn->peer, length - at);
        at = length;
    }
    if (at < length && !conn->closing && keep(conn, data + at, length - at) < 0)
        malformed(conn, conn->body_needed ? 507 : 503, "there is no memory left for the request");
    if (data == server->scratch)
        arena_wipe(data, length);
    else if (at == length)
        input_drop(&conn->input, server->service->arena, conn->peer);
    conn->is_waiting = step == STEP_WAIT;
    conn->is_changing = step == STEP_CHANGE;
    conn->has_moved |= at > 0;
    conn_settle_later(conn);
}

void conn_read(struct conn *conn)
{
    struct server *server = conn->server;
    if (restraint_holds(conn)) {
        conn->is_unread = 1;
        return;
    }
    if (conn->is_leftover || !peer_may_go_on(conn->peer, loop_turn(server->loop))) {
        conn->is_unread = 1;
        restraint_line_up(conn);
        return;
    }
    char *data = conn->input.data ? conn->input.data : server->scratch;
    size_t size = conn->input.data ? conn->input.size : restraint_room(conn);
    size_t used = conn->input.used;
    struct refusal refusal;
    ssize_t n = conn_receive_bytes(conn, data + used, size - used, &refusal);
    conn->is_unread = conn->received.may_have_more || (n > 0 && conn->has_hung_up);
    if (refusal.status) {
        malformed(conn, refusal.status, refusal.why);
        conn_settle_later(conn);
    } else if (n > 0)
        process(conn, data, used + (size_t)n);
    else if (n != -EAGAIN && n != -EINTR)
        conn_close(conn);
    else
        conn_settle_later(conn); /* it may have been held, or a drain may wait for it */
}

void conn_settle_change(struct conn *conn, uint64_t first, uint64_t last, int result)
{
    struct pending *pending = &conn->pending;
    if (!conn->is_changing || pending->is_settled || pending->ticket < first ||
        pending->ticket > last)
        return;
    pending->is_settled = 1;
    pending->result = result;
    process(conn, conn->input.data, conn->input.used);
}

void conn_retry_change(struct conn *conn)
{
    if (conn->is_changing && !conn->pending.ticket)
        process(conn, conn->input.data, conn->input.used);
}

void conn_resume(struct conn *conn)
{
    if (conn->is_changing || conn->state == CONN_WRITE)
        return;
    if (conn->is_leftover || conn->state == CONN_WAIT)
        process(conn, conn->input.data, conn->input.used);
    else if (conn->is_unread && conn->events == CONN_EVENTS_READ)
        conn_read(conn);
}

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct conn *conn = (struct conn *)source;
    struct server *server = conn->server;
    /* Both directions are shut: whatever it still sent, nobody is there to take the answer. */
    if (events & (EPOLLHUP | EPOLLERR))
        conn_close(conn);
    else if (conn->state == CONN_WRITE)
        conn_settle_later(conn);
    else if (events & (EPOLLIN | EPOLLRDHUP)) {
        conn->has_hung_up |= (events & EPOLLRDHUP) != 0;
        conn->is_unread = 1;
        if (peer_line(conn->peer)->first)
            restraint_line_up(conn);
        else
            conn_read(conn);
    }
    conn_settle_some(server);
}

void conn_expire(struct conn *conn)
{
    if (conn->state == CONN_WATCH) {
        conn_follow_beat(conn);
        return;
    }
    conn->server->stats.timed_out++;
    if (conn->state == CONN_WAIT) {
        conn->waited = 1;
        conn_resume(conn);
    } else if (conn->state == CONN_HEADER || conn->state == CONN_BODY) {
        malformed(conn, 408, "the request took too long to arrive");
        conn_settle_later(conn);
    } else {
        conn_close(conn);
    }
}

int conn_is_idle(const struct conn *conn)
{
    return !conn->outbox.first && !conn->is_leftover && !conn->is_ready &&
           (conn->state == CONN_IDLE || conn->state == CONN_HEADER || conn->state == CONN_WAIT ||
            conn->state == CONN_WATCH || conn->state == CONN_HELD);
}

/* ---- beginning and end --------------------------------------------------------------------- */

int conn_describe(struct conn *conn)
{
    char text[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(text, sizeof text);
    audit_line_subject(&w, &conn->subject);
    char *copy = writer_ok(&w) ? malloc(w.used) : NULL;
    if (!copy)
        return -ENOMEM;
    memcpy(copy, text, w.used);
    free(conn->audit_subject);
    conn->audit_subject = copy;
    conn->audit_length = w.used;
    conn->audit_memo.length = 0;
    return 0;
}

struct conn *conn_new(struct server *server, int fd, enum door door)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) {
        close(fd);
        return NULL;
    }
    conn->server = server;
    conn->source = (struct loop_source){.fd = fd, .ready = on_ready};
    who_read(server->who, fd, door, &conn->subject);
    int r = conn_describe(conn);
    if (r < 0 || !restraint_lets_in(conn) ||
        loop_add(server->loop, &conn->source, CONN_EVENTS_READ) < 0) {
        conn_close(conn);
        return NULL;
    }
    conn->events = CONN_EVENTS_READ;
    conn->is_linked = 1;
    conn->deadline_ms = server->now_ms + server->options.idle_ms;
    conn->next = server->conns;
    if (conn->next)
        conn->next->previous = conn;
    server->conns = conn;
    server->stats.connections++;
    return conn;
}

static void unlink_conn(struct conn *conn)
{
    struct server *server = conn->server;
    server->stats.waiting -= conn->state == CONN_WAIT;
    server->stats.connections--;
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next)
        conn->next->previous = conn->previous;
    restraint_forget(conn);
    for (struct conn **at = &server->unsent; conn->is_unsent && *at; at = &(*at)->next_unsent)
        if (*at == conn) {
            *at = conn->next_unsent;
            break;
        }
    loop_remove(server->loop, &conn->source);
}

void conn_close(struct conn *conn)
{
    struct server *server = conn->server;
    if (conn->is_linked)
        unlink_conn(conn);
    follow_end(server->service->followers, &conn->follow);
    outbox_drop(&conn->outbox, &server->pool);
    receive_end(&conn->received);
    restraint_count(conn);
    input_drop(&conn->input, server->service->arena, conn->peer);
    if (remains_take(&server->remains, conn->source.fd, conn->peer))
        server->stats.connections++;
    else if (conn->peer)
        peer_leave(server->peers, conn->peer);
    who_release(server->who, &conn->subject);
    free(conn->audit_subject);
    free(conn);
}
