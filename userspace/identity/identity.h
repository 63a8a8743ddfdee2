/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a caller is resolved to. Plain data, counted: a connection keeps the identity it was given
 * while a new list of identities already replaces it.
 */
#ifndef VSECM_IDENTITY_IDENTITY_H
#define VSECM_IDENTITY_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "limits.h"

struct error;
struct fields;

struct identity_label {
    char *key;
    char *value;
};

struct identity {
    unsigned references;
    char namespace[LIMIT_DNS_LABEL + 1];
    char workload[LIMIT_DNS_LABEL + 1];
    char key[LIMIT_OWN_KEY + 1]; /* namespace/workload: the key of the one secret it may read */
    size_t key_length;
    uint64_t key_hash;     /* by hash_bytes() */
    char *pod;             /* NULL where there is none */
    char *service_account; /* NULL where there is none */
    size_t label_count;
    struct identity_label labels[]; /* in the order they were given */
};

/*
 * A new identity with room for LABELS labels, one reference, no names yet. NULL: out of memory.
 * The labels that the caller sets must be malloc'd; identity_unref() frees them.
 */
struct identity *identity_new(size_t labels);

/* Set the names: both must be labels (base/name.h). 0 or -EINVAL. */
int identity_set_names(struct identity *identity, struct span namespace, struct span workload);

/*
 * A new identity of a pod (or whoever) with FIELDS that is WORKLOAD; all is copied. 0 with *ret the
 * caller's, -EINVAL with *error when it has no namespace or WORKLOAD is no label, or -ENOMEM.
 */
int identity_of_fields(const struct fields *fields, struct span workload, struct identity **ret,
                       struct error *error);

/* The value of label KEY, or NULL. */
const char *identity_label(const struct identity *identity, struct span key);

/* Non-zero when both would be served alike: same names, same pod, same service account. */
int identity_same(const struct identity *a, const struct identity *b);

struct identity *identity_ref(struct identity *identity);

/* NULL is fine. */
void identity_unref(struct identity *identity);

#endif
