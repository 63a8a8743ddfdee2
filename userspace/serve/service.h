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
#include "serve/access.h"
#include "store/upstream.h"

struct age_identity;
struct arena;
struct attest;
struct audit;
struct audit_memo;
struct error;
struct follow;
struct follow_book;
struct http_request;
struct keyring;
struct put_request;
struct reply;
struct restore;
struct root;
struct shields;
struct store;
struct subject;
struct writer;

struct service {
    struct store *store;
    struct upstream upstream; /* where changes are made; all zero: the store is its own */
    struct keyring *keyring;
    struct root *root; /* the cluster's root key; NULL outside of a cluster */
    struct restore *restore;
    struct arena *arena;
    struct attest *attest; /* of the guards; NULL: there are none */
    struct audit *audit;
    struct follow_book *followers;
    struct shields *shields;
    enum access_reveal reveal;
    const char *sentinel; /* its key; outlives the service */
    int serves_unaudited; /* option audit_required = no: go on when a record cannot be kept */
    int working;          /* attestation was last seen to work */
    /*
     * In a cluster: whether VALUE with TEMPLATE can become a Kubernetes Secret; as mapping_check()
     * (cluster/mapping.h). NULL: in none, and values for Kubernetes Secrets are refused.
     */
    int (*export_check)(struct arena *arena, struct span value, struct span template,
                        struct error *why);
    struct put_request *scratch;
    unsigned lists[2]; /* with values, on their way; by door */
    int64_t now_us;    /* of the records of this turn; 0: the clock is read for the next one */
    /* The daemon's part of GET /v1/admin/status: members of a JSON object, each with a comma
     * before. */
    void (*status)(struct writer *w, void *context);
    void *status_context;
    uint64_t served;  /* requests that were allowed */
    uint64_t refused; /* requests that were not */
};

/* A change that a request began, and that is not known to be durable yet. All zero: none. */
struct pending {
    uint64_t ticket; /* of store/change.h; 0: it could not even begin, and is to be tried again */
    int is_settled;
    int result; /* once it is settled: 0 or -errno */
};

/* One request on its way through. */
struct call {
    const struct subject *subject;
    struct span audit_subject; /* audit_line_subject() of it */
    struct audit_memo *memo;   /* of the connection, or NULL */
    const struct http_request *request;
    struct span body; /* for service_gate(): what has come of it */
    const int *files; /* descriptors that came with it; closed behind the answer */
    unsigned file_count;
    unsigned max_files; /* set by service_gate(): descriptors that the body may bring */
    struct span tail;   /* what follows the route's path, still percent-encoded */
    int waits; /* a pod that is not known, or its secret, may still come: SERVICE_WAITS is fine */
    const struct span *keys; /* what the audit records name; set by the handler */
    size_t key_count;
    const char *operation;   /* what the audit records call it; NULL: as its route does */
    const char *reason;      /* one word for audit when it does not succeed; set by the handler */
    struct pending *pending; /* of the connection */
    struct follow *follow;   /* of the connection */
    int is_unsettled;        /* set by service_must_wait(): no answer yet */
    int is_coming;           /* set by the handler: what it answers is on its way to this node */
};

/* A turn of the loop is over: what comes next has a time of its own. */
static inline void service_end_turn(struct service *service)
{
    service->now_us = 0;
}

enum service_result {
    SERVICE_REPLIED, /* *reply is filled */
    SERVICE_WAITS,   /* the caller's pod, or its secret, is not here yet; ask again */
    SERVICE_CHANGES, /* what it changes is on its way to the disk; ask again when it has settled */
    SERVICE_BODY,    /* (service_gate) go on and read the body */
};

/*
 * Set up the parts that no option decides, in the thread that serves. 0 or -errno. What
 * changes in the store is for the caller to pass on: store_set_changed(), follow_changed().
 */
int service_init(struct service *service);
void service_done(struct service *service);

/* Where changes are made. */
struct upstream service_upstream(const struct service *service);

/* What opens values that travel sealed, *count of them, the first the one to seal to. NULL: no key
 * is known. */
const struct age_identity *service_identities(const struct service *service, size_t *count);

/*
 * Decide on a head before its body is read: a body that nobody would look at is never taken in.
 * SERVICE_BODY with *max = bytes of body that may follow and call->max_files, SERVICE_WAITS, or
 * SERVICE_REPLIED with a refusal that closes the connection.
 */
enum service_result service_gate(struct service *service, struct call *call, size_t *max,
                                 struct reply *reply);

/*
 * The answer to a whole request: SERVICE_REPLIED, SERVICE_WAITS, or SERVICE_CHANGES: then the same
 * request is to be given again with the same call->pending, once that is settled or, without a
 * ticket, once anything has settled.
 */
enum service_result service_answer(struct service *service, struct call *call, struct reply *reply);

/*
 * The answer to what is no request: STATUS as http_read() gave it, WHY its text. Kept on record
 * too.
 */
void service_malformed(struct service *service, struct call *call, int status, const char *why,
                       struct reply *reply);

/* The time of the records of this turn. UTC, microseconds since 1970. */
int64_t service_now_us(struct service *service);

/*
 * For a handler that changes something. Asked first, *result is what came of its change if that was
 * begun before and has settled, and it is told so by non-zero; else it begins the change and gives
 * what that returned: non-zero when the request has to wait, and the handler must leave at once.
 */
int service_has_settled(const struct call *call, int *result);

/*
 * The time by which the body of a change is judged, in microseconds since 1970. When the change has
 * settled already its body is read again, and what was right then is right still: 0.
 */
int64_t service_change_us(const struct call *call);
int service_must_wait(struct call *call, int result, uint64_t ticket);

/*
 * Keep a record of what the daemon itself found out about KEY, or is about to do. 0, or -errno:
 * then it must not be done.
 */
int service_note(struct service *service, const char *operation, struct span key,
                 const char *outcome, const char *reason);

/* 0 when there is room for LIMIT_TARGETS of these, or -errno: as service_note(). */
int service_can_note(struct service *service);

/*
 * Keep the record that KEY is about to be told to whoever is behind CALL. 0, or -errno: then it
 * must not be told.
 */
int service_keep_record(struct service *service, struct call *call, const char *operation,
                        struct span key, const char *reason);

/* Keep a record of something that is no request, for example a connection that was refused. */
void service_record(struct service *service, struct call *call, const char *operation,
                    const char *outcome, const char *reason);

/* The same of COUNT refusals that had no record of their own; SUBJECT as audit_line_subject(). */
void service_record_refusals(struct service *service, struct span subject, const char *operation,
                             const char *reason, uint64_t count);

#endif
