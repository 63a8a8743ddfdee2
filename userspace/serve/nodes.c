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

static int approve(struct root *root, const char *name, struct error *error)
{
    return root_approve(root, name, error);
}

static int take_out(struct root *root, const char *name, struct error *error)
{
    return root_rekey(root, name, error);
}

static const struct {
    const char *member, *operation;
    int (*change)(struct root *root, const char *name, struct error *error);
} changes[] = {{"approve", "node-approve", approve}, {"remove", "node-remove", take_out}};

#define CHANGES (sizeof changes / sizeof changes[0])

/* Which change BODY asks for, and of whom. 0, -EINVAL with *error, or -ENOSPC. */
static int read_body(struct span body, size_t *which, char name[LIMIT_DNS_SUBDOMAIN + 1],
                     struct error *error)
{
    const char *why;
    cJSON *json = NULL;
    int r = json_read(body, &json, &why);
    if (r == -EINVAL)
        return error_set(error, r, "the body cannot be read: %s", why);
    if (r < 0)
        return r;
    const cJSON *member = cJSON_IsObject(json) ? json->child : NULL;
    *which = 0;
    while (member && *which < CHANGES && strcmp(member->string, changes[*which].member) != 0)
        ++*which;
    if (!member || member->next || *which == CHANGES || !cJSON_IsString(member))
        r = error_set(error, -EINVAL,
                      "the body must be {\"approve\":\"NODE\"} or {\"remove\":\"NODE\"}");
    else if (!name_is_subdomain(span_of(member->valuestring)))
        r = error_set(error, -EINVAL, "a node's name must be " NAME_SUBDOMAIN_RULE);
    else
        r = str_copy(name, LIMIT_DNS_SUBDOMAIN + 1, span_of(member->valuestring));
    cJSON_Delete(json);
    return r;
}

void nodes_change(struct service *service, struct call *call, struct reply *reply)
{
    /* What the record of this request names: it is kept once the handler has returned. */
    static char name[LIMIT_DNS_SUBDOMAIN + 1];
    static struct span named;
    struct error why = {""};
    size_t which = 0;
    if (!is_in_cluster(service, call, reply))
        return;
    int r = read_body(call->body, &which, name, &why);
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    named = span_of(name);
    call->keys = &named;
    call->key_count = 1;
    call->operation = changes[which].operation;
    r = changes[which].change(service->root, name, &why);
    if (r < 0)
        nodes_refuse(call, r, &why, reply);
    else
        reply_json(reply, "{\"begun\":true}\n");
}
