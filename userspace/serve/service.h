/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request to its answer, with no socket in sight: find the route, decide who may, keep the
 * audit record, do it. Nothing is done for a request whose record cannot be kept.
 */
#ifndef VSECM_SERVE_SERVICE_H
#define VSECM_SERVE_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct audit;
struct audit_memo;
struct http_request;
struct put_request;
struct reply;
struct store;
struct subject;
struct writer;

struct service {
    struct store *store;
    struct arena *arena;
    struct audit *audit;
    int serves_unaudited; /* option audit_required = no: go on when a record cannot be kept */
    int working;          /* attestation was last seen to work */
    struct put_request *scratch;
    int64_t now_us; /* of the records of this turn; 0: the clock is read for the next one */
    /* The daemon's part of GET /v1/admin/status: members of a JSON object, each with a comma
     * before. */
    void (*status)(struct writer *w, void *context);
    void *status_context;
    uint64_t served;  /* requests that were allowed */
    uint64_t refused; /* requests that were not */
};

/* One request on its way through. */
struct call {
    const struct subject *subject;
    struct span audit_subject; /* audit_line_subject() of it */
    struct audit_memo *memo;   /* of the connection, or NULL */
    const struct http_request *request;
    struct span body;
    struct span tail;        /* what follows the route's path, still percent-encoded */
    int waits;               /* a pod that is not known may still become so: VERDICT_WAIT is fine */
    const struct span *keys; /* what the audit records name; set by the handler */
    size_t key_count;
    const char *reason; /* one word for audit when it does not succeed; set by the handler */
};

/* A turn of the loop is over: what comes next has a time of its own. */
static inline void service_end_turn(struct service *service)
{
    service->now_us = 0;
}

enum service_result {
    SERVICE_REPLIED, /* *reply is filled */
    SERVICE_WAITS,   /* the caller's pod is not known yet; ask again */
    SERVICE_BODY,    /* (service_gate) go on and read the body */
};

/* Set up the parts that no option decides. 0 or -ENOMEM. */
int service_init(struct service *service);
void service_done(struct service *service);

/*
 * Decide on a head before its body is read: a body that nobody would look at is never taken in.
 * SERVICE_BODY with *max = bytes of body that may follow, SERVICE_WAITS, or SERVICE_REPLIED with a
 * refusal that closes the connection.
 */
enum service_result service_gate(struct service *service, struct call *call, size_t *max,
                                 struct reply *reply);

/* The answer to a whole request: SERVICE_REPLIED or SERVICE_WAITS. */
enum service_result service_answer(struct service *service, struct call *call, struct reply *reply);

/*
 * The answer to what is no request: STATUS as http_read() gave it, WHY its text. Kept on record
 * too.
 */
void service_malformed(struct service *service, struct call *call, int status, const char *why,
                       struct reply *reply);

/* Keep a record of something that is no request, for example a connection that was refused. */
void service_record(struct service *service, struct call *call, const char *operation,
                    const char *outcome, const char *reason);

#endif
