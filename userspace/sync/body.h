/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of requests to the API server, made of messages of the core. Each of these writes JSON;
 * with a writer that has no memory it only counts. What is no UTF-8 does not come out as such.
 */
#ifndef VSECM_SYNC_BODY_H
#define VSECM_SYNC_BODY_H

#include "wire/wire.h"

struct writer;

/* What a body is made of besides the message. */
struct body_context {
    const char *node;             /* this node's name */
    const char *namespace;        /* where the objects of this program are */
    const char *now;              /* RFC 3339, whole seconds */
    struct span resource_version; /* of the object that is replaced; empty: it is made */
};

typedef void body_writer(struct writer *w, const struct wire_message *message,
                         const struct body_context *context);

/* WIRE_PUT: a new VSecMSecret. */
body_writer body_secret;
/* WIRE_STATUS: a merge patch of its status; what other nodes wrote into it stays. */
body_writer body_status;
/* WIRE_NODE_PUT, WIRE_KEY_PUT: a new object, or a merge patch of one of that resource version. */
body_writer body_node;
body_writer body_key;
/* WIRE_EVENT: a v1 Event. */
body_writer body_event;
/* WIRE_TOKEN_REVIEW */
body_writer body_review;
/* WIRE_EXPORT: a Kubernetes Secret, new or whole in the place of another. */
body_writer body_export;

/* Options of a deletion: only the object with this uid and resource version, as far as given. */
void body_delete(struct writer *w, struct span uid, struct span resource_version);

#endif
