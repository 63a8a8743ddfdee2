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
