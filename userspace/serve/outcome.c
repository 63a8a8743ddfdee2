/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/outcome.h"

#include <errno.h>

#include "base/error.h"
#include "limits.h"
#include "protocol.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/change.h"

static const struct {
    int result;
    int status;
    const char *code;
    const char *reason;
    const char *message;
} rows[] = {
    {-ENOSPC, 507, ERROR_FULL, "full",
     "the secret memory, the table of secrets or the file system of the log is full; nothing was "
     "stored, and what was there is as it was"},
    {-EDQUOT, 507, ERROR_FULL, "full",
     "the quota of the log's file system is used up; nothing was "
     "stored"},
    {-EFBIG, 507, ERROR_FULL, "full", "the log may not grow further; nothing was stored"},
    {-ENOMEM, 500, ERROR_INTERNAL, "no-memory", "out of memory; nothing was stored"},
    {-EBADMSG, 500, ERROR_INTERNAL, "forged-record",
     "the record of this version is not what was stored; `vsecm doctor` says more"},
    {-EHOSTUNREACH, 503, ERROR_UNAVAILABLE, "unreachable",
     "the API server of the cluster did not answer; it is not known whether anything was changed"},
    {-ENOENT, 404, ERROR_NOT_FOUND, "no-secret",
     "there is no such secret any more; nothing was "
     "changed"},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void refuse_conflict(struct call *call, const struct change_conflict *conflict,
                            struct reply *reply)
{
    call->reason = "conflict";
    if (conflict->version)
        reply_error(reply, 409, ERROR_CONFLICT, "%.*s is at version %llu; nothing was stored",
                    (int)conflict->key.length, conflict->key.data,
                    (unsigned long long)conflict->version);
    else
        reply_error(reply, 409, ERROR_CONFLICT, "there is no secret %.*s yet; nothing was stored",
                    (int)conflict->key.length, conflict->key.data);
}

void outcome_refuse(struct call *call, int result, const struct change_conflict *conflict,
                    struct reply *reply)
{
    if (result == -ESTALE && conflict && conflict->key.length) {
        refuse_conflict(call, conflict, reply);
        return;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].result == result) {
            call->reason = rows[i].reason;
            reply_error(reply, rows[i].status, rows[i].code, "%s", rows[i].message);
            return;
        }
    call->reason = "not-durable";
    reply_error(reply, 503, ERROR_UNAVAILABLE,
                "the change could not be made durable (%s); what was there is as it was",
                strerror(-result));
}

static const struct {
    int result; /* 0: any other */
    int status;
    const char *code;
    const char *reason;
} upstream_rows[] = {
    {-EHOSTUNREACH, 503, ERROR_UNAVAILABLE, "unreachable"},
    {-ENOKEY, 503, ERROR_UNAVAILABLE, "no-root-key"},
    {-EFBIG, 413, ERROR_TOO_LARGE, "too-large"},
    {-ESTALE, 409, ERROR_CONFLICT, "conflict"},
    {-EEXIST, 409, ERROR_CONFLICT, "foreign"},
    {-ENOENT, 404, ERROR_NOT_FOUND, "no-secret"},
    {-ENOSPC, 507, ERROR_FULL, "full"},
    {0, 503, ERROR_UNAVAILABLE, "cluster"},
};

void outcome_refuse_change(const struct service *service, struct call *call, int result,
                           const struct change_conflict *conflict, struct reply *reply)
{
    const struct upstream upstream = service_upstream(service);
    const char *why = upstream.why(upstream.self);
    size_t i = 0;
    if (!why[0]) {
        outcome_refuse(call, result, conflict, reply);
        return;
    }
    while (upstream_rows[i].result && upstream_rows[i].result != result)
        i++;
    call->reason = upstream_rows[i].reason;
    reply_error(reply, upstream_rows[i].status, upstream_rows[i].code, "%s", why);
}

void outcome_refuse_cluster(struct call *call, const char *instead, struct reply *reply)
{
    call->reason = "cluster";
    reply_error(reply, 501, ERROR_UNSUPPORTED,
                "in a cluster the secrets lie in the cluster, and a node has some of them: %s",
                instead);
}

void outcome_refuse_body(struct call *call, int result, const struct error *why,
                         struct reply *reply)
{
    call->reason = "bad-body";
    if (result == -ENOSPC)
        reply_error(reply, 507, ERROR_FULL, "there is no secret memory left for the request");
    else if (result == -EFBIG)
        reply_error(reply, 413, ERROR_TOO_LARGE, "%s", why->text);
    else
        reply_error(reply, 400, ERROR_BAD_REQUEST, "%s", why->text);
}
