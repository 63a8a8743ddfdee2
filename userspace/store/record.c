/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/record.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "base/str.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "store/json.h"
#include "store/key.h"
#include "store/shape.h"

#define FORMAT 1 /* member "v": what this program writes and reads */

/* ---- reading ------------------------------------------------------------------------------- */

static int wrong(struct error *error, const char *name, const char *rule)
{
    return error_set(error, -EINVAL, "the record's '%s' must be %s", name, rule);
}

static int read_number(const cJSON *json, const char *name, uint64_t *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!cJSON_IsNumber(member) || member->valuedouble < 0 ||
        member->valuedouble > LIMIT_JSON_NUMBER ||
        member->valuedouble != (double)(uint64_t)member->valuedouble)
        return wrong(error, name, "a whole number up to 2^53");
    *ret = (uint64_t)member->valuedouble;
    return 0;
}

static int read_text(const cJSON *json, const char *name, struct span *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!cJSON_IsString(member))
        return wrong(error, name, "a string");
    *ret = span_of(member->valuestring);
    return 0;
}

static int read_time(const cJSON *json, const char *name, int64_t *ret, struct error *error)
{
    struct span text;
    int r = read_text(json, name, &text, error);
    if (r == 0 && clock_parse(text, ret) < 0)
        r = wrong(error, name, "a time in RFC 3339");
    return r;
}

static int read_moment(const cJSON *json, const char *name, int64_t *ret, struct error *error)
{
    struct span text;
    int r = read_text(json, name, &text, error);
    /* A time that depends on when it is read has no place in a record. */
    if (r == 0 && (text.data[0] == '+' || validity_read(text, 0, ret) < 0))
        r = wrong(error, name, "a time in RFC 3339, now or never");
    return r;
}

static int read_key(const cJSON *json, struct record *ret, struct error *error)
{
    struct span namespace, workload;
    int r = read_text(json, "namespace", &namespace, error);
    if (r == 0)
        r = read_text(json, "workload", &workload, error);
    if (r < 0)
        return r;
    if (!name_is_label(namespace) || !key_is_name(workload))
        return wrong(error, "namespace' and 'workload", "parts of " KEY_RULE);
    struct writer w = writer_on(ret->key_text, sizeof ret->key_text);
    writer_span(&w, namespace);
    writer_literal(&w, "/");
    writer_span(&w, workload);
    ret->key = (struct span){ret->key_text, w.used};
    return 0;
}

static int decode(struct arena *arena, struct record *ret, struct error *error)
{
    if (ret->value.length == 0)
        return 0;
    ret->decoded = arena_alloc(arena, ret->value.length);
    if (!ret->decoded)
        return -ENOSPC;
    long length = base64_decode(ret->value, ret->decoded);
    if (length < 0)
        return wrong(error, "value", "base64 (RFC 4648, with padding)");
    ret->value = (struct span){ret->decoded, (size_t)length};
    return 0;
}

static int read_optional(const cJSON *json, const char *name, struct span *ret, struct error *error)
{
    return cJSON_GetObjectItemCaseSensitive(json, name) ? read_text(json, name, ret, error) : 0;
}

static int read_shape(const cJSON *json, struct record *ret, struct error *error)
{
    int r = read_optional(json, "template", &ret->template, error);
    if (r == 0 && ret->template.length > LIMIT_TEMPLATE)
        r = wrong(error, "template", "64 KiB at most");
    if (r == 0)
        r = read_optional(json, "format", &ret->format, error);
    if (r == 0 && ret->format.length && !shape_is_format(ret->format))
        r = wrong(error, "format", SHAPE_FORMATS);
    return r;
}

static int read_adopt(const cJSON *json, struct record *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, "adopt");
    ret->adopts = cJSON_IsTrue(member);
    if (member && (!cJSON_IsBool(member) || (ret->adopts && !key_is_export(ret->key))))
        return wrong(error, "adopt", "true or false, and true of a Kubernetes Secret only");
    return 0;
}

static int read_value(const cJSON *json, struct arena *arena, struct record *ret,
                      struct error *error)
{
    const cJSON *encoding = cJSON_GetObjectItemCaseSensitive(json, "encoding");
    int r = read_shape(json, ret, error);
    if (r == 0)
        r = read_adopt(json, ret, error);
    if (r == 0)
        r = read_text(json, "value", &ret->value, error);
    if (r == 0 && encoding) {
        if (!cJSON_IsString(encoding) || strcmp(encoding->valuestring, "base64") != 0)
            return wrong(error, "encoding", "\"base64\"");
        r = decode(arena, ret, error);
    }
    if (r == 0 && (ret->value.length == 0 || ret->value.length > LIMIT_VALUE))
        r = wrong(error, "value", "1 byte to 1 MiB");
    return r;
}

static int read_members(const cJSON *json, struct arena *arena, struct record *ret,
                        struct error *error)
{
    uint64_t format;
    struct span op;
    if (!cJSON_IsObject(json))
        return error_set(error, -EINVAL, "a record must be a JSON object");
    int r = read_number(json, "v", &format, error);
    if (r == 0 && format != FORMAT)
        r = wrong(error, "v", "1: a newer program wrote this");
    if (r == 0)
        r = read_text(json, "op", &op, error);
    if (r == 0 && label_read_op(op, &ret->op) < 0)
        r = wrong(error, "op", "put, expire or delete");
    if (r == 0)
        r = read_number(json, "sequence", &ret->sequence, error);
    if (r == 0)
        r = read_key(json, ret, error);
    if (r == 0)
        r = read_number(json, "version", &ret->version, error);
    if (r == 0 && ret->version == 0)
        r = wrong(error, "version", "1 or more");
    if (r == 0)
        r = read_time(json, "created", &ret->created_us, error);
    if (r == 0)
        r = read_time(json, "updated", &ret->updated_us, error);
    if (r == 0)
        r = read_moment(json, "notBefore", &ret->validity.not_before_us, error);
    if (r == 0)
        r = read_moment(json, "expires", &ret->validity.expires_us, error);
    if (r == 0 && ret->op == RECORD_PUT)
        r = read_value(json, arena, ret, error);
    return r;
}

int record_read(struct span payload, struct arena *arena, struct record *ret, struct error *error)
{
    const char *why;
    *ret = (struct record){.op = RECORD_DELETE};
    int r = json_read(payload, &ret->json, &why);
    if (r == -EINVAL)
        error_set(error, r, "the record cannot be read: %s", why);
    if (r == 0)
        r = read_members(ret->json, arena, ret, error);
    if (r < 0)
        record_done(arena, ret);
    return r;
}

void record_done(struct arena *arena, struct record *record)
{
    cJSON_Delete(record->json);
    arena_free(arena, record->decoded);
    record->json = NULL;
    record->decoded = NULL;
    record->value = record->template = record->format = (struct span){NULL, 0};
}

/* ---- the label ------------------------------------------------------------------------------- */

struct label record_label(const struct record *record)
{
    return (struct label){.op = record->op,
                          .key = record->key,
                          .version = record->version,
                          .updated_us = record->updated_us,
                          .validity = record->validity};
}

int record_matches(const struct record *sealed, const struct label *label, uint64_t sequence)
{
    struct label own = record_label(sealed);
    return sealed->sequence == sequence && label_equals(&own, label);
}
