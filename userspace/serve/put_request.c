/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/put_request.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/name.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "protocol.h"
#include "store/change.h"
#include "store/json.h"
#include "store/key.h"
#include "store/shape.h"

/* ---- members ------------------------------------------------------------------------------- */

#define PUT (1u << PUT_REQUEST_PUT)
#define DELETE (1u << PUT_REQUEST_DELETE)
#define ROLLBACK (1u << PUT_REQUEST_ROLLBACK)

static const struct {
    const char *name;
    unsigned kinds; /* of requests that take it */
} members[] = {
    {"workloads", PUT | DELETE | ROLLBACK},
    {"namespaces", PUT | DELETE | ROLLBACK},
    {"value", PUT},
    {"encoding", PUT},
    {"encrypt", PUT},
    {"template", PUT},
    {"format", PUT},
    {"notBefore", PUT | ROLLBACK},
    {"expires", PUT | ROLLBACK},
    {"adopt", PUT},
    {"ifVersion", PUT | ROLLBACK},
    {"version", ROLLBACK},
};

#define MEMBERS (sizeof members / sizeof members[0])

static int unknown_member(unsigned kind, struct error *error)
{
    char known[256];
    struct writer w = writer_on(known, sizeof known - 1);
    for (size_t i = 0; i < MEMBERS; i++)
        if (members[i].kinds & kind) {
            writer_text(&w, w.used ? ", " : "");
            writer_text(&w, members[i].name);
        }
    known[w.used] = '\0';
    return error_set(error, -EINVAL, "the body has a member that is not known; known are %s",
                     known);
}

/* A misspelt member would otherwise be an option silently not taken. */
static int check_members(const cJSON *json, unsigned kind, struct error *error)
{
    if (!cJSON_IsObject(json))
        return error_set(error, -EINVAL, "the body must be a JSON object");
    for (const cJSON *member = json->child; member; member = member->next) {
        size_t i = 0;
        while (i < MEMBERS &&
               (!(members[i].kinds & kind) || strcmp(member->string, members[i].name) != 0))
            i++;
        if (i == MEMBERS)
            return unknown_member(kind, error);
        if (cJSON_GetObjectItemCaseSensitive(json, member->string) != member)
            return error_set(error, -EINVAL, "member '%s' is given twice", members[i].name);
    }
    return 0;
}

static int is_absent(const cJSON *member)
{
    return !member || cJSON_IsNull(member) ||
           (cJSON_IsString(member) && member->valuestring[0] == '\0');
}

/* ---- shape --------------------------------------------------------------------------------- */

static int read_text(const cJSON *json, const char *name, struct span *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    *ret = (struct span){NULL, 0};
    if (is_absent(member))
        return 0;
    if (!cJSON_IsString(member))
        return error_set(error, -EINVAL, "'%s' must be a string", name);
    *ret = span_of(member->valuestring);
    return 0;
}

static int read_shape(struct put_request *request, struct error *error)
{
    int r = read_text(request->json, "template", &request->template, error);
    if (r == 0)
        r = read_text(request->json, "format", &request->format, error);
    if (r < 0)
        return r;
    if (request->template.length > LIMIT_TEMPLATE)
        return error_set(error, -EFBIG, "the template has %zu bytes; at most %u are taken",
                         request->template.length, LIMIT_TEMPLATE);
    if (request->format.length && !shape_is_format(request->format))
        return error_set(error, -EINVAL, "'format' must be " SHAPE_FORMATS);
    return 0;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static int read_number(const cJSON *json, const char *name, uint64_t *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!member || cJSON_IsNull(member))
        return 0;
    double value = cJSON_IsNumber(member) ? member->valuedouble : -1;
    if (value < 0 || value > LIMIT_JSON_NUMBER || value != (double)(uint64_t)value)
        return error_set(error, -EINVAL, "'%s' must be a whole number, 0 or more", name);
    *ret = (uint64_t)value;
    return 0;
}

static int read_moment(struct put_request *request, const char *name, int64_t now_us, int64_t *ret,
                       struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(request->json, name);
    if (is_absent(member))
        return 0;
    request->has_validity = 1;
    if (!cJSON_IsString(member) || validity_read(span_of(member->valuestring), now_us, ret) < 0)
        return error_set(error, -EINVAL, "'%s' must be %s, or " VALIDITY_RULE, name,
                         strcmp(name, "expires") == 0 ? "\"never\"" : "\"now\"");
    return 0;
}

static int read_conditions(struct put_request *request, int64_t now_us, struct error *error)
{
    struct validity *validity = &request->validity;
    int r = read_number(request->json, "ifVersion", &request->if_version, error);
    if (r == 0)
        r = read_number(request->json, "version", &request->version, error);
    if (r == 0)
        r = read_moment(request, "notBefore", now_us, &validity->not_before_us, error);
    if (r == 0)
        r = read_moment(request, "expires", now_us, &validity->expires_us, error);
    if (r < 0)
        return r;
    if (validity->expires_us <= now_us)
        return error_set(error, -EINVAL, "'expires' lies in the past; delete the secret instead");
    if (validity->expires_us <= validity->not_before_us)
        return error_set(error, -EINVAL, "'expires' must be later than 'notBefore'");
    return 0;
}

/* ---- names --------------------------------------------------------------------------------- */

static int refuse_name(const char *name, const char *what, struct error *error)
{
    const char *rule =
        key_asks_export(span_of(name)) ? "k8s: and behind it " KEY_EXPORT_RULE : NAME_LABEL_RULE;
    return error_set(error, -EINVAL, "'%.80s' in '%s' must be %s", name, what, rule);
}

static int check_names(const cJSON *list, const char *what, int (*is_good)(struct span name),
                       struct error *error)
{
    if (!cJSON_IsArray(list))
        return error_set(error, -EINVAL, "'%s' must be a list of strings", what);
    for (const cJSON *name = list->child; name; name = name->next) {
        if (!cJSON_IsString(name))
            return error_set(error, -EINVAL, "'%s' must be a list of strings", what);
        if (!is_good(span_of(name->valuestring)))
            return refuse_name(name->valuestring, what, error);
    }
    return 0;
}

static int has_key(const struct put_request *request, struct span key)
{
    for (size_t i = 0; i < request->key_count; i++)
        if (span_equal(request->keys[i], key))
            return 1;
    return 0;
}

static int add_key(struct put_request *request, const char *namespace, const char *workload,
                   struct error *error)
{
    if (request->key_count == LIMIT_TARGETS)
        return error_set(error, -EINVAL, "more than %u secrets are named at once", LIMIT_TARGETS);
    char *text = request->key_text[request->key_count];
    size_t split = strlen(namespace), rest = strlen(workload);
    memcpy(text, namespace, split);
    text[split] = '/';
    memcpy(text + split + 1, workload, rest + 1);
    key_unify(text);
    struct span key = {text, split + 1 + rest};
    if (!has_key(request, key))
        request->keys[request->key_count++] = key;
    return 0;
}

static int read_keys(struct put_request *request, int may_be_none, struct error *error)
{
    const cJSON *workloads = cJSON_GetObjectItemCaseSensitive(request->json, "workloads");
    const cJSON *namespaces = cJSON_GetObjectItemCaseSensitive(request->json, "namespaces");
    int is_none = !workloads || (cJSON_IsArray(workloads) && !workloads->child);
    if (is_none && may_be_none)
        return 0;
    if (is_none)
        return error_set(error, -EINVAL, "'workloads' must name at least one workload");
    int r = check_names(workloads, "workloads", key_is_asked, error);
    if (r == 0 && namespaces)
        r = check_names(namespaces, "namespaces", name_is_label, error);
    if (r < 0)
        return r;
    const cJSON *first = namespaces ? namespaces->child : NULL;
    for (const cJSON *workload = workloads->child; workload; workload = workload->next) {
        const cJSON *namespace = first;
        do {
            r = add_key(request, namespace ? namespace->valuestring : PROTOCOL_DEFAULT_NAMESPACE,
                        workload->valuestring, error);
            namespace = namespace ? namespace->next : NULL;
        } while (r == 0 && namespace);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- the value ----------------------------------------------------------------------------- */

static int decode_value(struct put_request *request, struct arena *arena, struct error *error)
{
    if (request->value.length == 0)
        return 0;
    request->decoded = arena_alloc(arena, request->value.length);
    if (!request->decoded)
        return -ENOSPC;
    long length = base64_decode(request->value, request->decoded);
    if (length < 0)
        return error_set(error, -EINVAL, "'value' is not base64 (RFC 4648, with padding)");
    request->value = (struct span){request->decoded, (size_t)length};
    return 0;
}

static int read_value(struct put_request *request, struct arena *arena, struct error *error)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(request->json, "value");
    const cJSON *encoding = cJSON_GetObjectItemCaseSensitive(request->json, "encoding");
    if (!cJSON_IsString(value))
        return error_set(error, -EINVAL, "'value' must be a string");
    request->value = span_of(value->valuestring);
    if (encoding) {
        if (!cJSON_IsString(encoding) || strcmp(encoding->valuestring, "base64") != 0)
            return error_set(error, -EINVAL, "'encoding' may only be \"base64\"");
        int r = decode_value(request, arena, error);
        if (r < 0)
            return r;
    }
    if (request->value.length == 0)
        return error_set(error, -EINVAL, "'value' is empty; delete the secret instead");
    if (request->value.length > LIMIT_VALUE && !request->is_sealed)
        return error_set(error, -EFBIG, "the value has %zu bytes; at most %u are taken",
                         request->value.length, LIMIT_VALUE);
    return 0;
}

static int read_flag(const cJSON *json, const char *name, int *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    *ret = cJSON_IsTrue(member);
    if (member && !cJSON_IsBool(member) && !cJSON_IsNull(member))
        return error_set(error, -EINVAL, "'%s' must be true or false", name);
    return 0;
}

/* Whoever asks for what a workload's secret cannot do must not think it was done. */
static int read_adopt(struct put_request *request, struct error *error)
{
    int r = read_flag(request->json, "adopt", &request->adopts, error);
    for (size_t i = 0; r == 0 && request->adopts && i < request->key_count; i++)
        if (!key_is_export(request->keys[i]))
            r = error_set(error, -EINVAL, "'adopt' is for Kubernetes Secrets (k8s:NAME) only");
    return r;
}

static int read_body(struct put_request *request, enum put_request_kind kind, struct arena *arena,
                     int64_t now_us, struct error *error)
{
    int r = check_members(request->json, 1u << kind, error);
    if (r == 0)
        r = read_shape(request, error);
    if (r == 0)
        r = read_flag(request->json, "encrypt", &request->is_sealed, error);
    if (r == 0)
        r = read_keys(request, kind == PUT_REQUEST_PUT && request->is_sealed, error);
    if (r == 0)
        r = read_adopt(request, error);
    if (r == 0 && kind != PUT_REQUEST_DELETE)
        r = read_conditions(request, now_us, error);
    if (r == 0 && kind == PUT_REQUEST_PUT)
        r = read_value(request, arena, error);
    if (r == 0 && kind == PUT_REQUEST_ROLLBACK && (!request->version || request->key_count != 1))
        r = error_set(error, -EINVAL, "a rollback names one secret, and its 'version' from 1 on");
    return r;
}

int put_request_read(struct span body, enum put_request_kind kind, struct arena *arena,
                     int64_t now_us, struct put_request *ret, struct error *error)
{
    ret->json = NULL;
    ret->decoded = NULL;
    ret->value = (struct span){NULL, 0};
    ret->validity = VALIDITY_ALWAYS;
    ret->has_validity = 0;
    ret->is_sealed = 0;
    ret->adopts = 0;
    ret->if_version = CHANGE_ANY_VERSION;
    ret->version = 0;
    ret->key_count = 0;
    const char *why;
    int r = json_read(body, &ret->json, &why);
    if (r == -EINVAL)
        error_set(error, r, "the body cannot be read: %s", why);
    if (r == 0)
        r = read_body(ret, kind, arena, now_us, error);
    if (r < 0)
        put_request_done(arena, ret);
    return r;
}

void put_request_done(struct arena *arena, struct put_request *request)
{
    cJSON_Delete(request->json);
    arena_free(arena, request->decoded);
    request->json = NULL;
    request->decoded = NULL;
}
