/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/sentinel.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/writer.h"
#include "protocol.h"
#include "serve/http.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/key.h"
#include "store/store.h"

/* ---- list ---------------------------------------------------------------------------------- */

static void write_row(struct writer *w, const struct store_row *row)
{
    struct key_parts key = key_split(row->key);
    char time[CLOCK_RFC3339];
    writer_literal(w, "{\"name\":\"");
    writer_span(w, key.workload);
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
    writer_literal(w, "\",\"notBefore\":\"now\",\"expiresAfter\":\"never\"}");
}

static void write_list(struct writer *w, const struct store_row *rows, size_t count)
{
    writer_literal(w, "{\"secrets\":[");
    for (size_t i = 0; i < count; i++) {
        writer_text(w, i ? "," : "");
        write_row(w, &rows[i]);
    }
    writer_literal(w, "]}\n");
}

/* The original's client puts the '?' of "?reveal=true" into the path, percent-encoded. */
static int wants_values(const struct http_request *request)
{
    return request->query.length != 0;
}

void sentinel_list(struct service *service, struct call *call, struct reply *reply)
{
    if (wants_values(call->request)) {
        call->reason = "unsupported";
        reply_error(reply, 501, ERROR_UNSUPPORTED,
                    "values are not shown by this version; ask without a query");
        return;
    }
    struct store_row *rows;
    size_t count;
    char *body = NULL;
    struct writer w = {0};
    if (store_list(service->store, &rows, &count) == 0) {
        write_list(&w, rows, count);
        body = malloc(w.needed);
    }
    if (!body) {
        reply_error(reply, 500, ERROR_INTERNAL, "out of memory");
    } else {
        w = writer_on(body, w.needed);
        write_list(&w, rows, count);
        reply_heap(reply, body, w.used);
    }
    free(rows);
}

/* ---- put and delete ------------------------------------------------------------------------ */

static void refuse_body(struct call *call, int r, const struct error *why, struct reply *reply)
{
    call->reason = "bad-body";
    if (r == -ENOSPC)
        reply_error(reply, 507, ERROR_FULL, "there is no secret memory left for the request");
    else if (r == -EFBIG)
        reply_error(reply, 413, ERROR_TOO_LARGE, "%s", why->text);
    else if (r == -ENOTSUP)
        reply_error(reply, 501, ERROR_UNSUPPORTED, "%s", why->text);
    else
        reply_error(reply, 400, ERROR_BAD_REQUEST, "%s", why->text);
}

/* As the original: "OK" once for each secret. */
static void reply_ok(struct reply *reply, size_t count)
{
    char text[LIMIT_TARGETS * 2 + 1];
    for (size_t i = 0; i < count; i++)
        memcpy(text + 2 * i, "OK", 2);
    text[2 * count] = '\0';
    reply_plain(reply, 200, text);
}

static int read_request(struct service *service, struct call *call, int wants_value,
                        struct reply *reply)
{
    struct error why = {""};
    int r = put_request_read(call->body, wants_value, service->arena, service->scratch, &why);
    if (r < 0) {
        refuse_body(call, r, &why, reply);
        return r;
    }
    call->keys = service->scratch->keys;
    call->key_count = service->scratch->key_count;
    return 0;
}

void sentinel_put(struct service *service, struct call *call, struct reply *reply)
{
    struct put_request *request = service->scratch;
    if (read_request(service, call, 1, reply) < 0)
        return;
    int r = store_put(service->store, request->keys, request->key_count, request->value,
                      clock_wall_us());
    put_request_done(service->arena, request);
    if (r == 0) {
        reply_ok(reply, request->key_count);
        return;
    }
    call->reason = "full";
    reply_error(reply, 507, ERROR_FULL,
                "the secret memory (or the table of at most %u secrets) is full; nothing was "
                "stored, and what was there is as it was",
                LIMIT_SECRETS);
}

/* The keys that are not there, in words; "" when all are. */
static void find_missing(const struct service *service, char *ret, size_t size)
{
    struct writer w = writer_on(ret, size - 1);
    for (size_t i = 0; i < service->scratch->key_count; i++) {
        if (store_find(service->store, service->scratch->keys[i]))
            continue;
        writer_text(&w, w.used ? ", " : "");
        writer_span(&w, service->scratch->keys[i]);
    }
    ret[w.used] = '\0';
}

void sentinel_delete(struct service *service, struct call *call, struct reply *reply)
{
    if (read_request(service, call, 0, reply) < 0)
        return;
    struct put_request *request = service->scratch;
    put_request_done(service->arena, request);
    char missing[512];
    find_missing(service, missing, sizeof missing);
    if (missing[0]) {
        call->reason = "no-secret";
        reply_error(reply, 404, ERROR_NOT_FOUND, "there is no secret %s; nothing was deleted",
                    missing);
        return;
    }
    for (size_t i = 0; i < request->key_count; i++)
        store_delete(service->store, request->keys[i]);
    reply_ok(reply, request->key_count);
}
