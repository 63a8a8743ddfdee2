/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/reply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/writer.h"
#include "crypto/secret.h"
#include "protocol.h"
#include "store/answer.h"
#include "store/page.h"
#include "store/store.h"

struct phrase {
    int status;
    const char *line;
};

static const struct phrase phrases[] = {
    {200, "HTTP/1.1 200 OK\r\n"},
    {304, "HTTP/1.1 304 Not Modified\r\n"},
    {400, "HTTP/1.1 400 Bad Request\r\n"},
    {403, "HTTP/1.1 403 Forbidden\r\n"},
    {404, "HTTP/1.1 404 Not Found\r\n"},
    {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    {408, "HTTP/1.1 408 Request Timeout\r\n"},
    {409, "HTTP/1.1 409 Conflict\r\n"},
    {411, "HTTP/1.1 411 Length Required\r\n"},
    {413, "HTTP/1.1 413 Content Too Large\r\n"},
    {429, "HTTP/1.1 429 Too Many Requests\r\n"},
    {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    {501, "HTTP/1.1 501 Not Implemented\r\n"},
    {503, "HTTP/1.1 503 Service Unavailable\r\n"},
    {507, "HTTP/1.1 507 Insufficient Storage\r\n"},
};

/* no-store: a client's cache must not put a secret on a disk. */
static const char *const types[] = {
    [REPLY_JSON] = "Content-Type: application/json\r\nCache-Control: no-store\r\n",
    [REPLY_BYTES] = "Content-Type: application/octet-stream\r\nCache-Control: no-store\r\n",
    [REPLY_PLAIN] = "Content-Type: text/plain\r\nCache-Control: no-store\r\n",
};

static struct writer start(struct reply *reply, int status)
{
    struct writer w = writer_on(reply->text, sizeof reply->text);
    const char *line = "HTTP/1.1 500 Internal Server Error\r\n";
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status) {
            line = phrases[i].line;
            break;
        }
    reply->status = status;
    writer_text(&w, line);
    return w;
}

static void content(struct writer *w, enum reply_type type, uint64_t length)
{
    writer_text(w, types[type]);
    writer_literal(w, "Content-Length: ");
    writer_u64(w, length);
    writer_literal(w, "\r\n");
}

static void end_head(struct reply *reply, struct writer *w)
{
    if (reply->closes)
        writer_literal(w, "Connection: close\r\n");
    writer_literal(w, "\r\n");
    reply->text_length = w->used;
}

/* For bodies that are the bare bytes; JSON has the times inside. */
static void describe_times(struct writer *w, const struct store_version *version)
{
    char time[CLOCK_RFC3339];
    clock_format_seconds(version->created_us, time);
    writer_literal(w, HEADER_CREATED ": ");
    writer_text(w, time);
    clock_format_seconds(version->updated_us, time);
    writer_literal(w, "\r\n" HEADER_UPDATED ": ");
    writer_text(w, time);
    writer_literal(w, "\r\n");
}

void reply_answer(struct reply *reply, const struct store_version *version)
{
    if (reply->closes) { /* the ready one does not say so */
        reply_version(reply, 200, REPLY_JSON, version, version->json);
        return;
    }
    reply->status = 200;
    reply->secret = secret_ref(version->block);
    reply->part = version->answer;
}

void reply_version(struct reply *reply, int status, enum reply_type type,
                   const struct store_version *version, struct span part)
{
    struct writer w = start(reply, status);
    if (status != 304) {
        content(&w, type, part.length);
        reply->secret = secret_ref(version->block);
        reply->part = part;
    }
    answer_describe(&w, version);
    if (type == REPLY_BYTES)
        describe_times(&w, version);
    end_head(reply, &w);
}

void reply_heap(struct reply *reply, enum reply_type type, char *body, size_t length)
{
    struct writer w = start(reply, 200);
    content(&w, type, length);
    end_head(reply, &w);
    reply->heap = body;
    reply->part = (struct span){body, length};
}

void reply_stream(struct reply *reply, enum reply_type type, uint64_t length,
                  struct reply_source *source)
{
    struct writer w = start(reply, 200);
    content(&w, type, length);
    end_head(reply, &w);
    reply->source = source;
}

void reply_secret(struct reply *reply, const struct store_version *version, struct secret *secret)
{
    struct writer w = start(reply, 200);
    content(&w, REPLY_BYTES, secret->length);
    answer_describe(&w, version);
    describe_times(&w, version);
    end_head(reply, &w);
    reply->secret = secret;
    reply->part = (struct span){secret->data, secret->length};
}

static void short_body(struct reply *reply, struct writer *w, enum reply_type type,
                       struct span body)
{
    content(w, type, body.length);
    end_head(reply, w);
    writer_span(w, body);
    reply->text_length = w->used;
}

void reply_plain(struct reply *reply, int status, const char *text)
{
    struct writer w = start(reply, status);
    short_body(reply, &w, REPLY_PLAIN, span_of(text));
}

void reply_noticed(struct reply *reply, const char *text, const char *notice)
{
    struct writer w = start(reply, 200);
    writer_literal(&w, HEADER_NOTICE ": ");
    /* It may hold words of a request: none of them ends a header field. */
    for (const char *at = notice; *at && at < notice + REPLY_NOTICE; at++)
        writer_bytes(&w, *at >= ' ' && *at <= '~' ? at : "?", 1);
    writer_literal(&w, "\r\n");
    short_body(reply, &w, REPLY_PLAIN, span_of(text));
}

void reply_json(struct reply *reply, const char *text)
{
    struct writer w = start(reply, 200);
    short_body(reply, &w, REPLY_JSON, span_of(text));
}

int reply_page(struct reply *reply, const struct page *page)
{
    char told[64];
    int fd = fcntl(page_fd(page), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    snprintf(told, sizeof told, "{\"capacity\":%zu}\n", page_capacity(page));
    reply_json(reply, told);
    reply->passes_fd = 1;
    reply->fd = fd;
    return 0;
}

static void error_body(struct writer *w, const char *code, const char *message)
{
    writer_literal(w, "{\"error\":\"");
    writer_text(w, code);
    writer_literal(w, "\",\"message\":");
    writer_json_unsafe(w, message, strlen(message));
    writer_literal(w, "}\n");
}

void reply_error(struct reply *reply, int status, const char *code, const char *format, ...)
{
    char message[768];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    char body[REPLY_SHORT];
    struct writer b = writer_on(body, sizeof body);
    error_body(&b, code, message);
    if (!writer_ok(&b)) { /* names in it that needed escaping: say less rather than half */
        b = writer_on(body, sizeof body);
        error_body(&b, code, "the request was refused");
    }
    struct writer w = start(reply, status);
    short_body(reply, &w, REPLY_JSON, (struct span){body, b.used});
}

/* With one more field: FIELD, as in "Allow: ", and its VALUE. */
static void error_with(struct reply *reply, int status, const char *code, const char *message,
                       const char *field, const char *value)
{
    char body[REPLY_SHORT];
    struct writer b = writer_on(body, sizeof body);
    error_body(&b, code, message);
    struct writer w = start(reply, status);
    writer_text(&w, field);
    writer_text(&w, value);
    writer_literal(&w, "\r\n");
    short_body(reply, &w, REPLY_JSON, (struct span){body, b.used});
}

void reply_wrong_method(struct reply *reply, const char *allowed)
{
    char message[256];
    snprintf(message, sizeof message, "this path takes %s", allowed);
    error_with(reply, 405, ERROR_METHOD, message, "Allow: ", allowed);
}

void reply_too_many(struct reply *reply, uint64_t seconds, const char *why)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)seconds);
    error_with(reply, 429, ERROR_RATE, why, "Retry-After: ", text);
}

void reply_continue(struct reply *reply)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    memcpy(reply->text, line, sizeof line - 1);
    reply->text_length = sizeof line - 1;
    reply->status = 100;
}

void reply_done(struct reply *reply)
{
    secret_unref(reply->secret);
    free(reply->heap);
    if (reply->source)
        reply->source->done(reply->source);
    if (reply->passes_fd)
        close(reply->fd);
    reply->passes_fd = 0;
    reply->source = NULL;
    reply->status = 0;
    reply->closes = 0;
    reply->text_length = 0;
    reply->secret = NULL;
    reply->heap = NULL;
    reply->part = (struct span){NULL, 0};
}
