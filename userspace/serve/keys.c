/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/keys.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "cluster/root.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/nodes.h"
#include "serve/outcome.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/json.h"
#include "store/keyring.h"
#include "store/rootkey.h"
#include "store/upstream.h"

/* ---- the public half ------------------------------------------------------------------------- */

const struct age_recipient *keys_need(struct service *service, struct call *call,
                                      struct reply *reply)
{
    size_t count = 0;
    const struct age_identity *own = service_identities(service, &count);
    if (own)
        return &own->recipient;
    call->reason = "no-root-key";
    reply_error(reply, 503, ERROR_UNAVAILABLE, "the root key is not known on this node: %s",
                service->root ? root_why(service->root) : "the store is sealed");
    return NULL;
}

/* MORE: members of the answer, each with a comma before. */
static void reply_recipient(struct service *service, struct call *call, const char *more,
                            struct reply *reply)
{
    char text[AGE_KEY_RECIPIENT_TEXT], line[AGE_KEY_RECIPIENT_TEXT + 64];
    const struct age_recipient *recipient = keys_need(service, call, reply);
    if (!recipient)
        return;
    age_key_write_recipient(recipient, text);
    snprintf(line, sizeof line, "{\"recipient\":\"%s\"%s}\n", text, more);
    reply_json(reply, line);
}

void keys_recipient(struct service *service, struct call *call, struct reply *reply)
{
    reply_recipient(service, call, "", reply);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

struct body {
    struct cJSON *json;
    struct rootkey *key; /* NULL: none was given */
    int has_aes;
};

static int read_member(const struct body *body, const char *name, const char **ret,
                       struct error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(body->json, name);
    *ret = "";
    if (!member || cJSON_IsNull(member))
        return 0;
    if (!cJSON_IsString(member))
        return error_set(error, -EINVAL, "'%s' must be a string", name);
    *ret = member->valuestring;
    return 0;
}

static int check_members(const struct body *body, struct error *error)
{
    static const char *const known[] = {"ageSecretKey", "agePublicKey", "aesCipherKey"};
    if (!cJSON_IsObject(body->json))
        return error_set(error, -EINVAL, "the body must be a JSON object");
    for (const cJSON *member = body->json->child; member; member = member->next) {
        size_t i = 0;
        while (i < 3 && strcmp(member->string, known[i]) != 0)
            i++;
        if (i == 3)
            return error_set(error, -EINVAL,
                             "the body has a member that is not known; known are ageSecretKey, "
                             "agePublicKey and aesCipherKey");
    }
    return 0;
}

static int check_public(const struct body *body, const char *public, struct error *error)
{
    struct age_recipient recipient;
    if (!public[0] || !body->key)
        return 0;
    if (age_key_read_recipient(span_of(public), &recipient) < 0)
        return error_set(error, -EINVAL, "'agePublicKey' must be an age recipient (age1...)");
    if (memcmp(&recipient, &rootkey_identities(body->key)->recipient, sizeof recipient) != 0)
        return error_set(error, -EINVAL, "'agePublicKey' is not the public half of 'ageSecretKey'");
    return 0;
}

static int read_key(struct service *service, struct body *body, struct error *error)
{
    const char *private, *public, *aes;
    int r = read_member(body, "ageSecretKey", &private, error);
    if (r == 0)
        r = read_member(body, "agePublicKey", &public, error);
    if (r == 0)
        r = read_member(body, "aesCipherKey", &aes, error);
    if (r < 0)
        return r;
    body->has_aes = aes[0] != '\0';
    if (private[0] && (r = rootkey_parse(service->arena, span_of(private), &body->key, NULL)) < 0)
        return r == -EINVAL ? error_set(error, r,
                                        "'ageSecretKey' must be an age identity "
                                        "(AGE-SECRET-KEY-1...)")
                            : r;
    return check_public(body, public, error);
}

/* On 0 the key in RET is the caller's. The JSON is gone. */
static int read_body(struct service *service, struct span text, struct body *ret,
                     struct error *error)
{
    const char *why;
    *ret = (struct body){.json = NULL};
    int r = text.length ? json_read(text, &ret->json, &why) : 0;
    if (r == -EINVAL)
        return error_set(error, r, "the body cannot be read: %s", why);
    if (r == 0 && ret->json)
        r = check_members(ret, error);
    if (r == 0 && ret->json)
        r = read_key(service, ret, error);
    cJSON_Delete(ret->json);
    if (r < 0) {
        rootkey_free(ret->key);
        ret->key = NULL;
    }
    return r;
}

/* ---- unsealing ------------------------------------------------------------------------------- */

static void refuse_key(struct call *call, int r, const struct error *why, struct reply *reply)
{
    static const struct {
        int result, status;
        const char *code, *reason;
    } rows[] = {
        {-ENOKEY, 403, ERROR_FORBIDDEN, "wrong-key"}, {-EEXIST, 409, ERROR_CONFLICT, "other-key"},
        {-EINVAL, 403, ERROR_FORBIDDEN, "wrong-key"}, {-ENOSPC, 507, ERROR_FULL, "full"},
        {0, 500, ERROR_INTERNAL, "damaged"},
    };
    size_t i = 0;
    while (rows[i].result && rows[i].result != r)
        i++;
    call->reason = rows[i].reason;
    reply_error(reply, rows[i].status, rows[i].code, "%s", why->text);
}

static void on_refused(void *context, struct span key, const char *reason)
{
    service_note(context, "load", key, "deny", reason);
}

/* KEY is somebody else's from now on. */
static int bring(struct service *service, struct rootkey *key, struct error *why)
{
    const struct load_options load = {
        .now_us = clock_wall_us(), .refused = on_refused, .context = service};
    struct load_report report;
    return service->root ? root_bring(service->root, key, why)
                         : keyring_unseal(service->keyring, key, &load, &report, why);
}

void keys_unseal(struct service *service, struct call *call, struct reply *reply)
{
    struct error why = {""};
    struct body body;
    int r = read_body(service, call->body, &body, &why);
    if (r == 0 && !body.key)
        r = error_set(&why, -EINVAL, "'ageSecretKey' must be given (AGE-SECRET-KEY-1...)");
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    r = bring(service, body.key, &why);
    if (r < 0)
        refuse_key(call, r, &why, reply);
    else if (body.has_aes)
        reply_noticed(reply, "OK", "the AES key is not used: all is sealed with the age key");
    else
        reply_plain(reply, 200, "OK");
}

/* ---- changing it ----------------------------------------------------------------------------- */

/*
 * Whoever chooses the root key can open every backup from then on: that is for those who may read
 * values.
 */
static int may_choose(struct service *service, struct call *call, const struct body *body,
                      struct reply *reply)
{
    if (!body->key || access_may_reveal(service->reveal, call->subject))
        return 1;
    call->reason = "reveal";
    reply_error(reply, 403, ERROR_FORBIDDEN,
                "with reveal = %s you may not choose the root key: give none, and the daemon makes "
                "one",
                access_reveal_name(service->reveal));
    return 0;
}

static int rekey(struct service *service, struct body *body, uint64_t *ticket)
{
    struct rootkey *key = body->key;
    body->key = NULL; /* the keyring's now */
    return keyring_rekey(service->keyring, key, clock_wall_us(), ticket);
}

/* In a cluster a node makes the new key, and others take part: what comes of it is seen later. */
static void rekey_cluster(struct service *service, struct call *call, const struct body *body,
                          struct reply *reply)
{
    struct error why = {""};
    if (!service->root) {
        outcome_refuse_cluster(call, "its root key is changed where a node is in one", reply);
        return;
    }
    int r = body->key
                ? error_set(&why, -EINVAL, "in a cluster a node makes the new root key: give none")
                : root_rekey(service->root, "", &why);
    if (r == 0)
        reply_recipient(service, call, ",\"begun\":true", reply);
    else
        nodes_refuse(call, r, &why, reply);
}

void keys_rekey(struct service *service, struct call *call, struct reply *reply)
{
    struct error why = {""};
    struct body body;
    uint64_t ticket = 0;
    int r = read_body(service, call->body, &body, &why);
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    if (!may_choose(service, call, &body, reply)) {
        rootkey_free(body.key);
        return;
    }
    if (service->root || service_upstream(service).is_cluster) {
        rekey_cluster(service, call, &body, reply);
        rootkey_free(body.key);
        return;
    }
    if (!service_has_settled(call, &r))
        r = rekey(service, &body, &ticket);
    rootkey_free(body.key);
    if (service_must_wait(call, r, ticket))
        return;
    if (r == 0) {
        reply_recipient(service, call, "", reply);
    } else if (r == -EINVAL) {
        error_set(&why, r,
                  "this daemon does not keep the root key itself, so it makes none: give "
                  "'ageSecretKey' (vsecm keygen makes one)");
        outcome_refuse_body(call, r, &why, reply);
    } else {
        outcome_refuse(call, r, NULL, reply);
    }
}
