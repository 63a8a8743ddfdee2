/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/service.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/writer.h"
#include "cluster/root.h"
#include "identity/identity.h"
#include "limits.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/audit.h"
#include "serve/audit_line.h"
#include "serve/follow.h"
#include "serve/http.h"
#include "serve/outcome.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/route.h"
#include "serve/shields.h"
#include "serve/subject.h"
#include "store/keyring.h"
#include "store/store.h"

int service_init(struct service *service)
{
    service->scratch = calloc(1, sizeof *service->scratch);
    service->shields = shields_new(VSECM_SHIELDS, LIMIT_SHIELDS_PER_POD);
    if (!service->scratch || !service->shields) {
        service_done(service);
        return -ENOMEM;
    }
    int r = follow_book_new(LIMIT_SECRETS, &service->followers);
    if (r < 0) {
        service_done(service);
        return r;
    }
    return 0;
}

void service_done(struct service *service)
{
    follow_book_free(service->followers);
    service->followers = NULL;
    shields_free(service->shields);
    service->shields = NULL;
    free(service->scratch);
    service->scratch = NULL;
}

/* ---- where things are --------------------------------------------------------------------------
 */

struct upstream service_upstream(const struct service *service)
{
    return service->upstream.put ? service->upstream : upstream_local(service->store);
}

const struct age_identity *service_identities(const struct service *service, size_t *count)
{
    if (service->root)
        return root_identities(service->root, count);
    *count = 1;
    return keyring_identity(service->keyring);
}

/* ---- records ------------------------------------------------------------------------------- */

/* Decisions of one turn are some microseconds apart; reading the clock for each is 1 % of them. */
int64_t service_now_us(struct service *service)
{
    if (!service->now_us)
        service->now_us = clock_wall_us();
    return service->now_us;
}

static int append(struct service *service, const struct call *call, const struct audit_event *event)
{
    char line[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(line, sizeof line);
    /* Only the subject's own key stays what it is from one request to the next. */
    const struct identity *identity = call->subject->identity;
    int stays = identity && event->key.data == identity->key;
    audit_line_write(&w, service_now_us(service), call->audit_subject, event,
                     stays ? call->memo : NULL);
    return writer_ok(&w) ? audit_append(service->audit, line, w.used) : -EMSGSIZE;
}

void service_record(struct service *service, struct call *call, const char *operation,
                    const char *outcome, const char *reason)
{
    struct audit_event event = {.operation = operation, .outcome = outcome, .reason = reason};
    /* Nothing is served here, so a record that cannot be kept is counted and no more. */
    append(service, call, &event);
}

void service_record_refusals(struct service *service, struct span subject, const char *operation,
                             const char *reason, uint64_t count)
{
    char line[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(line, sizeof line);
    const struct audit_event event = {
        .operation = operation, .outcome = "deny", .reason = reason, .count = count};
    audit_line_write(&w, service_now_us(service), subject, &event, NULL);
    audit_append(service->audit, line, w.used);
}

int service_keep_record(struct service *service, struct call *call, const char *operation,
                        struct span key, const char *reason)
{
    struct audit_event event = {operation, key, "allow", reason, 0};
    int r = audit_reserve(service->audit, 1);
    if (r == 0)
        r = append(service, call, &event);
    service->served += r == 0;
    return service->serves_unaudited ? 0 : r;
}

int service_note(struct service *service, const char *operation, struct span key,
                 const char *outcome, const char *reason)
{
    char line[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(line, sizeof line);
    struct audit_event event = {operation, key, outcome, reason, 0};
    audit_line_write(&w, service_now_us(service), SPAN_LITERAL("\"door\":\"none\""), &event, NULL);
    int r = audit_append(service->audit, line, w.used);
    return service->serves_unaudited ? 0 : r;
}

int service_can_note(struct service *service)
{
    int r = audit_reserve(service->audit, LIMIT_TARGETS);
    return service->serves_unaudited ? 0 : r;
}

int service_has_settled(const struct call *call, int *result)
{
    *result = call->pending->result;
    return call->pending->is_settled;
}

int64_t service_change_us(const struct call *call)
{
    return call->pending->is_settled ? 0 : clock_wall_us();
}

int service_must_wait(struct call *call, int result, uint64_t ticket)
{
    if (result != -EINPROGRESS && result != -EAGAIN)
        return 0;
    *call->pending = (struct pending){.ticket = result == -EINPROGRESS ? ticket : 0};
    call->is_unsettled = 1;
    return 1;
}

/* Keep the record of what was done. 0, or -errno: then the answer must not leave. */
static int record_outcome(struct service *service, struct call *call, const char *operation,
                          const struct reply *reply)
{
    int allowed = reply->status < 400;
    struct audit_event event = {
        .operation = call->operation ? call->operation : operation,
        .outcome = allowed                                ? "allow"
                   : call->reason && reply->status != 403 ? "error"
                                                          : "deny",
        .reason = allowed        ? "ok"
                  : call->reason ? call->reason
                                 : "internal",
    };
    if (allowed)
        service->served++;
    else
        service->refused++;
    if (call->key_count == 0)
        return append(service, call, &event);
    int r = 0;
    for (size_t i = 0; i < call->key_count && r == 0; i++) {
        event.key = call->keys[i];
        r = append(service, call, &event);
    }
    return r;
}

static void reply_unaudited(struct reply *reply)
{
    int closes = reply->closes;
    reply_done(reply);
    reply->closes = closes;
    reply_error(reply, 503, ERROR_UNAVAILABLE,
                "the audit record could not be kept, so nothing is served");
}

static void finish(struct service *service, struct call *call, const char *operation,
                   struct reply *reply)
{
    if (record_outcome(service, call, operation, reply) < 0 && !service->serves_unaudited)
        reply_unaudited(reply);
}

/* ---- the way of a request ------------------------------------------------------------------ */

static const struct route *find_route(struct service *service, struct call *call,
                                      struct reply *reply)
{
    const struct http_request *request = call->request;
    struct http_memo *memo = request->memo;
    char allowed[ROUTE_METHODS];
    if (memo && memo->route)
        return memo->route;
    const struct route *route = route_find(request->method, request->path, &call->tail, allowed);
    if (route && memo && !route->takes_tail)
        memo->route = route;
    if (route)
        return route;
    call->reason = "no-route";
    if (allowed[0])
        reply_wrong_method(reply, allowed);
    else
        reply_error(reply, 404, ERROR_NOT_FOUND, "there is nothing at this path");
    finish(service, call, "none", reply);
    return NULL;
}

static void refuse(struct service *service, const struct route *route, struct call *call,
                   const struct decision *decision, struct reply *reply)
{
    const struct identity *identity = call->subject->identity;
    int unavailable = !service->working && route->access != ACCESS_ANYONE;
    reply_error(reply, unavailable ? 503 : 403, unavailable ? ERROR_UNAVAILABLE : ERROR_FORBIDDEN,
                "%s%s%s%s", identity ? "you are " : "", identity ? identity->key : "",
                identity ? ": " : "", decision->message);
    struct audit_event event = {
        .operation = route->operation, .outcome = "deny", .reason = decision->reason};
    service->refused++;
    append(service, call, &event);
}

/* Whoever may ask is told that the store is sealed; nobody else learns even that. */
static int is_open(struct service *service, const struct route *route, struct call *call,
                   struct reply *reply)
{
    if (route->works_sealed || !store_is_sealed(service->store))
        return 1;
    call->reason = "sealed";
    reply_error(reply, 503, ERROR_SEALED,
                "the store is sealed until an administrator gives it the root key (vsecm unseal)");
    finish(service, call, route->operation, reply);
    return 0;
}

/* What needs all secrets, or their key, is not this daemon's affair when it has a part of them. */
static int is_here(struct service *service, const struct route *route, struct call *call,
                   struct reply *reply)
{
    if (!route->instead || !service_upstream(service).is_cluster)
        return 1;
    outcome_refuse_cluster(call, route->instead, reply);
    finish(service, call, route->operation, reply);
    return 0;
}

/* Non-zero when the caller may; else *result is what to do instead. */
static int may(struct service *service, const struct route *route, struct call *call,
               struct reply *reply, enum service_result *result)
{
    struct decision decision = access_decide(route->access, call->subject, service->working);
    *result = SERVICE_REPLIED;
    if (decision.verdict == VERDICT_ALLOW)
        return is_here(service, route, call, reply) && is_open(service, route, call, reply);
    if (decision.verdict == VERDICT_WAIT && call->waits)
        *result = SERVICE_WAITS;
    else
        refuse(service, route, call, &decision, reply);
    return 0;
}

/* Those that come with the head are lost by then, and whoever sent them would not learn of it. */
static int may_bring(struct service *service, const struct route *route, struct call *call,
                     struct reply *reply)
{
    call->max_files = route->max_files;
    if (!route->max_files || (call->request->expects_continue && !call->body.length))
        return 1;
    call->reason = "malformed";
    reply_error(reply, 400, ERROR_BAD_REQUEST,
                "descriptors come with the body, once it was asked for: send the head with Expect: "
                "100-continue, and the rest after 100 Continue");
    finish(service, call, route->operation, reply);
    return 0;
}

enum service_result service_gate(struct service *service, struct call *call, size_t *max,
                                 struct reply *reply)
{
    enum service_result result = SERVICE_REPLIED;
    int closes = reply->closes;
    reply->closes = 1; /* a refused body may be on its way already; it is not read */
    const struct route *route = find_route(service, call, reply);
    if (route && may(service, route, call, reply, &result) &&
        may_bring(service, route, call, reply)) {
        *max = route->max_body;
        if (call->request->content_length <= *max) {
            reply->closes = closes;
            return SERVICE_BODY;
        }
        call->reason = "too-large";
        reply_error(reply, 413, ERROR_TOO_LARGE, "the body may have at most %zu bytes", *max);
        finish(service, call, route->operation, reply);
    }
    return result;
}

enum service_result service_answer(struct service *service, struct call *call, struct reply *reply)
{
    enum service_result result = SERVICE_REPLIED;
    const struct route *route = find_route(service, call, reply);
    if (!route || !may(service, route, call, reply, &result))
        return result;
    /* Room for the record comes first: what cannot be recorded is not done. */
    size_t records = route->max_body ? LIMIT_TARGETS : 1;
    if (audit_reserve(service->audit, records) < 0 && !service->serves_unaudited) {
        service->refused++;
        reply_unaudited(reply);
        return SERVICE_REPLIED;
    }
    struct span own = {NULL, 0};
    if (route->access == ACCESS_WORKLOAD) {
        own = (struct span){call->subject->identity->key, call->subject->identity->key_length};
        call->keys = &own;
        call->key_count = 1;
    }
    route->handle(service, call, reply);
    if (call->is_unsettled)
        return SERVICE_CHANGES;
    if (call->is_coming)
        return SERVICE_WAITS;
    finish(service, call, route->operation, reply);
    return SERVICE_REPLIED;
}

void service_malformed(struct service *service, struct call *call, int status, const char *why,
                       struct reply *reply)
{
    const char *code = status == 431   ? ERROR_TOO_LARGE
                       : status == 411 ? ERROR_LENGTH
                       : status == 408 ? ERROR_TIMEOUT
                       : status == 403 ? ERROR_FORBIDDEN
                       : status == 507 ? ERROR_FULL
                       : status == 503 ? ERROR_UNAVAILABLE
                                       : ERROR_BAD_REQUEST;
    call->reason = status == 408   ? "timeout"
                   : status == 403 ? "sender"
                   : status >= 500 ? "overload"
                                   : "malformed";
    reply->closes = 1;
    reply_error(reply, status, code, "%s", why);
    finish(service, call, "none", reply);
}
