/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/restores.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/writer.h"
#include "protocol.h"
#include "serve/http.h"
#include "serve/outcome.h"
#include "serve/query.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/json.h"
#include "store/key.h"
#include "store/restore.h"

/* ---- pieces ---------------------------------------------------------------------------------- */

static int read_offset(struct span query, uint64_t *ret)
{
    struct query_field field;
    if (query_next(&query, &field) != 1 || query.length || strcmp(field.name, "offset") != 0)
        return -EINVAL;
    return str_u64(span_of(field.value), INT64_MAX, ret);
}

void restores_receive(struct service *service, struct call *call, struct reply *reply)
{
    uint64_t offset, total = 0;
    char line[64];
    if (read_offset(call->request->query, &offset) < 0) {
        call->reason = "bad-target";
        reply_error(reply, 400, ERROR_BAD_REQUEST,
                    "say ?offset=N: where in the file this piece is");
        return;
    }
    int r = restore_receive(service->restore, offset, call->body, &total);
    if (r == -ESTALE || r == -EBUSY) {
        call->reason = "conflict";
        reply_error(reply, 409, ERROR_CONFLICT,
                    r == -EBUSY ? "a restore is under way"
                                : "this is not the next piece; begin anew with offset=0");
    } else if (r < 0) {
        outcome_refuse(call, r, NULL, reply);
    } else {
        snprintf(line, sizeof line, "{\"received\":%llu}\n", (unsigned long long)total);
        reply_json(reply, line);
    }
}

/* ---- what is wanted -------------------------------------------------------------------------- */

struct wanted {
    struct cJSON *json;
    struct span *keys; /* owned; point into the JSON */
    size_t count;
    int is_trial;
};

static void drop_wanted(struct wanted *wanted)
{
    cJSON_Delete(wanted->json);
    free(wanted->keys);
}

static int read_keys(const cJSON *list, struct wanted *ret, struct error *error)
{
    if (!cJSON_IsArray(list) || !list->child)
        return error_set(error, -EINVAL, "'keys' must be a list of keys; leave it out for all");
    ret->keys = calloc((size_t)cJSON_GetArraySize(list), sizeof *ret->keys);
    if (!ret->keys)
        return -ENOSPC;
    for (const cJSON *key = list->child; key; key = key->next) {
        if (cJSON_IsString(key))
            key_unify(key->valuestring);
        if (!cJSON_IsString(key) || !key_is_good(span_of(key->valuestring)))
            return error_set(error, -EINVAL, "each of 'keys' must be " KEY_RULE);
        ret->keys[ret->count++] = span_of(key->valuestring);
    }
    return 0;
}

static int read_members(struct wanted *ret, struct error *error)
{
    if (!cJSON_IsObject(ret->json))
        return error_set(error, -EINVAL, "the body must be a JSON object");
    for (const cJSON *member = ret->json->child; member; member = member->next) {
        int r = 0;
        if (strcmp(member->string, "dryRun") == 0 && cJSON_IsBool(member))
            ret->is_trial = cJSON_IsTrue(member);
        else if (strcmp(member->string, "keys") == 0 && !ret->keys)
            r = read_keys(member, ret, error);
        else
            r = error_set(error, -EINVAL, "the body may have 'keys' (a list) and 'dryRun' (true)");
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_wanted(struct span body, struct wanted *ret, struct error *error)
{
    const char *why;
    *ret = (struct wanted){.json = NULL};
    int r = body.length ? json_read(body, &ret->json, &why) : 0;
    if (r == -EINVAL)
        return error_set(error, r, "the body cannot be read: %s", why);
    if (r == 0 && ret->json)
        r = read_members(ret, error);
    if (r < 0)
        drop_wanted(ret);
    return r;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void write_rows(struct writer *w, const struct restore_row *rows, size_t count, int is_trial)
{
    static const char *const names[] = {
        [RESTORE_SAME] = "same", [RESTORE_NEW] = "new", [RESTORE_CHANGED] = "changed"};
    writer_text(w, is_trial ? "{\"dryRun\":true,\"keys\":[" : "{\"dryRun\":false,\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        writer_text(w, i ? ",{\"key\":\"" : "{\"key\":\"");
        writer_span(w, rows[i].key);
        writer_literal(w, "\",\"change\":\"");
        writer_text(w, names[rows[i].change]);
        writer_named_u64(w, "\",\"version\":", rows[i].version);
        writer_literal(w, "}");
    }
    writer_literal(w, "]}\n");
}

static void reply_rows(struct service *service, struct call *call, int is_trial,
                       struct reply *reply)
{
    const struct restore_row *rows;
    const struct error *error;
    size_t count;
    restore_result(service->restore, &rows, &count, &error);
    struct writer w = {0};
    write_rows(&w, rows, count, is_trial);
    char *text = malloc(w.needed);
    if (!text) {
        outcome_refuse(call, -ENOMEM, NULL, reply);
        return;
    }
    w = writer_on(text, w.needed);
    write_rows(&w, rows, count, is_trial);
    reply_heap(reply, REPLY_JSON, text, w.used);
}

static void refuse(struct service *service, struct call *call, int r, struct reply *reply)
{
    const struct restore_row *rows;
    const struct error *error;
    size_t count;
    restore_result(service->restore, &rows, &count, &error);
    if (r == -EINVAL) {
        call->reason = "bad-backup";
        reply_error(reply, 400, ERROR_BAD_REQUEST,
                    "the backup was refused and nothing was changed: %s", error->text);
    } else if (r == -ENOENT) {
        call->reason = "no-secret";
        reply_error(reply, 404, ERROR_NOT_FOUND, "%s", error->text);
    } else {
        outcome_refuse(call, r, NULL, reply);
    }
}

void restores_apply(struct service *service, struct call *call, struct reply *reply)
{
    struct wanted wanted;
    struct error why = {""};
    uint64_t ticket = 0;
    int r = read_wanted(call->body, &wanted, &why);
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    if (!service_has_settled(call, &r))
        r = restore_apply(service->restore, wanted.keys, wanted.count, wanted.is_trial,
                          clock_wall_us(), &ticket);
    int is_trial = wanted.is_trial;
    drop_wanted(&wanted);
    if (service_must_wait(call, r, ticket))
        return;
    if (r == 0)
        reply_rows(service, call, is_trial, reply);
    else
        refuse(service, call, r, reply);
}
