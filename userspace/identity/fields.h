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

#endif
