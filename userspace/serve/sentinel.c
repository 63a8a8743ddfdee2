/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/sentinel.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/writer.h"
#include "crypto/secret.h"
#include "protocol.h"
#include "serve/outcome.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/sealed_value.h"
#include "serve/service.h"
#include "store/change.h"
#include "store/key.h"
#include "store/shape.h"
#include "store/store.h"

/* ---- put and delete ------------------------------------------------------------------------ */

static int has_export(const struct put_request *request)
{
    for (size_t i = 0; i < request->key_count; i++)
        if (key_is_export(request->keys[i]))
            return 1;
    return 0;
}

/* Why the value is served as it is although a template was given; *RET stays when it is not. */
static void find_misfit(struct service *service, const struct put_request *request,
                        struct error *ret)
{
    struct secret *shaped = NULL;
    struct error why = {""};
    if (has_export(request))
        service->export_check(service->arena, request->value, request->template, &why);
    else if (!shape_is_plain(request->template, request->format))
        shape_value(service->arena, request->value, request->template, request->format, &shaped,
                    &why);
    secret_unref(shaped);
    if (why.text[0])
        error_set(ret, 0, "the value is served as it is: %.900s", why.text);
}

/* As the original: "OK" once for each secret. NOTICE may be "". */
static void reply_ok(struct reply *reply, size_t count, const char *notice)
{
    char text[LIMIT_TARGETS * 2 + 1];
    for (size_t i = 0; i < count; i++)
        memcpy(text + 2 * i, "OK", 2);
    text[2 * count] = '\0';
    if (notice[0])
        reply_noticed(reply, text, notice);
    else
        reply_plain(reply, 200, text);
}

static void refuse_marked(struct call *call, const struct error *why, struct reply *reply)
{
    call->reason = "reveal";
    reply_error(reply, 403, ERROR_FORBIDDEN, "%s", why->text);
}

static int read_request(struct service *service, struct call *call, enum put_request_kind kind,
                        struct reply *reply)
{
    struct error why = {""};
    int r = put_request_read(call->body, kind, service->arena, service_change_us(call),
                             service->scratch, &why);
    /* Not again for a change that has settled: the key may be another by now. */
    if (r == 0 && service->scratch->is_sealed && !call->pending->is_settled)
        r = sealed_value_take(service, call, &why);
    if (r == -EACCES)
        refuse_marked(call, &why, reply);
    else if (r < 0)
        outcome_refuse_body(call, r, &why, reply);
    if (r < 0)
        return r;
    call->keys = service->scratch->keys;
    call->key_count = service->scratch->key_count;
    return 0;
}

/* Non-zero, and refused, when a Kubernetes Secret is asked for that cannot be. */
static int refuse_export(struct service *service, struct call *call, struct reply *reply)
{
    const struct put_request *request = service->scratch;
    struct error why = {""};
    if (!has_export(request) || call->pending->is_settled)
        return 0;
    if (!service->export_check) {
        call->reason = "no-cluster";
        reply_error(reply, 501, ERROR_UNSUPPORTED,
                    "this daemon is in no cluster and makes no Kubernetes Secrets: store the value "
                    "under the workload's own name, without k8s:");
        return 1;
    }
    int r = service->export_check(service->arena, request->value, request->template, &why);
    if (r < 0)
        outcome_refuse_body(call, r, &why, reply);
    return r < 0;
}

static int put(struct service *service, const struct put_request *request, uint64_t *ticket,
               struct change_conflict *conflict)
{
    const struct change_put put = {.value = request->value,
                                   .template = request->template,
                                   .format = request->format,
                                   .adopts = request->adopts,
                                   .validity = request->validity,
                                   .if_version = request->if_version};
    const struct upstream upstream = service_upstream(service);
    return upstream.put(upstream.self, request->keys, request->key_count, &put, clock_wall_us(),
                        ticket, conflict);
}

void sentinel_put(struct service *service, struct call *call, struct reply *reply)
{
    struct put_request *request = service->scratch;
    if (read_request(service, call, PUT_REQUEST_PUT, reply) < 0)
        return;
    if (refuse_export(service, call, reply)) {
        put_request_done(service->arena, request);
        return;
    }
    uint64_t ticket = 0;
    struct change_conflict conflict = {0};
    int r = 0;
    if (request->key_count == 0)
        sealed_value_reply(service, request, call, reply);
    else if (!service_has_settled(call, &r))
        r = put(service, request, &ticket, &conflict);
    struct error misfit = {""};
    if (r == 0 && request->key_count)
        find_misfit(service, request, &misfit);
    put_request_done(service->arena, request);
    if (request->key_count == 0 || service_must_wait(call, r, ticket))
        return;
    if (r == 0)
        reply_ok(reply, request->key_count, misfit.text);
    else
        outcome_refuse_change(service, call, r, &conflict, reply);
}

/* The keys that are not there, in words; "" when all are. */
static void find_missing(const struct service *service, char *ret, size_t size)
{
    const struct upstream upstream = service_upstream(service);
    struct writer w = writer_on(ret, size - 1);
    for (size_t i = 0; i < service->scratch->key_count; i++) {
        if (upstream.version(upstream.self, service->scratch->keys[i]))
            continue;
        writer_text(&w, w.used ? ", " : "");
        writer_span(&w, service->scratch->keys[i]);
    }
    ret[w.used] = '\0';
}

static int delete (struct service *service, struct call *call, uint64_t *ticket,
                   struct reply *reply)
{
    const struct put_request *request = service->scratch;
    const struct upstream upstream = service_upstream(service);
    char missing[512];
    int r =
        upstream.delete(upstream.self, request->keys, request->key_count, clock_wall_us(), ticket);
    if (r != -ENOENT || upstream.why(upstream.self)[0])
        return r;
    find_missing(service, missing, sizeof missing);
    call->reason = "no-secret";
    reply_error(reply, 404, ERROR_NOT_FOUND, "there is no secret %s; nothing was deleted", missing);
    return r;
}

void sentinel_delete(struct service *service, struct call *call, struct reply *reply)
{
    if (read_request(service, call, PUT_REQUEST_DELETE, reply) < 0)
        return;
    struct put_request *request = service->scratch;
    put_request_done(service->arena, request);
    uint64_t ticket = 0;
    int r;
    if (!service_has_settled(call, &r))
        r = delete (service, call, &ticket, reply);
    if (service_must_wait(call, r, ticket))
        return;
    if (r == 0)
        reply_ok(reply, request->key_count, "");
    else if (!reply->status)
        outcome_refuse_change(service, call, r, NULL, reply);
}
