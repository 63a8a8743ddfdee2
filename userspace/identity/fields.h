/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `name=value` words that say who somebody is, in the identities file and in the bindings file:
 *     namespace=NS service-account=SA workload=W pod=P label.KEY=VALUE
 */
#ifndef VSECM_IDENTITY_FIELDS_H
#define VSECM_IDENTITY_FIELDS_H

#include <stddef.h>

#include "base/span.h"
#include "limits.h"

struct error;

struct fields_label {
    struct span key;
    struct span value;
};

/* Spans of the line that was read; an absent field has length 0. */
struct fields {
    struct span namespace;
    struct span service_account;
    struct span workload;
    struct span pod;
    size_t label_count;
    struct fields_label labels[LIMIT_LABELS];
};

/*
 * Read all words of LINE. Each value is checked against its rule. 0, or -EINVAL with *error naming
 * the word and what is allowed (the caller adds file and line).
 */
int fields_read(struct span line, struct fields *ret, struct error *error);

/* Set field NAME ("namespace") of RET, which has none yet. As fields_read() of one word. */
int fields_set(struct fields *ret, struct span name, struct span value, struct error *error);

/*
 * One more label: KEY and VALUE are at most as long as Kubernetes allows, and of characters that
 * can stand in a word of these files. 0, or -EINVAL with *error.
 */
int fields_add_label(struct fields *ret, struct span key, struct span value, struct error *error);

#endif
