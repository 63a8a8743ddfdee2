/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What vsecm-sync told of one pod or one binding: checked by the rules of the identities file, and
 * kept as text. Nobody in the cluster vouches for it, so what does not pass is not kept at all.
 */
#ifndef VSECM_CLUSTER_TOLD_H
#define VSECM_CLUSTER_TOLD_H

#include "base/span.h"

struct error;
struct fields;
struct identity;
struct wire_message;

struct told {
    struct span name; /* a pod's uid, or a binding's name */
    struct span workload;
    struct span namespace;
    struct span service_account;
    struct span pod;
    struct span labels;        /* "KEY=VALUE" a line */
    int is_named;              /* in the list that is under way, or since */
    int is_bare;               /* only the name and the identity are known, from a file */
    int is_stale;              /* the identity is not that of what was told last */
    struct identity *identity; /* of a pod; NULL: nobody; a counted reference */
    char text[];               /* what the spans point to */
};

/* The pod of MESSAGE, a WIRE_POD, with no identity. 0 with *ret the caller's, -EINVAL or -ENOMEM
 * with *error. */
int told_pod(const struct wire_message *message, struct told **ret, struct error *error);

/* The binding of MESSAGE, a WIRE_BINDING. The same. */
int told_binding(const struct wire_message *message, struct told **ret, struct error *error);

/* A pod of which nothing is known but its UID and its identity, of which a reference is taken.
 * NULL: out of memory. */
struct told *told_bare(struct span uid, struct identity *identity);

/* What a pod has, or a binding asks for. Its spans live as long as TOLD. 0, or -EINVAL with *error.
 */
int told_fields(const struct told *told, struct fields *ret, struct error *error);

/* Non-zero when both say the same. */
int told_same(const struct told *a, const struct told *b);

/* NULL is fine. */
void told_free(struct told *told);

#endif
