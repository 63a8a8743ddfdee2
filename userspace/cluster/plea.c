/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/plea.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "base/name.h"
#include "base/writer.h"
#include "crypto/age_whole.h"
#include "crypto/arena.h"
#include "store/json.h"

void plea_write(struct writer *w, const struct plea *plea)
{
    char recipient[AGE_KEY_RECIPIENT_TEXT];
    age_key_write_recipient(&plea->recipient, recipient);
    writer_literal(w, PLEA_BEGINNING);
    writer_json(w, plea->node.data, plea->node.length);
    writer_literal(w, ",\"recipient\":\"");
    writer_text(w, recipient);
    writer_literal(w, "\",\"token\":");
    writer_json(w, plea->token.data, plea->token.length);
    writer_literal(w, "}");
}

static struct span member(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsString(item) ? span_of(item->valuestring) : SPAN_LITERAL("");
}

static int read_members(const cJSON *json, struct plea *ret, struct error *error)
{
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(json, "v");
    if (!cJSON_IsObject(json) || !cJSON_IsNumber(format) || format->valuedouble != 1)
        return error_set(error, -EINVAL, "the request is none of version 1");
    ret->node = member(json, "node");
    ret->token = member(json, "token");
    if (!name_is_subdomain(ret->node))
        return error_set(error, -EINVAL, "the request's 'node' must be " NAME_SUBDOMAIN_RULE);
    if (age_key_read_recipient(member(json, "recipient"), &ret->recipient) < 0)
        return error_set(error, -EINVAL, "the request's 'recipient' must be an age recipient");
    if (!ret->token.length || ret->token.length > LIMIT_WIRE_TOKEN)
        return error_set(error, -EINVAL, "the request's 'token' must be a token");
    return 0;
}

int plea_read(struct span payload, struct plea *ret, struct error *error)
{
    const char *why;
    *ret = (struct plea){.json = NULL};
    int r = json_read(payload, &ret->json, &why);
    if (r == -EINVAL)
        error_set(error, r, "the request cannot be read: %s", why);
    if (r == 0)
        r = read_members(ret->json, ret, error);
    if (r < 0)
        plea_done(ret);
    return r;
}

int plea_seal(struct arena *arena, const struct plea *plea, const struct age_recipient *root,
              char **ret, size_t *length)
{
    struct writer count = {0};
    plea_write(&count, plea);
    char *plain = arena_alloc(arena, count.needed);
    if (!plain)
        return -ENOSPC;
    struct writer w = writer_on(plain, count.needed);
    plea_write(&w, plea);
    int r = age_whole_make(arena, (struct span){plain, w.used}, root, 1, ret, length);
    arena_free(arena, plain);
    return r;
}

int plea_open(struct arena *arena, const struct age_identity *identities, size_t count,
              struct span sealed, struct plea *ret, struct error *error)
{
    char *plain;
    size_t length;
    int r = age_whole_open(arena, sealed, identities, count, &plain, &length, NULL, error);
    if (r < 0)
        return r;
    r = plea_read((struct span){plain, length}, ret, error);
    arena_free(arena, plain);
    return r;
}

void plea_done(struct plea *plea)
{
    cJSON_Delete(plea->json);
    *plea = (struct plea){.json = NULL};
}
