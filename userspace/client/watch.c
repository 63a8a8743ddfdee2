/* SPDX-License-Identifier: BSD-2-Clause */
/* The library is compiled with hidden symbols; the public ones are those of this header. */
#pragma GCC visibility push(default)
#include "vsecm/vsecm.h"
#pragma GCC visibility pop

#include "client/channel.h"
#include "client/event.h"
#include "client/event_stream.h"
#include "client/failure.h"
#include "client/link.h"
#include "client/response.h"
#include "limits.h"
#include "protocol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vsecm_watch {
    struct link *link;
    struct event_stream *stream;
    struct response response;
    bool streams; /* its header has come: what follows are events */
    size_t at;    /* in the response's buffer: what has not been fed yet */
    char last_id[sizeof((vsecm_event *)0)->id];
    char message[512];
};

static __attribute__((format(printf, 3, 4))) vsecm_result fail(vsecm_watch *watch,
                                                               vsecm_result result,
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(watch->message, sizeof watch->message, format, args);
    va_end(args);
    return result;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* VSECM_TIMEOUT: it is not for the caller, who knows it or could not know what it is. */
static vsecm_result take_event(vsecm_watch *watch, const struct event_stream_event *event,
                               vsecm_event *ret)
{
    const char *wrong = NULL;
    if (!event_is_ours(event) || strcmp(event->id, watch->last_id) == 0)
        return VSECM_TIMEOUT;
    vsecm_result result = event_read(event, ret, &wrong);
    if (result == VSECM_OK)
        memcpy(watch->last_id, ret->id, sizeof watch->last_id);
    else
        fail(watch, result, "the event %s", wrong ? wrong : "does not fit into memory");
    event_stream_reset(watch->stream); /* it need not stay until the next one comes */
    return result;
}

/* What is in the buffer, up to the next event. VSECM_TIMEOUT: all of it was used, to no event. */
static vsecm_result feed(vsecm_watch *watch, vsecm_event *ret)
{
    struct response *response = &watch->response;
    vsecm_result result = VSECM_TIMEOUT;
    while (result == VSECM_TIMEOUT && watch->at < response->used) {
        const struct event_stream_event *event;
        const char *wrong;
        ssize_t n = event_stream_feed(watch->stream, response->buffer + watch->at,
                                      response->used - watch->at, &event, &wrong);
        if (n < 0)
            return fail(watch, failure_of_errno((int)n), "the stream %s",
                        wrong ? wrong : "does not fit into memory");
        explicit_bzero(response->buffer + watch->at, (size_t)n);
        watch->at += (size_t)n;
        if (event)
            result = take_event(watch, event, ret);
    }
    if (watch->at < response->used)
        link_poke(watch->link);
    return result;
}

static vsecm_result take_events(vsecm_watch *watch, vsecm_event *ret)
{
    struct response *response = &watch->response;
    vsecm_result result = feed(watch, ret);
    while (result == VSECM_TIMEOUT) {
        response->used = watch->at = 0;
        ssize_t got = link_receive(watch->link, response->buffer, LIMIT_HEADER, NULL);
        if (got == -EAGAIN)
            return VSECM_TIMEOUT;
        if (got < 0)
            return fail(watch, VSECM_UNREACHABLE, "the daemon went away");
        response->used = (size_t)got;
        result = feed(watch, ret);
    }
    return result;
}

/* ---- the connection -------------------------------------------------------------------------- */

static vsecm_result refused(vsecm_watch *watch)
{
    const struct response *response = &watch->response;
    if (response->head.endless)
        return fail(watch, VSECM_PROTOCOL, "the answer does not say its length");
    vsecm_result result = failure_of_answer(&response->head, response->buffer + response->body,
                                            watch->message, sizeof watch->message);
    if (result == VSECM_NOT_FOUND)
        return fail(watch, VSECM_PROTOCOL, "the daemon knows no watch; it is an older one");
    return result;
}

/* VSECM_TIMEOUT: more must come. */
static vsecm_result take_answer(vsecm_watch *watch)
{
    struct response *response = &watch->response;
    int r = response_receive(response, watch->link, NULL);
    if (r == 0 || r == -EAGAIN)
        return VSECM_TIMEOUT;
    if (r == -EPROTO)
        return fail(watch, VSECM_PROTOCOL, "the answer %s", response->wrong);
    if (r < 0)
        return fail(watch, VSECM_UNREACHABLE, "the daemon went away");
    if (response->head.status != 200)
        return refused(watch);
    if (!response->head.endless)
        return fail(watch, VSECM_PROTOCOL, "the answer has a length, and is no stream");
    watch->streams = true;
    watch->at = response->body;
    watch->message[0] = '\0';
    link_good(watch->link);
    return VSECM_OK;
}

static int step_link(vsecm_watch *watch)
{
    char request[256];
    const char *id = watch->last_id;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: vsecm\r\n%s%s%s\r\n", PATH_WATCH,
             id[0] ? "Last-Event-ID: " : "", id, id[0] ? "\r\n" : "");
    return link_step(watch->link, request);
}

static void begin(vsecm_watch *watch)
{
    watch->streams = false;
    event_stream_reset(watch->stream);
    response_reset(&watch->response);
}

/* What the caller is told; the rest is waited out, and the message says what it is. */
static bool is_for_caller(vsecm_result result)
{
    return result == VSECM_FORBIDDEN || result == VSECM_PROTOCOL || result == VSECM_NO_MEMORY;
}

/* All that can be done now. VSECM_TIMEOUT: there is nothing for the caller yet. */
static vsecm_result step(vsecm_watch *watch, vsecm_event *ret)
{
    int r = step_link(watch);
    if (r)
        begin(watch);
    if (r < 0)
        fail(watch, VSECM_UNREACHABLE, "%s",
             r == -ETIMEDOUT ? "the daemon does not answer" : strerror(-r));
    if (!link_is_up(watch->link))
        return VSECM_TIMEOUT;
    vsecm_result result = watch->streams ? VSECM_OK : take_answer(watch);
    if (result == VSECM_OK)
        result = take_events(watch, ret);
    if (result == VSECM_OK || result == VSECM_TIMEOUT)
        return result;
    unsigned rest = result == VSECM_TOO_MANY ? watch->response.head.retry_after_s : 0;
    begin(watch);
    link_drop_for(watch->link, rest);
    return is_for_caller(result) ? result : VSECM_TIMEOUT;
}

/* ---- the public functions -------------------------------------------------------------------- */

vsecm_result vsecm_watch_next(vsecm_watch *watch, int timeout_ms, vsecm_event *ret)
{
    if (!watch || !ret)
        return VSECM_INVALID;
    int64_t deadline = timeout_ms < 0 ? -1 : channel_now() + timeout_ms;
    for (;;) {
        vsecm_result result = step(watch, ret);
        if (result != VSECM_TIMEOUT)
            return result;
        if (deadline >= 0 && channel_now() >= deadline)
            return VSECM_TIMEOUT;
        link_wait(watch->link, deadline);
    }
}

int vsecm_watch_fd(const vsecm_watch *watch)
{
    return watch ? link_fd(watch->link) : -1;
}

int vsecm_watch_connected(const vsecm_watch *watch)
{
    return watch && watch->streams;
}

const char *vsecm_watch_message(const vsecm_watch *watch)
{
    return watch ? watch->message : "";
}

void vsecm_event_clear(vsecm_event *event)
{
    if (!event)
        return;
    vsecm_secret_clear(&event->secret);
    *event = (vsecm_event){.absence = VSECM_PRESENT};
}

/* It goes into a header field. */
static bool is_id(const char *id)
{
    size_t length = strlen(id);
    if (length >= sizeof((vsecm_event *)0)->id)
        return false;
    for (size_t i = 0; i < length; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    return true;
}

vsecm_result vsecm_watch_open(const char *path, const char *last_id, vsecm_watch **ret)
{
    if (!ret || (last_id && !is_id(last_id)))
        return VSECM_INVALID;
    vsecm_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return VSECM_NO_MEMORY;
    if (last_id)
        memcpy(watch->last_id, last_id, strlen(last_id) + 1);
    int r = link_open(&watch->link, path ? path : channel_default_path(), LIMIT_SILENCE_MS);
    if (!r)
        r = event_stream_new(&watch->stream);
    if (!r)
        r = response_open(&watch->response);
    if (!r) {
        *ret = watch;
        return VSECM_OK;
    }
    vsecm_watch_close(watch);
    errno = -r;
    return r == -ENOMEM ? VSECM_NO_MEMORY : VSECM_UNREACHABLE;
}

void vsecm_watch_close(vsecm_watch *watch)
{
    if (!watch)
        return;
    if (watch->response.buffer)
        response_reset(&watch->response);
    response_close(&watch->response);
    event_stream_free(watch->stream);
    link_close(watch->link);
    free(watch);
}
