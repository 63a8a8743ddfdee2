/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/exchange.h"

#include "client/channel.h"
#include "client/locked.h"
#include "limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int exchange_open(struct exchange *ret, const char *path, int timeout_ms)
{
    struct exchange exchange = {.timeout_ms = timeout_ms};
    if (strlen(path) >= sizeof exchange.path)
        return -ENAMETOOLONG;
    memcpy(exchange.path, path, strlen(path));
    exchange.fd = channel_open(path, timeout_ms);
    if (exchange.fd < 0)
        return exchange.fd;
    exchange.buffer = locked_alloc(LIMIT_HEADER);
    if (!exchange.buffer) {
        close(exchange.fd);
        return -ENOMEM;
    }
    *ret = exchange;
    return 0;
}

static void disconnect(struct exchange *exchange)
{
    if (exchange->fd >= 0)
        close(exchange->fd);
    exchange->fd = -1;
}

static int malformed(struct exchange *exchange, const char *wrong)
{
    exchange->wrong = wrong;
    return -EPROTO;
}

static int send_request(struct exchange *exchange, const struct exchange_request *request,
                        int64_t deadline)
{
    char head[LIMIT_TARGET + 128];
    const char *expect = request->file_count ? "Expect: 100-continue\r\n" : "";
    int length = request->body
                     ? snprintf(head, sizeof head,
                                "%s %s HTTP/1.1\r\nHost: vsecm\r\n%sContent-Length: %zu\r\n\r\n",
                                request->method, request->target, expect, request->length)
                     : snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: vsecm\r\n\r\n",
                                request->method, request->target);
    if (length < 0 || (size_t)length >= sizeof head || strlen(request->target) > LIMIT_TARGET)
        return -EINVAL;
    struct iovec parts[] = {
        {.iov_base = head, .iov_len = (size_t)length},
        {.iov_base = (void *)request->body, .iov_len = request->length},
    };
    bool whole = request->length && !request->file_count;
    return channel_send(exchange->fd, parts, whole ? 2 : 1, deadline);
}

/* The offset behind the empty line, or 0; FROM is where the search may begin. */
static size_t header_end(const struct exchange *exchange, size_t from)
{
    const char *start = exchange->buffer + (from > 3 ? from - 3 : 0);
    const char *end =
        memmem(start, exchange->used - (size_t)(start - exchange->buffer), "\r\n\r\n", 4);
    return end ? (size_t)(end - exchange->buffer) + 4 : 0;
}

/* Receive until the header is whole. An end before the first byte is -ECONNRESET. */
static int receive_head(struct exchange *exchange, int64_t deadline, size_t *ret)
{
    for (*ret = header_end(exchange, 0); !*ret;) {
        if (exchange->used == LIMIT_HEADER)
            return malformed(exchange, "has too long a header");
        ssize_t got = channel_receive(exchange->fd, exchange->buffer + exchange->used,
                                      LIMIT_HEADER - exchange->used, deadline);
        if (got < 0)
            return (int)got;
        if (!got)
            return exchange->used ? malformed(exchange, "ends in its header") : -ECONNRESET;
        size_t before = exchange->used;
        exchange->used += (size_t)got;
        *ret = header_end(exchange, before);
        if (!*ret && channel_now() >= deadline)
            return -ETIMEDOUT;
    }
    return 0;
}

/*
 * Send what the daemon has asked for. 1: it has answered without asking, and the answer waits.
 * 0 or -errno.
 */
static int send_files(struct exchange *exchange, const struct exchange_request *request,
                      int64_t deadline)
{
    static const char asks[] = "HTTP/1.1 100 ";
    size_t head = 0;
    int r = receive_head(exchange, deadline, &head);
    if (r)
        return r;
    if (memcmp(exchange->buffer, asks, sizeof asks - 1) != 0)
        return 1;
    exchange->used -= head;
    memmove(exchange->buffer, exchange->buffer + head, exchange->used);
    struct iovec body = {.iov_base = (void *)request->body, .iov_len = request->length};
    return channel_send_files(exchange->fd, &body, request->files, request->file_count, deadline);
}

/* Fill BODY: first what came along with the header, the rest straight from the socket. */
static int receive_body(struct exchange *exchange, size_t head, char *body, size_t length,
                        int64_t deadline)
{
    size_t filled = exchange->used - head;
    if (filled > length)
        return malformed(exchange, "is longer than it says");
    memcpy(body, exchange->buffer + head, filled);
    while (filled < length) {
        ssize_t got = channel_receive(exchange->fd, body + filled, length - filled, deadline);
        if (got < 0)
            return (int)got;
        if (!got)
            return malformed(exchange, "ends before its length");
        filled += (size_t)got;
        if (filled < length && channel_now() >= deadline)
            return -ETIMEDOUT;
    }
    return 0;
}

static bool is_gone(int r)
{
    return r == -ECONNRESET || r == -EPIPE;
}

/*
 * Hand the body on: what came along with the header, then one bufferful after the other. Never
 * is_gone(): a body that has begun cannot be asked for again.
 */
static int pass_body(struct exchange *exchange, size_t head, const struct exchange_sink *sink,
                     size_t length)
{
    const char *piece = exchange->buffer + head;
    size_t here = exchange->used - head;
    if (here > length)
        return malformed(exchange, "is longer than it says");
    for (;;) {
        if (here && sink->take(sink->context, piece, here))
            return -ECANCELED;
        length -= here;
        if (!length)
            return 0;
        size_t room = length < LIMIT_HEADER ? length : LIMIT_HEADER;
        ssize_t got = channel_receive(exchange->fd, exchange->buffer, room,
                                      channel_now() + exchange->timeout_ms);
        if (!got || is_gone((int)got))
            return malformed(exchange, "ends before its length");
        if (got < 0)
            return (int)got;
        piece = exchange->buffer;
        here = (size_t)got;
        /* Never less than has been written to: this much is wiped. */
        exchange->used = here > exchange->used ? here : exchange->used;
    }
}

static int keep_body(struct exchange *exchange, size_t head, size_t limit, int64_t deadline,
                     struct exchange_answer *answer)
{
    if (answer->head.length > limit) {
        exchange->wrong = "is larger than any that was expected";
        return -EMSGSIZE;
    }
    answer->body = locked_alloc(answer->head.length + 1);
    if (!answer->body)
        return -ENOMEM;
    return receive_body(exchange, head, answer->body, answer->head.length, deadline);
}

static int receive_answer(struct exchange *exchange, const struct exchange_request *request,
                          int64_t deadline, struct exchange_answer *ret)
{
    struct exchange_answer answer = {.body = NULL};
    size_t head = 0;
    int r = receive_head(exchange, deadline, &head);
    if (r)
        return r;
    const char *wrong = head_parse(exchange->buffer, head, &answer.head);
    if (!wrong && answer.head.endless)
        wrong = "does not say its length";
    if (wrong)
        return malformed(exchange, wrong);
    if (request->sink && answer.head.status < 300)
        r = pass_body(exchange, head, request->sink, answer.head.length);
    else
        r = keep_body(exchange, head, request->limit, deadline, &answer);
    if (r)
        exchange_clear(&answer);
    else
        *ret = answer;
    return r;
}

/* One request and its answer on the connection there is. */
static int run_once(struct exchange *exchange, const struct exchange_request *request,
                    struct exchange_answer *ret)
{
    int64_t deadline = channel_now() + exchange->timeout_ms;
    exchange->wrong = NULL;
    int sent = send_request(exchange, request, deadline);
    if (!sent && request->file_count)
        sent = send_files(exchange, request, deadline);
    /* A daemon that refuses a body may close before it has all of it; its answer waits here. */
    int r = sent >= 0 || is_gone(sent) ? receive_answer(exchange, request, deadline, ret) : sent;
    /* It may still wait for the body it was promised. */
    if (!r && sent > 0)
        ret->head.close = true;
    explicit_bzero(exchange->buffer, exchange->used);
    exchange->used = 0;
    return r;
}

int exchange_run(struct exchange *exchange, const struct exchange_request *request,
                 struct exchange_answer *ret)
{
    struct exchange_answer answer = {.body = NULL};
    bool kept = exchange->fd >= 0;
    int r = kept ? run_once(exchange, request, &answer) : -ECONNRESET;
    /* 408 is also said to a connection that was idle for too long: it answers nothing we asked. */
    bool stale = is_gone(r) || (!r && answer.head.status == 408);
    bool again = !kept || request->repeats || strcmp(request->method, "GET") == 0;
    if (stale && again) {
        exchange_clear(&answer);
        disconnect(exchange);
        exchange->fd = channel_open(exchange->path, exchange->timeout_ms);
        r = exchange->fd < 0 ? exchange->fd : run_once(exchange, request, &answer);
    }
    if (r || answer.head.close)
        disconnect(exchange);
    if (!r)
        *ret = answer;
    return r;
}

void exchange_clear(struct exchange_answer *answer)
{
    if (answer->body)
        locked_free(answer->body, answer->head.length + 1);
    *answer = (struct exchange_answer){.body = NULL};
}

void exchange_close(struct exchange *exchange)
{
    disconnect(exchange);
    locked_free(exchange->buffer, LIMIT_HEADER);
    *exchange = (struct exchange){.fd = -1};
}
