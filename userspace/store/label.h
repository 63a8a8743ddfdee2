/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The label of a record: what it did to which key, in clear beside what is sealed, for whoever
 * looks through a log without its key. It proves nothing. As the log's metadata it reads
 * "put shop/web 3 2026-11-24T21:02:11.123456Z now never".
 */
#ifndef VSECM_STORE_LABEL_H
#define VSECM_STORE_LABEL_H

#include <stdint.h>

#include "base/span.h"
#include "limits.h"
#include "store/validity.h"

enum record_op {
    RECORD_PUT,    /* a version with its value */
    RECORD_EXPIRE, /* a version whose value is gone because its time was over */
    RECORD_DELETE, /* the key is gone with all its versions */
};

struct label {
    enum record_op op;
    struct span key;
    uint64_t version;
    int64_t updated_us;
    struct validity validity;
};

/* "put", "expire", "delete". */
const char *label_op_name(enum record_op op);

/* 0 or -EINVAL. */
int label_read_op(struct span text, enum record_op *ret);

#define LABEL_TEXT LIMIT_META /* which it never fills */
struct span label_write(const struct label *label, char ret[LABEL_TEXT]);

/* Read TEXT, of which nothing is believed; the key points into it. 0 or -EINVAL. */
int label_read(struct span text, struct label *ret);

/* Non-zero when both say the same. */
int label_equals(const struct label *a, const struct label *b);

#endif
