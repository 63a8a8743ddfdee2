/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/nodes.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/name.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/root.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "protocol.h"
#include "serve/outcome.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/json.h"

void nodes_refuse(struct call *call, int result, const struct error *why, struct reply *reply)
{
    static const struct {
        int result, status;
        const char *code, *reason;
    } rows[] = {
        {-ENOENT, 404, ERROR_NOT_FOUND, "no-node"},
        {-EINVAL, 400, ERROR_BAD_REQUEST, "bad-body"},
        {-EBUSY, 409, ERROR_CONFLICT, "busy"},
        {-ESTALE, 409, ERROR_CONFLICT, "other-recipient"},
        {-ENOKEY, 503, ERROR_SEALED, "no-root-key"},
        {-ENOTCONN, 503, ERROR_UNAVAILABLE, "no-cluster"},
        {-ENOSPC, 507, ERROR_FULL, "full"},
        {0, 500, ERROR_INTERNAL, "internal"},
    };
    size_t i = 0;
    while (rows[i].result && rows[i].result != result)
        i++;
    call->reason = rows[i].reason;
    reply_error(reply, rows[i].status, rows[i].code, "%s", why->text);
}

static int is_in_cluster(const struct service *service, struct call *call, struct reply *reply)
{
    if (service->root)
        return 1;
    call->reason = "no-cluster";
    reply_error(reply, 404, ERROR_NOT_FOUND, "this daemon is in no cluster");
    return 0;
}

void nodes_list(struct service *service, struct call *call, struct reply *reply)
{
    struct writer count = {0};
    if (!is_in_cluster(service, call, reply))
        return;
    root_write_nodes(&count, service->root);
    size_t size = count.needed + 1;
    char *body = malloc(size);
    if (!body) {
        call->reason = "no-memory";
        reply_error(reply, 500, ERROR_INTERNAL, "out of memory");
        return;
    }
    struct writer w = writer_on(body, size);
    root_write_nodes(&w, service->root);
    writer_literal(&w, "\n");
    reply_heap(reply, REPLY_JSON, body, w.used);
}

/* ---- one of them ------------------------------------------------------------------------------
 */

/* What is asked for. */
struct wish {
    size_t which;
    char name[LIMIT_DNS_SUBDOMAIN + 1];
    char recipient[AGE_KEY_RECIPIENT_TEXT]; /* "": none was given */
};

static int approve(struct root *root, const struct wish *wish, struct error *error)
{
    return root_approve(root, wish->name, wish->recipient, error);
}

static int take_out(struct root *root, const struct wish *wish, struct error *error)
{
    return root_rekey(root, wish->name, error);
}

static const struct {
    const char *member, *operation;
    int (*change)(struct root *root, const struct wish *wish, struct error *error);
} changes[] = {{"approve", "node-approve", approve}, {"remove", "node-remove", take_out}};

#define CHANGES (sizeof changes / sizeof changes[0])
#define APPROVE 0u

/* MEMBER is the change, or the recipient of who is approved. */
static int read_member(const cJSON *member, struct wish *ret, struct error *error)
{
    size_t which = 0;
    while (which < CHANGES && strcmp(member->string, changes[which].member) != 0)
        which++;
    int is_recipient = strcmp(member->string, "recipient") == 0 && !ret->recipient[0];
    if (!cJSON_IsString(member) || (which == CHANGES ? !is_recipient : ret->which != CHANGES))
        return error_set(error, -EINVAL,
                         "the body must be {\"approve\":\"NODE\"}, with \"recipient\" if it "
                         "was compared, or {\"remove\":\"NODE\"}");
    struct span text = span_of(member->valuestring);
    if (which == CHANGES)
        return text.length && str_copy(ret->recipient, sizeof ret->recipient, text) == 0
                   ? 0
                   : error_set(error, -EINVAL, "'recipient' must be an age recipient (age1...)");
    if (!name_is_subdomain(text))
        return error_set(error, -EINVAL, "a node's name must be " NAME_SUBDOMAIN_RULE);
    ret->which = which;
    return str_copy(ret->name, sizeof ret->name, text);
}

/* 0, -EINVAL with *error, or -ENOSPC. */
static int read_body(struct span body, struct wish *ret, struct error *error)
{
    const char *why;
    cJSON *json = NULL;
    *ret = (struct wish){.which = CHANGES};
    int r = json_read(body, &json, &why);
    if (r == -EINVAL)
        return error_set(error, r, "the body cannot be read: %s", why);
    if (r < 0)
        return r;
    const cJSON *member = cJSON_IsObject(json) ? json->child : NULL;
    for (; r == 0 && member; member = member->next)
        r = read_member(member, ret, error);
    cJSON_Delete(json);
    if (r == 0 && (ret->which == CHANGES || (ret->recipient[0] && ret->which != APPROVE)))
        r = error_set(error, -EINVAL, "the body must say whom to approve, or to remove");
    return r;
}

void nodes_change(struct service *service, struct call *call, struct reply *reply)
{
    /* What the record of this request names: it is kept once the handler has returned. */
    static struct wish wish;
    static struct span named;
    struct error why = {""};
    if (!is_in_cluster(service, call, reply))
        return;
    int r = read_body(call->body, &wish, &why);
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    named = span_of(wish.name);
    call->keys = &named;
    call->key_count = 1;
    call->operation = changes[wish.which].operation;
    r = changes[wish.which].change(service->root, &wish, &why);
    if (r < 0)
        nodes_refuse(call, r, &why, reply);
    else
        reply_json(reply, "{\"begun\":true}\n");
}
