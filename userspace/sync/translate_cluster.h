/* SPDX-License-Identifier: BSD-2-Clause */
/* VSecMNodes, the VSecMKey and TokenReviews of the API, as messages to the core. */
#ifndef VSECM_SYNC_TRANSLATE_CLUSTER_H
#define VSECM_SYNC_TRANSLATE_CLUSTER_H

#include "base/span.h"
#include "limits.h"
#include "wire/wire.h"

struct cJSON;
struct error;

/* OBJECT is a VSecMNode: *ret is a WIRE_NODE, with IS_GONE a WIRE_NODE_GONE. 0 or -EINVAL. */
int translate_cluster_node(const struct cJSON *object, int is_gone, struct wire_message *ret,
                           struct error *error);

/* Names that a WIRE_KEY points into; the caller's. */
struct translate_cluster_room {
    char nodes[LIMIT_WIRE_LIST];
};

/*
 * OBJECT is a VSecMKey: *ret is a WIRE_KEY, with IS_GONE a WIRE_KEY_GONE. 0; -EINVAL; -ENOENT: it
 * is another than the one there is to be.
 */
int translate_cluster_key(const struct cJSON *object, int is_gone,
                          struct translate_cluster_room *room, struct wire_message *ret,
                          struct error *error);

/*
 * ANSWER is a TokenReview that asked for AUDIENCE: *ret is a WIRE_REVIEW. A token that is good for
 * others only, or for which the API server did not look at the audience, is not valid.
 */
int translate_cluster_review(const struct cJSON *answer, struct span audience,
                             struct wire_message *ret, struct error *error);

#endif
