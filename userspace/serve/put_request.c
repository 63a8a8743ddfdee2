/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/put_request.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/name.h"
#include "crypto/arena.h"
#include "protocol.h"
#include "store/json.h"

/* ---- members ------------------------------------------------------------------------------- */

static const char *const members[] = {"workloads", "namespaces", "value",
                                      "encoding",  "template",   "format",
                                      "encrypt",   "notBefore",  "expires"};

/* A misspelt member would otherwise be an option silently not taken. */
static int check_members(const cJSON *json, struct error *error)
{
    if (!cJSON_IsObject(json))
        return error_set(error, -EINVAL, "the body must be a JSON object");
    for (const cJSON *member = json->child; member; member = member->next) {
        size_t i = 0;
        while (i < sizeof members / sizeof members[0] && strcmp(member->string, members[i]) != 0)
            i++;
        if (i == sizeof members / sizeof members[0])
            return error_set(error, -EINVAL,
                             "the body has a member that is not known; known are "
                             "workloads, namespaces, value, encoding, template, "
                             "format, encrypt, notBefore and expires");
        if (cJSON_GetObjectItemCaseSensitive(json, member->string) != member)
            return error_set(error, -EINVAL, "member '%s' is given twice", members[i]);
    }
    return 0;
}

struct unsupported {
    const char *name;
    const char *neutral; /* the value that asks for nothing */
};

static const struct unsupported unsupported[] = {
    {"template", ""},   {"format", ""},       {"format", "raw"},
    {"format", "json"}, {"notBefore", "now"}, {"expires", "never"},
};

static int is_neutral(const cJSON *member)
{
    if (cJSON_IsNull(member) || cJSON_IsFalse(member))
        return 1;
    if (!cJSON_IsString(member))
        return 0;
    if (member->valuestring[0] == '\0')
        return 1;
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++)
        if (strcmp(member->string, unsupported[i].name) == 0 &&
            strcmp(member->valuestring, unsupported[i].neutral) == 0)
            return 1;
    return 0;
}

/* What is not there yet is refused: a secret stored untransformed or for ever is a wrong answer. */
static int check_unsupported(const cJSON *json, struct error *error)
{
    static const char *const names[] = {"template", "format", "encrypt", "notBefore", "expires"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, names[i]);
        if (member && !is_neutral(member))
            return error_set(error, -ENOTSUP,
                             "'%s' is not supported by this version; nothing was "
                             "stored",
                             names[i]);
    }
    return 0;
}

/* ---- names --------------------------------------------------------------------------------- */

static int check_names(const cJSON *list, const char *what, struct error *error)
{
    if (!cJSON_IsArray(list))
        return error_set(error, -EINVAL, "'%s' must be a list of strings", what);
    for (const cJSON *name = list->child; name; name = name->next) {
        if (!cJSON_IsString(name))
            return error_set(error, -EINVAL, "'%s' must be a list of strings", what);
        if (!name_is_label(span_of(name->valuestring)))
            return error_set(error, -EINVAL, "'%.80s' in '%s' must be " NAME_LABEL_RULE,
                             name->valuestring, what);
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
    struct span key = {text, split + 1 + rest};
    if (!has_key(request, key))
        request->keys[request->key_count++] = key;
    return 0;
}

static int read_keys(struct put_request *request, struct error *error)
{
    const cJSON *workloads = cJSON_GetObjectItemCaseSensitive(request->json, "workloads");
    const cJSON *namespaces = cJSON_GetObjectItemCaseSensitive(request->json, "namespaces");
    if (!workloads || (cJSON_IsArray(workloads) && !workloads->child))
        return error_set(error, -EINVAL, "'workloads' must name at least one workload");
    int r = check_names(workloads, "workloads", error);
    if (r == 0 && namespaces)
        r = check_names(namespaces, "namespaces", error);
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
    if (request->value.length > LIMIT_VALUE)
        return error_set(error, -EFBIG, "the value has %zu bytes; at most %u are taken",
                         request->value.length, LIMIT_VALUE);
    return 0;
}

int put_request_read(struct span body, int wants_value, struct arena *arena,
                     struct put_request *ret, struct error *error)
{
    ret->json = NULL;
    ret->decoded = NULL;
    ret->value = (struct span){NULL, 0};
    ret->key_count = 0;
    const char *why;
    int r = json_read(body, &ret->json, &why);
    if (r == -EINVAL)
        error_set(error, r, "the body cannot be read: %s", why);
    if (r == 0)
        r = check_members(ret->json, error);
    if (r == 0)
        r = check_unsupported(ret->json, error);
    if (r == 0)
        r = read_keys(ret, error);
    if (r == 0 && wants_value)
        r = read_value(ret, arena, error);
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
