/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "crypto/age_key.h"
#include "crypto/age_payload.h"
#include "limits.h"
#include "protocol.h"
#include "serve/http.h"
#include "serve/keys.h"
#include "serve/outcome.h"
#include "serve/query.h"
#include "serve/reply.h"
#include "serve/sealed_value.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/key.h"
#include "store/record.h"
#include "store/snapshot.h"
#include "store/store.h"

/* ---- one row --------------------------------------------------------------------------------- */

static const char *const states[] = {
    [VALIDITY_VALID] = "valid", [VALIDITY_NOT_YET] = "not-yet", [VALIDITY_EXPIRED] = "expired"};

static enum validity_state state_of(const struct store_row *row, int64_t now_us)
{
    return row->is_gone ? VALIDITY_EXPIRED : validity_at(&row->validity, now_us);
}

/* All but its end. */
static void write_row(struct writer *w, const struct store_row *row, int64_t now_us)
{
    struct key_parts key = key_split(row->key);
    char time[CLOCK_RFC3339];
    writer_literal(w, "{\"name\":\"");
    key_write_name(w, key.workload);
    writer_literal(w, "\",\"namespace\":\"");
    writer_span(w, key.namespace);
    writer_literal(w, "\",\"version\":");
    writer_u64(w, row->number);
    clock_format_seconds(row->created_us, time);
    writer_literal(w, ",\"created\":\"");
    writer_text(w, time);
    clock_format_seconds(row->updated_us, time);
    writer_literal(w, "\",\"updated\":\"");
    writer_text(w, time);
    writer_literal(w, "\",\"notBefore\":\"");
    validity_write(w, row->validity.not_before_us, 1);
    writer_literal(w, "\",\"expiresAfter\":\"");
    validity_write(w, row->validity.expires_us, 1);
    writer_literal(w, "\",\"state\":\"");
    writer_text(w, states[state_of(row, now_us)]);
    writer_literal(w, "\"");
}

#define BEGINNING "{\"secrets\":["

/* ---- without values -------------------------------------------------------------------------- */

static void write_list(struct writer *w, const struct store_row *rows, size_t count, int64_t now_us)
{
    writer_literal(w, BEGINNING);
    for (size_t i = 0; i < count; i++) {
        writer_text(w, i ? "," : "");
        write_row(w, &rows[i], now_us);
        writer_literal(w, "}");
    }
    writer_literal(w, "]}\n");
}

static void reply_names(struct service *service, struct call *call, struct reply *reply)
{
    const struct upstream upstream = service_upstream(service);
    struct store_row *rows = NULL;
    size_t count;
    char *body = NULL;
    struct writer w = {0};
    int64_t now_us = service_now_us(service);
    int r = upstream.list(upstream.self, &rows, &count);
    if (r == 0) {
        write_list(&w, rows, count, now_us);
        body = malloc(w.needed);
    }
    if (body) {
        w = writer_on(body, w.needed);
        write_list(&w, rows, count, now_us);
        reply_heap(reply, REPLY_JSON, body, w.used);
    } else {
        outcome_refuse_change(service, call, r < 0 ? r : -ENOMEM, NULL, reply);
    }
    free(rows);
}

/* ---- with values, sealed --------------------------------------------------------------------- */

/*
 * The length of a reply is told before its first byte, the length of a value is known when it has
 * been read: so each row is given the room that it takes at most, and blanks fill what is left.
 */
#define NO_VALUE ",\"value\":null}"
#define VALUE ",\"value\":\""
#define VALUE_END "\"}"
#define END "],\"algorithm\":\"age\"}\n"

struct stream {
    struct reply_source source; /* first: a source leads back here */
    struct arena *arena;
    unsigned *lists; /* on their way, this one too */
    struct snapshot *snapshot;
    struct age_recipient to; /* for the whole list, even when the root key is changed meanwhile */
    int64_t now_us;
    size_t next;
    int has_begun, has_ended;
    char *out; /* sealed: the heap may have it */
    size_t used, room;
};

static size_t base64_size(size_t length)
{
    return (length + 2) / 3 * 4;
}

static int has_value(const struct stream *stream, size_t index)
{
    const struct store_row *row = snapshot_row(stream->snapshot, index);
    return state_of(row, stream->now_us) != VALIDITY_EXPIRED;
}

/* Bytes that row INDEX gets. */
static size_t width_of(const struct stream *stream, size_t index)
{
    const struct store_row *row = snapshot_row(stream->snapshot, index);
    struct writer count = {0};
    write_row(&count, row, stream->now_us);
    if (!has_value(stream, index))
        return count.needed + sizeof NO_VALUE - 1;
    size_t sealed = sealed_value_size(row->key, snapshot_bound(stream->snapshot, index));
    return count.needed + sizeof VALUE - 1 + base64_size(sealed) + sizeof VALUE_END - 1;
}

static uint64_t size_of(const struct stream *stream)
{
    size_t count = snapshot_count(stream->snapshot);
    uint64_t size = sizeof BEGINNING - 1 + sizeof END - 1 + (count ? count - 1 : 0);
    for (size_t i = 0; i < count; i++)
        size += width_of(stream, i);
    return size;
}

/* LENGTH bytes more at stream->out; NULL: no memory. */
static char *add_room(struct stream *stream, size_t length)
{
    if (length > stream->room - stream->used) {
        size_t room = 2 * stream->room + length;
        char *out = realloc(stream->out, room);
        if (!out)
            return NULL;
        stream->out = out;
        stream->room = room;
    }
    stream->used += length;
    return stream->out + stream->used - length;
}

static int add_text(struct stream *stream, struct span text)
{
    char *room = add_room(stream, text.length);
    if (!room)
        return -ENOMEM;
    memcpy(room, text.data, text.length);
    return 0;
}

/*
 * The value of row INDEX as an age file; *ret NULL: it has none any more, or what is in the log is
 * not what was stored, which must not keep the others from being given.
 */
static int seal_row(const struct stream *stream, size_t index, char **ret, size_t *size)
{
    struct record record;
    struct span key = snapshot_row(stream->snapshot, index)->key;
    *ret = NULL;
    int r = has_value(stream, index)
                ? snapshot_read(stream->snapshot, index, stream->now_us, &record)
                : -ESTALE;
    if (r == -ESTALE || r == -EBADMSG || r == -EUCLEAN)
        return 0;
    if (r < 0)
        return r;
    if (record.value.length <= snapshot_bound(stream->snapshot, index))
        r = sealed_value_seal(stream->arena, &stream->to, key, record.value, ret, size);
    record_done(stream->arena, &record);
    return r;
}

static int add_row(struct stream *stream, size_t index)
{
    char *sealed;
    size_t size = 0, width = width_of(stream, index);
    int r = seal_row(stream, index, &sealed, &size);
    if (r < 0)
        return r;
    char *room = add_room(stream, width);
    if (room) {
        struct writer w = writer_on(room, width);
        write_row(&w, snapshot_row(stream->snapshot, index), stream->now_us);
        writer_text(&w, sealed ? VALUE : NO_VALUE);
        if (sealed) {
            writer_base64(&w, sealed, size);
            writer_literal(&w, VALUE_END);
        }
        memset(room + w.used, ' ', width - w.used);
    }
    free(sealed);
    return room ? 0 : -ENOMEM;
}

static int on_next(struct reply_source *source, struct span *piece)
{
    struct stream *stream = (struct stream *)source;
    size_t count = snapshot_count(stream->snapshot);
    uint64_t end_ns = clock_mono_ns() + LIMIT_SLICE_NS;
    int r = 0;
    stream->used = 0;
    if (!stream->has_begun)
        r = add_text(stream, SPAN_LITERAL(BEGINNING));
    stream->has_begun = 1;
    while (r == 0 && stream->next < count && stream->used < AGE_PAYLOAD_CHUNK &&
           clock_mono_ns() < end_ns) {
        if (stream->next)
            r = add_text(stream, SPAN_LITERAL(","));
        if (r == 0)
            r = add_row(stream, stream->next++);
    }
    if (r == 0 && stream->next == count && !stream->has_ended) {
        stream->has_ended = 1;
        r = add_text(stream, SPAN_LITERAL(END));
    }
    *piece = (struct span){stream->out, stream->used};
    return r;
}

static void on_done(struct reply_source *source)
{
    struct stream *stream = (struct stream *)source;
    --*stream->lists;
    snapshot_free(stream->snapshot);
    free(stream->out);
    free(stream);
}

/* Each has the names of all secrets and the log as it was, for as long as its reader takes. */
static void refuse_list(struct call *call, struct reply *reply)
{
    call->reason = "lists-full";
    reply_error(reply, 503, ERROR_UNAVAILABLE,
                "at most %u lists with values are sent at once; read those that were asked for",
                LIMIT_LISTS);
}

static void reply_sealed(struct service *service, struct call *call, struct reply *reply)
{
    const struct age_recipient *to = keys_need(service, call, reply);
    unsigned *lists = &service->lists[call->subject->door];
    if (!to)
        return;
    if (*lists == LIMIT_LISTS) {
        refuse_list(call, reply);
        return;
    }
    struct stream *stream = calloc(1, sizeof *stream);
    int r = stream ? snapshot_new(service->store, &stream->snapshot) : -ENOMEM;
    if (r < 0) {
        free(stream);
        outcome_refuse(call, r, NULL, reply);
        return;
    }
    stream->source = (struct reply_source){.is_slow = 1, .next = on_next, .done = on_done};
    stream->arena = service->arena;
    stream->lists = lists;
    ++*lists;
    stream->to = *to;
    stream->now_us = service_now_us(service);
    reply_stream(reply, REPLY_JSON, size_of(stream), &stream->source);
}

/* ---- which ----------------------------------------------------------------------------------- */

/* 0 with *RET: values are wanted; or -EINVAL. Both names mean the same: there are no other values.
 */
static int read_query(struct span query, int *ret)
{
    struct query_field field;
    int r, wanted;
    *ret = 0;
    while ((r = query_next(&query, &field)) > 0) {
        if (strcmp(field.name, "reveal") != 0 && strcmp(field.name, "encrypted") != 0)
            return -EINVAL;
        if (str_bool(span_of(field.value), &wanted) < 0)
            return -EINVAL;
        *ret |= wanted;
    }
    return r;
}

void listing_get(struct service *service, struct call *call, struct reply *reply)
{
    int is_sealed;
    if (read_query(call->request->query, &is_sealed) < 0) {
        call->reason = "bad-target";
        reply_error(reply, 400, ERROR_BAD_REQUEST,
                    "say ?reveal=true (or ?encrypted=true) for the values, sealed to the root key");
    } else if (is_sealed && service_upstream(service).is_cluster) {
        call->operation = "list-sealed";
        outcome_refuse_cluster(call, "`kubectl get vsecmsecrets -A -o yaml` lists all, sealed",
                               reply);
    } else if (is_sealed) {
        call->operation = "list-sealed";
        reply_sealed(service, call, reply);
    } else {
        reply_names(service, call, reply);
    }
}
