/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/writer.h"
#include "crypto/secret.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/http.h"
#include "serve/outcome.h"
#include "serve/put_request.h"
#include "serve/query.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/change.h"
#include "store/key.h"
#include "store/record.h"
#include "store/shape.h"
#include "store/store.h"

/* ---- which one ------------------------------------------------------------------------------- */

static int take_key(const char *text, char *ret, size_t size)
{
    int r = str_copy(ret, size, span_of(text));
    key_unify(ret);
    return r;
}

static int take_field(const struct query_field *field, int takes_version, struct put_request *ret)
{
    if (strcmp(field->name, "key") == 0)
        return take_key(field->value, ret->key_text[0], sizeof ret->key_text[0]);
    if (takes_version && strcmp(field->name, "transformed") == 0)
        return str_bool(span_of(field->value), &ret->is_transformed);
    if (!takes_version || strcmp(field->name, "version") != 0)
        return -EINVAL;
    int r = str_u64(span_of(field->value), UINT64_MAX, &ret->version);
    return r == 0 && ret->version == 0 ? -EINVAL : r;
}

/* Key and version that the query names, in the scratch; else NULL and a refusal. */
static struct put_request *read_wanted(struct service *service, struct call *call,
                                       int takes_version, struct reply *reply)
{
    struct put_request *ret = service->scratch;
    struct span query = call->request->query;
    struct query_field field;
    int r;
    ret->version = 0;
    ret->is_transformed = 0;
    ret->key_text[0][0] = '\0';
    while ((r = query_next(&query, &field)) > 0)
        if (take_field(&field, takes_version, ret) < 0)
            break;
    ret->keys[0] = span_of(ret->key_text[0]);
    if (r == 0 && key_is_good(ret->keys[0])) {
        call->keys = ret->keys;
        call->key_count = 1;
        return ret;
    }
    call->reason = "bad-target";
    reply_error(reply, 400, ERROR_BAD_REQUEST, "say ?key=%s; the key must be " KEY_RULE,
                takes_version ? "NAMESPACE/WORKLOAD[&version=N][&transformed=true], N from 1 on"
                              : "NAMESPACE/WORKLOAD");
    return NULL;
}

/* It is in the cluster, and nobody of this node may read it. */
static int is_elsewhere(const struct service *service, struct span key)
{
    const struct upstream upstream = service_upstream(service);
    return !store_find(service->store, key) && upstream.version(upstream.self, key);
}

static void refuse_elsewhere(struct call *call, const char *key, struct reply *reply)
{
    char namespace[LIMIT_DNS_LABEL + 1], workload[LIMIT_DNS_LABEL + 1];
    struct key_parts parts = key_split(span_of(key));
    str_copy(namespace, sizeof namespace, parts.namespace);
    str_copy(workload, sizeof workload, parts.workload);
    call->reason = "elsewhere";
    reply_error(reply, 404, ERROR_NOT_FOUND,
                "no pod of this node may read %s, so its value is not here: ask the daemon of "
                "a node that has one, or see `kubectl get vsecmsecret %s -n %s -o yaml`",
                key, workload, namespace);
}

static void refuse(const struct service *service, struct call *call, int r,
                   const struct put_request *wanted, struct reply *reply)
{
    char version[64] = "";
    if (wanted->version)
        snprintf(version, sizeof version, "version %llu of ", (unsigned long long)wanted->version);
    if (r == -ENOENT) {
        call->reason = wanted->version ? "no-version" : "no-secret";
        reply_error(reply, 404, ERROR_NOT_FOUND, "there is no %ssecret %s", version,
                    wanted->key_text[0]);
    } else if (r == -ESTALE) {
        call->reason = "expired";
        reply_error(reply, 404, ERROR_NOT_FOUND, "%s%s has expired", version, wanted->key_text[0]);
    } else {
        outcome_refuse_change(service, call, r, NULL, reply);
    }
}

/* ---- the list ------------------------------------------------------------------------------ */

static const char *state_of(const struct store_row *row, size_t index, int64_t now_us)
{
    static const char *const states[] = {[VALIDITY_VALID] = "current",
                                         [VALIDITY_NOT_YET] = "not-yet",
                                         [VALIDITY_EXPIRED] = "expired"};
    enum validity_state state = validity_at(&row->validity, now_us);
    if (row->is_gone || state == VALIDITY_EXPIRED)
        return "expired";
    return index ? "past" : states[state];
}

static void write_row(struct writer *w, const struct store_row *row, size_t index, int64_t now_us)
{
    char time[CLOCK_RFC3339];
    writer_named_u64(w, index ? ",{\"version\":" : "{\"version\":", row->number);
    clock_format_seconds(row->updated_us, time);
    writer_literal(w, ",\"updated\":\"");
    writer_text(w, time);
    writer_literal(w, "\",\"notBefore\":\"");
    validity_write(w, row->validity.not_before_us, 1);
    writer_literal(w, "\",\"expires\":\"");
    validity_write(w, row->validity.expires_us, 1);
    writer_literal(w, "\",\"state\":\"");
    writer_text(w, state_of(row, index, now_us));
    writer_literal(w, "\"}");
}

static void write_history(struct writer *w, const struct store_row *rows, size_t count,
                          int64_t now_us)
{
    char time[CLOCK_RFC3339];
    writer_literal(w, "{\"key\":\"");
    writer_span(w, rows[0].key);
    clock_format_seconds(rows[0].created_us, time);
    writer_literal(w, "\",\"created\":\"");
    writer_text(w, time);
    writer_literal(w, "\",\"versions\":[");
    for (size_t i = 0; i < count; i++)
        write_row(w, &rows[i], i, now_us);
    writer_literal(w, "]}\n");
}

static void reply_history(struct service *service, struct call *call, const struct store_row *rows,
                          size_t count, struct reply *reply)
{
    struct writer w = {0};
    int64_t now_us = service_now_us(service);
    write_history(&w, rows, count, now_us);
    char *body = malloc(w.needed);
    if (body) {
        w = writer_on(body, w.needed);
        write_history(&w, rows, count, now_us);
        reply_heap(reply, REPLY_JSON, body, w.used);
    } else {
        outcome_refuse(call, -ENOMEM, NULL, reply);
    }
}

void versions_list(struct service *service, struct call *call, struct reply *reply)
{
    struct store_row *rows = NULL;
    size_t count = 0;
    const struct put_request *wanted = read_wanted(service, call, 0, reply);
    if (!wanted)
        return;
    int r = 0;
    int has_settled = service_has_settled(call, &r);
    uint64_t ticket = has_settled ? call->pending->ticket : 0;
    const struct upstream upstream = service_upstream(service);
    if (r == 0)
        r = upstream.history(upstream.self, wanted->keys[0], &rows, &count, &ticket);
    if (service_must_wait(call, r, ticket))
        return;
    if (r < 0)
        refuse(service, call, r, wanted, reply);
    else
        reply_history(service, call, rows, count, reply);
    free(rows);
}

/* ---- a value --------------------------------------------------------------------------------- */

/* As it was stored, or as its workload gets it. */
static int copy_of(struct service *service, const struct record *record, int is_transformed,
                   struct secret **ret)
{
    if (is_transformed && !shape_is_plain(record->template, record->format))
        return shape_value(service->arena, record->value, record->template, record->format, ret,
                           NULL);
    *ret = secret_new(service->arena, record->value.length);
    if (!*ret)
        return -ENOSPC;
    memcpy((*ret)->data, record->value.data, record->value.length);
    return 0;
}

static void reply_record(struct service *service, struct call *call, const struct record *record,
                         int is_transformed, struct reply *reply)
{
    struct secret *copy;
    int r = copy_of(service, record, is_transformed, &copy);
    if (r < 0) {
        outcome_refuse(call, r, NULL, reply);
        return;
    }
    const struct store_version version = {.number = record->version,
                                          .created_us = record->created_us,
                                          .updated_us = record->updated_us};
    reply_secret(reply, &version, copy);
}

void versions_value(struct service *service, struct call *call, struct reply *reply)
{
    struct record record;
    const struct put_request *wanted = read_wanted(service, call, 1, reply);
    if (!wanted)
        return;
    if (!access_may_reveal(service->reveal, call->subject)) {
        call->reason = "reveal";
        reply_error(reply, 403, ERROR_FORBIDDEN,
                    "the daemon's option reveal = %s does not show you values",
                    access_reveal_name(service->reveal));
        return;
    }
    int r = store_read(service->store, wanted->keys[0], wanted->version, service_now_us(service),
                       &record);
    if (r == -ENOENT && is_elsewhere(service, wanted->keys[0])) {
        refuse_elsewhere(call, wanted->key_text[0], reply);
        return;
    }
    if (r < 0) {
        refuse(service, call, r, wanted, reply);
        return;
    }
    reply_record(service, call, &record, wanted->is_transformed, reply);
    record_done(service->arena, &record);
}

/* ---- rollback ------------------------------------------------------------------------------ */

static int roll_back(struct service *service, struct put_request *request, uint64_t *ticket,
                     struct change_conflict *conflict)
{
    const struct change_put put = {.validity = request->validity,
                                   .if_version = request->if_version};
    const struct upstream upstream = service_upstream(service);
    return upstream.roll_back(upstream.self, request->keys[0], request->version, &put,
                              request->has_validity, clock_wall_us(), ticket, conflict);
}

static void reply_rolled_back(struct service *service, const struct put_request *request,
                              struct reply *reply)
{
    char line[LIMIT_KEY + 64];
    const struct upstream upstream = service_upstream(service);
    snprintf(line, sizeof line, "{\"key\":\"%s\",\"version\":%llu}\n", request->key_text[0],
             (unsigned long long)upstream.version(upstream.self, request->keys[0]));
    reply_json(reply, line);
}

static void refuse_rollback(const struct service *service, struct call *call, int r,
                            const struct put_request *request,
                            const struct change_conflict *conflict, struct reply *reply)
{
    if (r == -ETIME || r == -ENODATA) {
        call->reason = "expired";
        reply_error(reply, 409, ERROR_CONFLICT, "version %llu of %s has expired%s",
                    (unsigned long long)request->version, request->key_text[0],
                    r == -ETIME ? "; say until when it is to be valid ('expires')"
                                : ", and its value is gone");
    } else if (r == -ESTALE) {
        outcome_refuse_change(service, call, r, conflict, reply);
    } else {
        refuse(service, call, r, request, reply);
    }
}

void versions_rollback(struct service *service, struct call *call, struct reply *reply)
{
    struct put_request *request = service->scratch;
    struct error why = {""};
    int r = put_request_read(call->body, PUT_REQUEST_ROLLBACK, service->arena,
                             service_change_us(call), request, &why);
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    put_request_done(service->arena, request);
    call->keys = request->keys;
    call->key_count = 1;
    uint64_t ticket = 0;
    struct change_conflict conflict = {0};
    if (!service_has_settled(call, &r))
        r = roll_back(service, request, &ticket, &conflict);
    if (service_must_wait(call, r, ticket))
        return;
    if (r == 0)
        reply_rolled_back(service, request, reply);
    else
        refuse_rollback(service, call, r, request, &conflict, reply);
}
