/* SPDX-License-Identifier: BSD-2-Clause */
/* The body of an answer while it comes in: bounded, and wiped wherever it stood. */
#ifndef VSECM_SYNC_ANSWER_H
#define VSECM_SYNC_ANSWER_H

#include <stddef.h>

#include "base/span.h"

struct answer {
    char *bytes;
    size_t length;
    size_t room;
};

/* Add BYTES. 0, -EFBIG when there would be more than MAX, or -ENOMEM. */
int answer_add(struct answer *answer, struct span bytes, size_t max);

/* Add as many of BYTES as MAX has room for. 0 or -ENOMEM. */
int answer_add_cut(struct answer *answer, struct span bytes, size_t max);

void answer_forget(struct answer *answer);

#endif
