/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a version that came from the cluster is taken. A pure function. */
#ifndef VSECM_CLUSTER_JUDGEMENT_H
#define VSECM_CLUSTER_JUDGEMENT_H

#include <stdint.h>

#include "base/span.h"

struct record;

enum judgement {
    JUDGEMENT_NEW,      /* it is taken */
    JUDGEMENT_SAME,     /* it is here already */
    JUDGEMENT_MOVED,    /* it was sealed for another key */
    JUDGEMENT_ROLLBACK, /* it is older than what is known */
    JUDGEMENT_CONFLICT, /* another version of the same number is known */
};

struct judgement_known {
    struct span key;         /* of the object */
    uint64_t version;        /* that is here; 0: none */
    int is_same;             /* what is here under the record's number has the record's content */
    uint64_t status_version; /* that some node has taken before, as the object says; 0: none */
    int allows_rollback;
};

enum judgement judgement_of(const struct record *record, const struct judgement_known *known);

/* What is told of a refusal: one word for the audit trail, and a sentence. NULL: it is none. */
const char *judgement_word(enum judgement judgement);

#endif
