/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/wrap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/wrap_json.h"
#include "crypto/age_whole.h"
#include "crypto/arena.h"
#include "crypto/hkdf.h"

static_assert(LIMIT_NODES + LIMIT_RECOVERY + 1 <= LIMIT_AGE_RECIPIENTS, "more than a file takes");
static_assert(LIMIT_NODES * (LIMIT_DNS_SUBDOMAIN + 1) <= LIMIT_WIRE_LIST, "names in the clear");

static const char *const modes[] = {
    [ROOT_AUTO] = "auto", [ROOT_APPROVE] = "approve", [ROOT_MANUAL] = "manual"};

const char *wrap_mode_name(enum root_mode mode)
{
    return modes[mode];
}

struct wrap *wrap_new(struct arena *arena, const struct age_identity *identities, size_t count)
{
    struct wrap *wrap = calloc(1, sizeof *wrap);
    if (!wrap)
        return NULL;
    wrap->arena = arena;
    wrap->secret = arena_alloc(arena, sizeof *wrap->secret);
    if (!wrap->secret) {
        free(wrap);
        return NULL;
    }
    wrap->secret->identities = count < ROOTKEY_MAX ? count : ROOTKEY_MAX;
    if (count)
        memcpy(wrap->secret->identity, identities, wrap->secret->identities * sizeof *identities);
    return wrap;
}

struct wrap *wrap_copy(const struct wrap *wrap)
{
    struct wrap *copy = wrap_new(wrap->arena, NULL, 0);
    if (!copy)
        return NULL;
    struct wrap_secret *secret = copy->secret;
    *secret = *wrap->secret;
    *copy = *wrap;
    copy->secret = secret;
    return copy;
}

void wrap_free(struct wrap *wrap)
{
    if (!wrap)
        return;
    arena_free(wrap->arena, wrap->secret);
    free(wrap);
}

/* ---- changes ----------------------------------------------------------------------------------
 */

struct wrap_node *wrap_find(const struct wrap_nodes *nodes, struct span name)
{
    for (size_t i = 0; i < nodes->count; i++)
        if (span_is(name, nodes->list[i].name))
            return (struct wrap_node *)&nodes->list[i];
    return NULL;
}

int wrap_put(struct wrap_nodes *nodes, struct span name, const struct age_recipient *recipient)
{
    struct wrap_node *node = wrap_find(nodes, name);
    if (!node && nodes->count == LIMIT_NODES)
        return -ENOSPC;
    if (!node)
        node = &nodes->list[nodes->count++];
    node->recipient = *recipient;
    return str_copy(node->name, sizeof node->name, name);
}

int wrap_drop(struct wrap_nodes *nodes, struct span name)
{
    struct wrap_node *node = wrap_find(nodes, name);
    if (!node)
        return 0;
    size_t behind = nodes->count - (size_t)(node - nodes->list) - 1;
    memmove(node, node + 1, behind * sizeof *node);
    nodes->count--;
    return 1;
}

static size_t find_barred(const struct wrap *wrap, struct span name)
{
    size_t i = 0;
    while (i < wrap->barred && !span_is(name, wrap->barred_name[i]))
        i++;
    return i;
}

static void remove_barred(struct wrap *wrap, size_t at)
{
    size_t behind = wrap->barred - at - 1;
    memmove(wrap->barred_name[at], wrap->barred_name[at + 1], behind * sizeof wrap->barred_name[0]);
    wrap->barred--;
}

int wrap_is_barred(const struct wrap *wrap, struct span name)
{
    return find_barred(wrap, name) < wrap->barred;
}

void wrap_bar(struct wrap *wrap, struct span name)
{
    wrap_unbar(wrap, name);
    if (wrap->barred == LIMIT_NODES_BARRED)
        remove_barred(wrap, 0);
    str_copy(wrap->barred_name[wrap->barred++], sizeof wrap->barred_name[0], name);
}

void wrap_unbar(struct wrap *wrap, struct span name)
{
    size_t at = find_barred(wrap, name);
    if (at < wrap->barred)
        remove_barred(wrap, at);
}

int wrap_set_recovery(struct wrap *wrap, const char *recipients, struct error *error)
{
    struct span rest = span_of(recipients), word;
    wrap->recoveries = 0;
    while (file_next_word(&rest, &word)) {
        if (wrap->recoveries == LIMIT_RECOVERY)
            return error_set(error, -E2BIG, "there are more than %u recovery recipients",
                             LIMIT_RECOVERY);
        if (age_key_read_recipient(word, &wrap->recovery[wrap->recoveries]) < 0)
            return error_set(error, -EINVAL,
                             "recovery recipient '%.*s' is no age recipient (age1...)",
                             (int)(word.length < 80 ? word.length : 80), word.data);
        wrap->recoveries++;
    }
    return 0;
}

/* What tells whoever knows IDENTITY that it was known, and tells nobody what it is. */
static void make_token(const struct age_identity *identity, unsigned char ret[WRAP_TOKEN])
{
    static const struct span no_salt = {NULL, 0}, info = SPAN_LITERAL("vsecm.com/lineage");
    hkdf_sha256(hkdf_bytes(identity->scalar, sizeof identity->scalar), no_salt, info, ret,
                WRAP_TOKEN);
}

int wrap_renew(struct wrap *wrap)
{
    struct wrap_secret *secret = wrap->secret;
    if (secret->identities == ROOTKEY_MAX)
        return -ENOSPC;
    memmove(&secret->identity[1], &secret->identity[0],
            secret->identities * sizeof secret->identity[0]);
    age_key_generate(&secret->identity[0]);
    secret->identities++;
    return 0;
}

void wrap_settle(struct wrap *wrap)
{
    struct wrap_secret *secret = wrap->secret;
    while (secret->identities > 1) {
        size_t last = secret->identities - 1; /* the oldest first, so that the newest is in front */
        size_t kept = secret->tokens < LIMIT_ROOT_LINEAGE ? secret->tokens : LIMIT_ROOT_LINEAGE - 1;
        memmove(secret->token[1], secret->token[0], kept * WRAP_TOKEN);
        make_token(&secret->identity[last], secret->token[0]);
        secret->tokens = kept + 1;
        age_key_wipe(&secret->identity[last]);
        secret->identities--;
    }
}

/* ---- questions --------------------------------------------------------------------------------
 */

static int holds(const struct wrap_secret *secret, const struct age_identity *identity)
{
    for (size_t i = 0; i < secret->identities; i++)
        if (memcmp(&secret->identity[i], identity, sizeof *identity) == 0)
            return 1;
    return 0;
}

static int descends(const struct wrap_secret *secret, const struct age_identity *identity)
{
    unsigned char token[WRAP_TOKEN];
    int found = 0;
    make_token(identity, token);
    for (size_t i = 0; i < secret->tokens && !found; i++)
        found = memcmp(secret->token[i], token, WRAP_TOKEN) == 0;
    arena_wipe(token, sizeof token);
    return found;
}

int wrap_follows(const struct wrap *wrap, const struct wrap *next)
{
    for (size_t i = 0; i < wrap->secret->identities; i++)
        if (holds(next->secret, &wrap->secret->identity[i]) ||
            descends(next->secret, &wrap->secret->identity[i]))
            return 1;
    return 0;
}

int wrap_has(const struct wrap *wrap, struct span name, const struct age_recipient *recipient)
{
    const struct wrap_node *node = wrap_find(&wrap->nodes, name);
    return node && memcmp(&node->recipient, recipient, sizeof *recipient) == 0;
}

/* ---- sealed -----------------------------------------------------------------------------------
 */

/* Everybody who can open it. */
static size_t list_readers(const struct wrap *wrap, struct age_recipient ret[LIMIT_AGE_RECIPIENTS])
{
    size_t count = 0;
    ret[count++] = wrap->secret->identity[0].recipient;
    for (size_t i = 0; i < wrap->nodes.count; i++)
        ret[count++] = wrap->nodes.list[i].recipient;
    for (size_t i = 0; i < wrap->recoveries; i++)
        ret[count++] = wrap->recovery[i];
    return count;
}

int wrap_seal(const struct wrap *wrap, char **ret, size_t *length)
{
    struct age_recipient to[LIMIT_AGE_RECIPIENTS];
    struct writer count = {0};
    wrap_json_write(&count, wrap);
    size_t size = count.needed + 1; /* a key is written with its NUL */
    char *plain = arena_alloc(wrap->arena, size);
    if (!plain)
        return -ENOSPC;
    struct writer w = writer_on(plain, size);
    wrap_json_write(&w, wrap);
    int r = writer_ok(&w) ? age_whole_make(wrap->arena, (struct span){plain, w.used}, to,
                                           list_readers(wrap, to), ret, length)
                          : -EINVAL;
    arena_free(wrap->arena, plain);
    if (r == 0 && *length > LIMIT_WIRE_SEALED) {
        free(*ret);
        r = -EFBIG;
    }
    return r;
}

int wrap_open(struct arena *arena, const struct age_identity *identities, size_t count,
              struct span sealed, struct wrap **ret, struct error *error)
{
    char *plain;
    size_t length;
    int r = age_whole_open(arena, sealed, identities, count, &plain, &length, NULL, error);
    if (r < 0)
        return r;
    r = wrap_json_read(arena, (struct span){plain, length}, ret, error);
    arena_free(arena, plain);
    return r;
}
