/* SPDX-License-Identifier: BSD-2-Clause */
/* The key of a secret: namespace/workload, both DNS labels. */
#ifndef VSECM_STORE_KEY_H
#define VSECM_STORE_KEY_H

#include "base/span.h"

/* The rule in words, to be put behind "must be ". */
#define KEY_RULE "NAMESPACE/WORKLOAD, both DNS labels (RFC 1123)"

struct key_parts {
    struct span namespace, workload;
};

/* Non-zero when TEXT is a key. */
int key_is_good(struct span text);

/* The two parts of a good key; they point into it. */
struct key_parts key_split(struct span key);

#endif
