/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/workload.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/writer.h"
#include "crypto/secret.h"
#include "identity/identity.h"
#include "limits.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/http.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/answer.h"
#include "store/json.h"
#include "store/store.h"

/* There is a secret, but not now. */
static void refuse_time(struct call *call, const struct store_version *version,
                        enum validity_state state, struct reply *reply)
{
    const char *key = call->subject->identity->key;
    int is_over = state == VALIDITY_EXPIRED;
    char time[CLOCK_RFC3339] = "";
    struct writer w = writer_on(time, sizeof time - 1);
    validity_write(&w, is_over ? version->validity.expires_us : version->validity.not_before_us, 1);
    call->reason = is_over ? "expired" : "not-yet";
    if (is_over)
        reply_error(reply, 404, ERROR_NOT_FOUND, "the secret of %s expired at %s", key, time);
    else
        reply_error(reply, 404, ERROR_NOT_FOUND, "the secret of %s is not valid before %s", key,
                    time);
}

/* In a cluster a secret comes to the node with the first pod that may read it: that may ask before.
 */
static int is_coming(const struct service *service, const struct call *call, struct span key)
{
    const struct upstream upstream = service_upstream(service);
    return call->waits && upstream.is_coming(upstream.self, key);
}

/* The caller's secret, or NULL with a 404, or until it has come. The key is the identity: no
 * request can name another. */
static const struct store_version *own_version(struct service *service, struct call *call,
                                               struct reply *reply)
{
    const struct identity *identity = call->subject->identity;
    struct span key = {identity->key, identity->key_length};
    const struct store_version *version =
        store_find_hashed(service->store, key, identity->key_hash);
    if (!version && is_coming(service, call, key)) {
        call->is_coming = 1;
        return NULL;
    }
    if (!version) {
        call->reason = "no-secret";
        reply_error(reply, 404, ERROR_NOT_FOUND, "there is no secret for %s", identity->key);
        return NULL;
    }
    enum validity_state state = store_readable(service->store, version, service_now_us(service));
    if (state == VALIDITY_VALID)
        return version;
    refuse_time(call, version, state, reply);
    return NULL;
}

static int is_unchanged(const struct call *call, const struct store_version *version)
{
    char etag[ANSWER_ETAG];
    return call->request->if_none_match.length &&
           http_etag_matches(call->request->if_none_match, answer_etag(version, etag));
}

void workload_secret(struct service *service, struct call *call, struct reply *reply)
{
    const struct store_version *version = own_version(service, call, reply);
    if (!version)
        return;
    if (is_unchanged(call, version))
        reply_version(reply, 304, REPLY_JSON, version, version->json);
    else
        reply_answer(reply, version);
}

void workload_value(struct service *service, struct call *call, struct reply *reply)
{
    const struct store_version *version = own_version(service, call, reply);
    if (!version)
        return;
    reply_version(reply, is_unchanged(call, version) ? 304 : 200, REPLY_BYTES, version,
                  version->value);
}

static void member_failed(struct call *call, int r, struct reply *reply)
{
    if (r == -ENOSPC) {
        call->reason = "arena-full";
        reply_error(reply, 507, ERROR_FULL, "there is no secret memory left to read a member");
    } else if (r == -ENOENT) {
        call->reason = "no-member";
        reply_error(reply, 404, ERROR_NOT_FOUND, "the secret has no such member");
    } else {
        call->reason = "no-object";
        reply_error(reply, 404, ERROR_NOT_FOUND,
                    "the secret is no JSON object (or nested beyond %u), so it has no members",
                    LIMIT_JSON_DEPTH);
    }
}

void workload_member(struct service *service, struct call *call, struct reply *reply)
{
    char name[LIMIT_TARGET];
    int length = http_decode(call->tail, name, sizeof name);
    if (length < 0) {
        call->reason = "bad-target";
        reply_error(reply, 400, ERROR_BAD_REQUEST, "the member's name is badly percent-encoded");
        return;
    }
    const struct store_version *version = own_version(service, call, reply);
    if (!version)
        return;
    if (is_unchanged(call, version)) {
        reply_version(reply, 304, REPLY_BYTES, version, version->value);
        return;
    }
    struct secret *member;
    int r =
        json_member(version->value, (struct span){name, (size_t)length}, service->arena, &member);
    if (r < 0)
        member_failed(call, r, reply);
    else
        reply_secret(reply, version, member);
}

static void quoted(struct writer *w, const char *name, const char *value)
{
    writer_text(w, name);
    writer_json_unsafe(w, value ? value : "", value ? strlen(value) : 0);
}

static void write_whoami(struct writer *w, const struct subject *subject, const char *reason)
{
    const struct identity *identity = subject->identity;
    quoted(w, "{\"tier\":", subject->attested ? subject->tier : "none");
    quoted(w, ",\"kind\":", place_kind_name(subject->place->kind));
    quoted(w, ",\"namespace\":", identity ? identity->namespace : NULL);
    quoted(w, ",\"workload\":", identity ? identity->workload : NULL);
    quoted(w, ",\"pod\":", identity ? identity->pod : NULL);
    quoted(w, ",\"podUid\":", subject->place->pod_uid);
    quoted(w, ",\"container\":", subject->place->container);
    quoted(w, ",\"serviceAccount\":", identity ? identity->service_account : NULL);
    writer_literal(w, ",\"pid\":");
    writer_u64(w, subject->caller.pid);
    writer_literal(w, ",\"uid\":");
    writer_u64(w, subject->caller.uid);
    quoted(w, ",\"cgroup\":", subject->place->path);
    quoted(w, ",\"reason\":", reason);
    writer_literal(w, "}\n");
}

void workload_whoami(struct service *service, struct call *call, struct reply *reply)
{
    enum access own = call->subject->door == DOOR_ADMIN ? ACCESS_ADMIN : ACCESS_WORKLOAD;
    struct decision decision = access_decide(own, call->subject, service->working);
    const char *reason = decision.verdict == VERDICT_ALLOW ? "" : decision.message;
    struct writer count = {0};
    write_whoami(&count, call->subject, reason);
    char *body = malloc(count.needed);
    if (!body) {
        reply_error(reply, 500, ERROR_INTERNAL, "out of memory");
        return;
    }
    struct writer w = writer_on(body, count.needed);
    write_whoami(&w, call->subject, reason);
    reply_heap(reply, REPLY_JSON, body, w.used);
}
