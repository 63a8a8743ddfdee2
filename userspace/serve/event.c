/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/event.h"

#include "base/writer.h"
#include "crypto/secret.h"
#include "protocol.h"
#include "serve/reply.h"
#include "store/answer.h"
#include "store/store.h"

static const struct {
    const char *word;
    char mark;                  /* behind the version in an id */
    const char *before, *after; /* the key, in a message */
} reasons[] = {
    [PAGE_REASON_NONE] = {"ok", '\0', "", ""},
    [PAGE_REASON_NO_SECRET] = {REASON_NO_SECRET, '\0', "there is no secret for ", ""},
    [PAGE_REASON_NOT_YET] = {REASON_NOT_YET, 'n', "the secret of ", " is not valid yet"},
    [PAGE_REASON_EXPIRED] = {REASON_EXPIRED, 'x', "the secret of ", " has expired"},
    [PAGE_REASON_WITHHELD] = {"withheld", 'w', "the secret of ", " is withheld"},
};

const char *event_reason(enum page_reason reason)
{
    return reasons[reason].word;
}

static enum page_reason reason_of(enum validity_state state)
{
    if (state == VALIDITY_VALID)
        return PAGE_REASON_NONE;
    return state == VALIDITY_EXPIRED ? PAGE_REASON_EXPIRED : PAGE_REASON_NOT_YET;
}

static int64_t until(const struct event *event)
{
    const struct validity *validity = &event->version->validity;
    if (event->reason == PAGE_REASON_NOT_YET)
        return validity->not_before_us;
    return event->reason == PAGE_REASON_NONE ? validity->expires_us : VALIDITY_NEVER;
}

/* The entity tag without its quotes; what is not there has the same number as it has nowhere. */
static void name(struct event *event)
{
    struct writer w = writer_on(event->id, sizeof event->id - 1);
    char etag[ANSWER_ETAG];
    if (event->version) {
        struct span tag = answer_etag(event->version, etag);
        writer_bytes(&w, tag.data + 1, tag.length - 2);
    } else {
        writer_literal(&w, "0");
    }
    if (reasons[event->reason].mark)
        writer_bytes(&w, &reasons[event->reason].mark, 1);
    event->id[w.used] = '\0';
}

void event_of(struct store *store, struct span key, int64_t now_us, struct event *ret)
{
    *ret = (struct event){.reason = PAGE_REASON_NO_SECRET, .until_us = VALIDITY_NEVER};
    ret->version = store_find(store, key);
    if (ret->version) {
        ret->reason = reason_of(store_readable(store, ret->version, now_us));
        ret->until_us = until(ret);
    }
    name(ret);
}

static struct writer begin(struct reply *reply)
{
    reply->status = 200;
    return writer_on(reply->text, sizeof reply->text);
}

void event_head(struct reply *reply)
{
    struct writer w = begin(reply);
    reply->closes = 0; /* not behind the head: it says so, and the stream goes on */
    writer_literal(&w, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                       "Cache-Control: no-store\r\nConnection: close\r\n\r\n");
    reply->text_length = w.used;
}

static void write_absence(struct writer *w, const struct event *event, struct span key)
{
    writer_literal(w, "{\"reason\":\"");
    writer_text(w, event_reason(event->reason));
    writer_literal(w, "\",\"message\":\"");
    writer_text(w, reasons[event->reason].before);
    writer_span(w, key); /* DNS labels: nothing in it needs escaping */
    writer_text(w, reasons[event->reason].after);
    writer_literal(w, "\"}");
}

void event_write(const struct event *event, struct span key, struct reply *before,
                 struct reply *after)
{
    int is_value = event->reason == PAGE_REASON_NONE;
    struct writer w = begin(before);
    writer_literal(&w, "id: ");
    writer_text(&w, event->id);
    writer_literal(&w, "\nevent: ");
    writer_text(&w, is_value ? EVENT_SECRET : EVENT_ABSENT);
    writer_literal(&w, "\ndata: ");
    if (is_value) {
        before->secret = secret_ref(event->version->block);
        before->part = event->version->json;
    } else {
        write_absence(&w, event, key);
    }
    before->text_length = w.used;
    w = begin(after);
    writer_literal(&w, "\n\n");
    after->text_length = w.used;
}

void event_heartbeat(struct reply *reply)
{
    struct writer w = begin(reply);
    writer_literal(&w, ": still here\n\n");
    reply->text_length = w.used;
}
