/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/wrap_json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/name.h"
#include "base/writer.h"
#include "cluster/wrap.h"
#include "crypto/arena.h"
#include "store/json.h"

#define FORMAT 1 /* member "v": what this program writes and reads */

/* ---- writing ----------------------------------------------------------------------------------
 */

static void write_recipient(struct writer *w, const struct age_recipient *recipient)
{
    char text[AGE_KEY_RECIPIENT_TEXT];
    age_key_write_recipient(recipient, text);
    writer_literal(w, "\"");
    writer_text(w, text);
    writer_literal(w, "\"");
}

/* Written in place: a copy on the stack would have to be wiped. */
static void write_identity(struct writer *w, const struct age_identity *identity)
{
    writer_literal(w, "\"");
    if (w->size - w->used >= AGE_KEY_IDENTITY_TEXT && writer_ok(w)) {
        age_key_write_identity(identity, w->data + w->used);
        w->used += AGE_KEY_IDENTITY_TEXT - 1;
    }
    w->needed += AGE_KEY_IDENTITY_TEXT - 1;
    writer_literal(w, "\"");
}

static void write_nodes(struct writer *w, const char *name, const struct wrap_nodes *nodes)
{
    writer_text(w, name);
    writer_literal(w, "[");
    for (size_t i = 0; i < nodes->count; i++) {
        writer_text(w, i ? ",{\"name\":" : "{\"name\":");
        writer_json(w, nodes->list[i].name, strlen(nodes->list[i].name));
        writer_literal(w, ",\"recipient\":");
        write_recipient(w, &nodes->list[i].recipient);
        writer_literal(w, "}");
    }
    writer_literal(w, "]");
}

static void write_secret(struct writer *w, const struct wrap_secret *secret)
{
    writer_literal(w, ",\"identities\":[");
    for (size_t i = 0; i < secret->identities; i++) {
        writer_text(w, i ? "," : "");
        write_identity(w, &secret->identity[i]);
    }
    writer_literal(w, "],\"lineage\":[");
    for (size_t i = 0; i < secret->tokens; i++) {
        writer_text(w, i ? ",\"" : "\"");
        writer_base64(w, secret->token[i], WRAP_TOKEN);
        writer_literal(w, "\"");
    }
    writer_literal(w, "]");
}

void wrap_json_write(struct writer *w, const struct wrap *wrap)
{
    writer_named_u64(w, WRAP_JSON_BEGINNING, wrap->generation);
    writer_literal(w, ",\"mode\":\"");
    writer_text(w, wrap_mode_name(wrap->mode));
    writer_literal(w, "\"");
    write_secret(w, wrap->secret);
    write_nodes(w, ",\"nodes\":", &wrap->nodes);
    write_nodes(w, ",\"approved\":", &wrap->approved);
    writer_literal(w, ",\"removed\":[");
    for (size_t i = 0; i < wrap->barred; i++) {
        writer_text(w, i ? "," : "");
        writer_json(w, wrap->barred_name[i], strlen(wrap->barred_name[i]));
    }
    writer_literal(w, "],\"recovery\":[");
    for (size_t i = 0; i < wrap->recoveries; i++) {
        writer_text(w, i ? "," : "");
        write_recipient(w, &wrap->recovery[i]);
    }
    writer_literal(w, "]}");
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static int wrong(struct error *error, const char *name, const char *rule)
{
    return error_set(error, -EINVAL, "the root key's '%s' must be %s", name, rule);
}

/* A member that is an array, or an empty one's NULL child; -EINVAL when it is something else. */
static int read_list(const cJSON *json, const char *name, const cJSON **ret, struct error *error)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, name);
    *ret = NULL;
    if (!list)
        return 0; /* a program before this one knew no such list */
    if (!cJSON_IsArray(list))
        return wrong(error, name, "a list");
    *ret = list->child;
    return 0;
}

static struct span text_of(const cJSON *item)
{
    return cJSON_IsString(item) ? span_of(item->valuestring) : SPAN_LITERAL("");
}

static int read_identities(const cJSON *json, struct wrap *wrap, struct error *error)
{
    struct wrap_secret *secret = wrap->secret;
    const cJSON *item;
    int r = read_list(json, "identities", &item, error);
    for (; r == 0 && item; item = item->next)
        if (secret->identities == ROOTKEY_MAX ||
            age_key_read_identity(text_of(item), &secret->identity[secret->identities++]) < 0)
            return wrong(error, "identities", "a few age identities");
    if (r == 0 && !secret->identities)
        return wrong(error, "identities", "one at least");
    return r;
}

static int read_lineage(const cJSON *json, struct wrap *wrap, struct error *error)
{
    char bytes[WRAP_TOKEN + 4];
    struct wrap_secret *secret = wrap->secret;
    const cJSON *item;
    int r = read_list(json, "lineage", &item, error);
    for (; r == 0 && item; item = item->next) {
        struct span text = text_of(item);
        if (secret->tokens == LIMIT_ROOT_LINEAGE || text.length != (WRAP_TOKEN + 2) / 3 * 4 ||
            base64_decode(text, bytes) != WRAP_TOKEN)
            r = wrong(error, "lineage", "a list of 16 bytes each in base64");
        else
            memcpy(secret->token[secret->tokens++], bytes, WRAP_TOKEN);
    }
    arena_wipe(bytes, sizeof bytes);
    return r;
}

static int read_nodes(const cJSON *json, const char *name, struct wrap_nodes *ret,
                      struct error *error)
{
    const cJSON *item;
    int r = read_list(json, name, &item, error);
    for (; r == 0 && item; item = item->next) {
        struct age_recipient recipient;
        struct span node = text_of(cJSON_GetObjectItemCaseSensitive(item, "name"));
        struct span public = text_of(cJSON_GetObjectItemCaseSensitive(item, "recipient"));
        if (!cJSON_IsObject(item) || !name_is_subdomain(node) || wrap_find(ret, node) ||
            age_key_read_recipient(public, &recipient) < 0)
            return wrong(error, name, "a list of a name and a recipient each");
        if (wrap_put(ret, node, &recipient) < 0)
            return wrong(error, name, "shorter: there are too many nodes");
    }
    return r;
}

static int read_barred(const cJSON *json, struct wrap *wrap, struct error *error)
{
    const cJSON *item;
    int r = read_list(json, "removed", &item, error);
    for (; r == 0 && item; item = item->next) {
        if (!name_is_subdomain(text_of(item)) || wrap->barred == LIMIT_NODES_BARRED)
            return wrong(error, "removed", "a list of names");
        wrap_bar(wrap, text_of(item));
    }
    return r;
}

static int read_recovery(const cJSON *json, struct wrap *wrap, struct error *error)
{
    const cJSON *item;
    int r = read_list(json, "recovery", &item, error);
    for (; r == 0 && item; item = item->next)
        if (wrap->recoveries == LIMIT_RECOVERY ||
            age_key_read_recipient(text_of(item), &wrap->recovery[wrap->recoveries++]) < 0)
            return wrong(error, "recovery", "a few age recipients");
    return r;
}

static int read_number(const cJSON *json, const char *name, uint64_t *ret, struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!cJSON_IsNumber(member) || member->valuedouble < 1 ||
        member->valuedouble >= LIMIT_JSON_NUMBER ||
        member->valuedouble != (double)(uint64_t)member->valuedouble)
        return wrong(error, name, "a whole number from 1 to below 2^53");
    *ret = (uint64_t)member->valuedouble;
    return 0;
}

static int read_mode(const cJSON *json, enum root_mode *ret, struct error *error)
{
    struct span text = text_of(cJSON_GetObjectItemCaseSensitive(json, "mode"));
    for (enum root_mode mode = ROOT_AUTO; mode <= ROOT_MANUAL; mode++)
        if (span_is(text, wrap_mode_name(mode))) {
            *ret = mode;
            return 0;
        }
    return wrong(error, "mode", "auto, approve or manual");
}

static int read_members(const cJSON *json, struct wrap *wrap, struct error *error)
{
    uint64_t format = 0;
    if (!cJSON_IsObject(json))
        return error_set(error, -EINVAL, "the root key must be a JSON object");
    int r = read_number(json, "v", &format, error);
    if (r == 0 && format != FORMAT)
        r = wrong(error, "v", "1: a newer program wrote this");
    if (r == 0)
        r = read_number(json, "generation", &wrap->generation, error);
    if (r == 0)
        r = read_mode(json, &wrap->mode, error);
    if (r == 0)
        r = read_identities(json, wrap, error);
    if (r == 0)
        r = read_lineage(json, wrap, error);
    if (r == 0)
        r = read_nodes(json, "nodes", &wrap->nodes, error);
    if (r == 0)
        r = read_nodes(json, "approved", &wrap->approved, error);
    if (r == 0)
        r = read_barred(json, wrap, error);
    return r == 0 ? read_recovery(json, wrap, error) : r;
}

int wrap_json_read(struct arena *arena, struct span payload, struct wrap **ret, struct error *error)
{
    const char *why;
    cJSON *json = NULL;
    struct wrap *wrap = wrap_new(arena, NULL, 0);
    if (!wrap)
        return error_set(error, -ENOMEM, "out of memory");
    int r = json_read(payload, &json, &why);
    if (r == -EINVAL)
        error_set(error, r, "the root key cannot be read: %s", why);
    if (r == 0)
        r = read_members(json, wrap, error);
    cJSON_Delete(json);
    if (r < 0) {
        wrap_free(wrap);
        return r;
    }
    *ret = wrap;
    return 0;
}
