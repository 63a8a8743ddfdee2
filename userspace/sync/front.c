/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/front.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/writer.h"
#include "limits.h"
#include "sync/address.h"
#include "sync/probe.h"
#include "sync/relay.h"

#define HEAD_ROOM 256u

struct visit {
    struct loop_source source;
    struct loop_timer timer; /* until it is cut off */
    struct front *front;
    struct visit *next;
    char in[LIMIT_FRONT_REQUEST];
    size_t filled;
    char *out; /* NULL: no answer yet */
    size_t out_size, sent;
    int is_over; /* all was sent: what still comes is thrown away until the other end closes */
};

struct front {
    struct loop_source source;
    struct loop *loop;
    const struct relay *relay;
    struct visit *visits;
    unsigned count;
};

/* ---- pages -------------------------------------------------------------------------------------
 */

/* Each returns the status, and writes the body. */
typedef int page(struct writer *w, const struct relay *relay);

static int livez(struct writer *w, const struct relay *relay)
{
    int is_live = relay_is_live(relay);
    writer_text(w, is_live ? "ok\n" : "vsecmd does not say how it is\n");
    return is_live ? 200 : 503;
}

/* A node serves on without the API server: that is told, and makes no difference. */
static int readyz(struct writer *w, const struct relay *relay)
{
    struct span why;
    int is_ready = relay_is_ready(relay, &why);
    writer_text(w, is_ready ? "ready" : "not ready");
    if (why.length) {
        writer_literal(w, ": ");
        writer_span(w, why);
    }
    writer_literal(w, "\n");
    writer_text(w, relay_api_state(relay));
    writer_literal(w, "\n");
    return is_ready ? 200 : 503;
}

static int metrics(struct writer *w, const struct relay *relay)
{
    relay_write_metrics(w, relay);
    return 200;
}

static const struct {
    const char *path, *type;
    page *write;
} pages[] = {
    {"/livez", "text/plain; charset=utf-8", livez},
    {"/readyz", "text/plain; charset=utf-8", readyz},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics},
};

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {413, "Content Too Large"},
    {431, "Request Header Fields Too Large"},
    {505, "HTTP Version Not Supported"},
    {503, "Service Unavailable"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Error";
}

static int refuse(struct writer *w, int status)
{
    writer_text(w, reason_of(status));
    writer_literal(w, "\n");
    return status;
}

/* STATUS: of a refusal; 0: PATH is looked for. */
static int write_page(struct writer *w, const struct relay *relay, int status, struct span path,
                      const char **type)
{
    *type = pages[0].type;
    if (status)
        return refuse(w, status);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (span_is(path, pages[i].path)) {
            *type = pages[i].type;
            return pages[i].write(w, relay);
        }
    return refuse(w, 404);
}

/* Counted first, then written, in one turn: nothing changes in between. 0 or -ENOMEM. */
static int answer(struct visit *visit, int refusal, struct span path)
{
    const struct relay *relay = visit->front->relay;
    const char *type;
    struct writer count = writer_on(NULL, 0);
    int status = write_page(&count, relay, refusal, path, &type);
    visit->out = malloc(HEAD_ROOM + count.needed);
    if (!visit->out)
        return -ENOMEM;
    int n = snprintf(visit->out, HEAD_ROOM,
                     "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                     status, reason_of(status), type, count.needed);
    struct writer w = writer_on(visit->out + n, count.needed);
    write_page(&w, relay, refusal, path, &type);
    visit->out_size = (size_t)n + w.used;
    return 0;
}

/* ---- one connection ----------------------------------------------------------------------------
 */

static void end_visit(struct visit *visit)
{
    struct front *front = visit->front;
    struct visit **link = &front->visits;
    while (*link != visit)
        link = &(*link)->next;
    *link = visit->next;
    front->count--;
    loop_remove(front->loop, &visit->source);
    loop_cancel_timer(front->loop, &visit->timer);
    close(visit->source.fd);
    free(visit->out);
    free(visit);
}

static void on_late(struct loop_timer *timer)
{
    end_visit((struct visit *)((char *)timer - offsetof(struct visit, timer)));
}

/* 0: there may be more; -1: the visit is over. */
static int receive(struct visit *visit)
{
    ssize_t n = recv(visit->source.fd, visit->in + visit->filled, sizeof visit->in - visit->filled,
                     MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return -1;
    if (!visit->is_over)
        visit->filled += (size_t)n;
    return 0;
}

static int send_out(struct visit *visit)
{
    while (visit->sent < visit->out_size) {
        ssize_t n = send(visit->source.fd, visit->out + visit->sent, visit->out_size - visit->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return loop_modify(visit->front->loop, &visit->source, EPOLLOUT);
        if (n < 0)
            return -1;
        visit->sent += (size_t)n;
    }
    /* Closed with something unread, the connection would be reset and the answer lost. */
    visit->is_over = 1;
    visit->filled = 0;
    shutdown(visit->source.fd, SHUT_WR);
    return loop_modify(visit->front->loop, &visit->source, EPOLLIN);
}

static int look(struct visit *visit)
{
    struct span path = {"", 0};
    int r = probe_read((struct span){visit->in, visit->filled}, &path);
    if (r == PROBE_MORE && visit->filled < sizeof visit->in)
        return 0;
    if (r == PROBE_MORE)
        r = -431;
    if (answer(visit, r < 0 ? -r : 0, path) < 0)
        return -1;
    return send_out(visit);
}

static void on_visit(struct loop_source *source, uint32_t events)
{
    struct visit *visit = (struct visit *)((char *)source - offsetof(struct visit, source));
    int r;
    if (visit->out && !visit->is_over)
        r = events & EPOLLOUT ? send_out(visit) : -1;
    else
        r = receive(visit);
    if (r == 0 && !visit->out)
        r = look(visit);
    if (r < 0)
        end_visit(visit);
}

/* Somebody else wants an answer: who has taken longest goes. */
static void end_oldest(struct front *front)
{
    struct visit *visit = front->visits;
    while (visit->next)
        visit = visit->next;
    end_visit(visit);
}

/* ---- the front ---------------------------------------------------------------------------------
 */

static void on_connection(struct loop_source *source, uint32_t events)
{
    struct front *front = (struct front *)((char *)source - offsetof(struct front, source));
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (front->count == LIMIT_FRONT_CONNECTIONS)
        end_oldest(front);
    struct visit *visit = calloc(1, sizeof *visit);
    if (!visit) {
        close(fd);
        return;
    }
    visit->source = (struct loop_source){fd, on_visit};
    visit->timer.fire = on_late;
    visit->front = front;
    if (loop_add(front->loop, &visit->source, EPOLLIN) < 0) {
        close(fd);
        free(visit);
        return;
    }
    visit->next = front->visits;
    front->visits = visit;
    front->count++;
    loop_set_timer(front->loop, &visit->timer, LIMIT_FRONT_MS);
}

int front_new(struct loop *loop, const char *address, const struct relay *relay, struct front **ret,
              struct error *error)
{
    struct front *front = calloc(1, sizeof *front);
    if (!front)
        return error_set(error, -ENOMEM, "out of memory");
    int fd = address_listen(address, error);
    *front =
        (struct front){.source = {.fd = fd, .ready = on_connection}, .loop = loop, .relay = relay};
    int r = fd < 0 ? fd : loop_add(loop, &front->source, EPOLLIN);
    if (r == 0) {
        *ret = front;
        return 0;
    }
    if (fd >= 0) {
        close(fd);
        error_errno(error, r, "%s", address);
    }
    free(front);
    return r;
}

void front_free(struct front *front)
{
    if (!front)
        return;
    while (front->visits)
        end_visit(front->visits);
    loop_remove(front->loop, &front->source);
    close(front->source.fd);
    free(front);
}
