/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core and vsecm-sync say to each other: the core knows no JSON of Kubernetes, vsecm-sync
 * no cryptography. A message has a kind, the number of the request that it belongs to (0: none),
 * and as many fields as its kind has, each of them bytes. Numbers are decimal text, times RFC 3339
 * in UTC, flags "1" or "", lists one item a line; what is not known is empty.
 */
#ifndef VSECM_WIRE_WIRE_H
#define VSECM_WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct error;
struct writer;

#define WIRE_ABI "2" /* both sides must have the same */
#define WIRE_FIELDS 10u

enum wire_kind {
    WIRE_NONE,

    /* ---- from vsecm-sync ---- */
    WIRE_HELLO,        /* the first message: who is there */
    WIRE_RESET,        /* a list of something begins: what is not named before SYNCED is gone */
    WIRE_SYNCED,       /* it is complete, and followed from here on */
    WIRE_POD,          /* a pod of this node is there, or changed */
    WIRE_POD_GONE,     /* */
    WIRE_BINDING,      /* a VSecMBinding is there, or changed */
    WIRE_BINDING_GONE, /* */
    WIRE_SEEN,         /* a VSecMSecret is there, or changed: its metadata */
    WIRE_GONE,         /* a VSecMSecret was deleted */
    WIRE_NODE,         /* a VSecMNode is there, or changed */
    WIRE_NODE_GONE,    /* */
    WIRE_KEY,          /* the VSecMKey is there, or changed */
    WIRE_KEY_GONE,     /* */
    WIRE_API,          /* the API server can be reached, or not any more */
    WIRE_LEADER,       /* this node writes what one node at a time may write, or not any more */
    WIRE_DRIFT,        /* a Secret that is ours was changed or deleted by somebody else */
    WIRE_SECRET,       /* the answer to GET: the whole object */
    WIRE_VERSION,      /* one row of the answer to HISTORY, newest first; RESULT ends them */
    WIRE_TOKEN,        /* the answer to TOKEN_GET */
    WIRE_REVIEW,       /* the answer to TOKEN_REVIEW */
    WIRE_RESULT,       /* how a request ended; of those with an answer above, only when it failed */

    /* ---- from the core ---- */
    WIRE_WELCOME,       /* the answer to HELLO */
    WIRE_GET,           /* a whole VSecMSecret */
    WIRE_PUT,           /* a new version of a VSecMSecret */
    WIRE_DELETE,        /* a VSecMSecret */
    WIRE_STATUS,        /* of a VSecMSecret, for people; no answer */
    WIRE_HISTORY,       /* all versions of a VSecMSecret */
    WIRE_EVENT,         /* an Event about a VSecMSecret, or about this node; no answer */
    WIRE_NODE_PUT,      /* create (no resource version) or replace a VSecMNode */
    WIRE_NODE_DELETE,   /* */
    WIRE_KEY_PUT,       /* create (no resource version) or replace the VSecMKey */
    WIRE_KEY_GET,       /* which resource version the VSecMKey has now */
    WIRE_TOKEN_GET,     /* the token that proves which node we are */
    WIRE_TOKEN_REVIEW,  /* whose token this is */
    WIRE_EXPORT,        /* write a Kubernetes Secret: plaintext, on purpose */
    WIRE_EXPORT_DELETE, /* */
    WIRE_HEALTH,        /* what probes and metrics tell; every few seconds, no answer */

    WIRE_KINDS
};

/* The fields of each kind, in their order. Of several that begin alike, one list serves. */
enum { HELLO_ABI, HELLO_NODE, HELLO_VERSION };
enum { LIST_WHAT }; /* of RESET and SYNCED: "pods", "bindings", "secrets", "nodes", "key" */
enum {
    POD_UID,
    POD_NAMESPACE,
    POD_NAME,
    POD_SERVICE_ACCOUNT,
    POD_LABELS,     /* "KEY=VALUE" a line */
    POD_CONTAINERS, /* ids that its status shows, without "containerd://", one a line */
    POD_PHASE,      /* "Pending", "Running", "Succeeded", "Failed", "Unknown" */
};
enum {
    BINDING_NAME, /* of the object; rules are tried in the order of their names */
    BINDING_WORKLOAD,
    BINDING_NAMESPACE,
    BINDING_SERVICE_ACCOUNT,
    BINDING_LABELS, /* "KEY=VALUE" a line, each must match */
};
/* SEEN, and the front of SECRET: object, then what its annotations claim, of which nothing is
 * believed. GONE has the first three, GET, DELETE, HISTORY and others the first two or so. */
enum {
    SECRET_NAMESPACE,
    SECRET_NAME,
    SECRET_UID,
    SECRET_RESOURCE_VERSION,
    SEEN_VERSION,
    SEEN_CREATED,
    SEEN_UPDATED,
    SEEN_NOT_BEFORE, /* "now" or a time */
    SEEN_EXPIRES,    /* "never" or a time */
    SEEN_GENERATION, /* metadata.generation, which a change of the status alone leaves as it is */
};
enum {
    WHOLE_GENERATION = SECRET_RESOURCE_VERSION + 1, /* metadata.generation */
    WHOLE_SEALED,                                   /* spec.sealed: an armoured age file */
    WHOLE_ALLOW_ROLLBACK,                           /* spec.allowRollback */
    WHOLE_STATUS_VERSION,                           /* status.version, "" when there is none */
    WHOLE_STATUS_ERROR,                             /* status.error */
};
enum { VERSION_NUMBER, VERSION_UPDATED, VERSION_SEALED };
enum {
    NODE_NAME,
    NODE_RESOURCE_VERSION,
    NODE_RECIPIENT, /* age1…: the public half of the node's identity */
    NODE_REQUEST,   /* an armoured age file to the root key: please let me in */
    NODE_APPROVED,  /* a person said so: spec.approved */
};
enum {
    KEY_RESOURCE_VERSION,
    KEY_RECIPIENT, /* age1…: whom to seal values to */
    KEY_SEALED,    /* an armoured age file: the root key, wrapped to every node that was let in */
    KEY_NODES,     /* their names, for people, one a line */
    KEY_UID,
};
enum { API_IS_UP, API_REASON };
enum { LEADER_IS_US };
enum { TOKEN_TEXT, TOKEN_AUDIENCE };
enum {
    REVIEW_IS_VALID, /* authenticated, for the audience that was asked for */
    REVIEW_USER,     /* "system:serviceaccount:vsecm-system:vsecm-safe" */
    REVIEW_NODE,     /* the node of the pod that the token is bound to */
    REVIEW_POD_UID,
};
/*
 * "ok"; "conflict": it was changed meanwhile, or is there although it should be created; "missing";
 * "foreign": there is one that is not ours; "invalid": the API server refuses it; "forbidden";
 * "unreachable": nothing was done, or nobody knows whether it was; "busy": too much is under way.
 */
enum { RESULT_CODE, RESULT_RESOURCE_VERSION, RESULT_MESSAGE };
enum {
    PUT_SEALED = SEEN_EXPIRES + 1, /* spec.sealed; the fields before it are those of SEEN */
};
#define PUT_KEEP SECRET_UID /* how many older versions spec.history keeps; PUT needs no uid */
enum {
    STATUS_VERSION = SECRET_NAME + 1,
    STATUS_UPDATED,
    STATUS_READERS, /* namespace/pod of this node that may read it, one a line */
    STATUS_ERROR,   /* why the object as it is was refused; "" when it was not */
    STATUS_GENERATION,
};
enum {
    EVENT_NAMESPACE,
    EVENT_NAME, /* with an empty namespace: about the VSecMNode of this name */
    EVENT_UID,
    EVENT_TYPE,   /* "Normal" or "Warning" */
    EVENT_REASON, /* CamelCase */
    EVENT_MESSAGE,
};
enum {
    EXPORT_NAMESPACE,
    EXPORT_NAME,
    EXPORT_ADOPT, /* take over one that is not ours */
    EXPORT_DATA,  /* a JSON object: each member's value in base64 */
};
enum {
    HEALTH_IS_READY,
    HEALTH_REASON,
    HEALTH_METRICS, /* the core's own, in Prometheus' text format */
};

enum wire_side { WIRE_CORE, WIRE_SYNC };

struct wire_message {
    enum wire_kind kind;
    uint64_t number;
    struct span field[WIRE_FIELDS];
};

/* "secret", "put"; for errors and logs. */
const char *wire_name(enum wire_kind kind);

/* Non-zero when SIDE is the one that says messages of KIND. */
int wire_says(enum wire_side side, enum wire_kind kind);

/* How many fields KIND has. */
size_t wire_fields(enum wire_kind kind);

/* Bytes that MESSAGE takes. Fields beyond those of its kind are not looked at. */
size_t wire_size(const struct wire_message *message);

/*
 * Non-zero when every field of MESSAGE is within the limit of its kind: what is not would be
 * refused at the other end. *which (may be NULL) is the first that is not.
 */
int wire_fits(const struct wire_message *message, size_t *which);

/* Write MESSAGE. */
void wire_write(struct writer *w, const struct wire_message *message);

/*
 * Read the first message of BYTES, which FROM is to have said. On 0 the fields point into BYTES and
 * *size is what it took. -EAGAIN: *size bytes are needed before it can be looked at again. -EPROTO
 * with *error: it is none, and the connection is worth nothing any more.
 */
int wire_read(struct span bytes, enum wire_side from, struct wire_message *ret, size_t *size,
              struct error *error);

#endif
