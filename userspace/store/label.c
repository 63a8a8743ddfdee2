/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/label.h"

#include <errno.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/writer.h"
#include "store/key.h"

static const char *const ops[] = {
    [RECORD_PUT] = "put", [RECORD_EXPIRE] = "expire", [RECORD_DELETE] = "delete"};

#define OPS (sizeof ops / sizeof ops[0])

const char *label_op_name(enum record_op op)
{
    return ops[op];
}

int label_read_op(struct span text, enum record_op *ret)
{
    for (size_t i = 0; i < OPS; i++)
        if (span_is(text, ops[i])) {
            *ret = (enum record_op)i;
            return 0;
        }
    return -EINVAL;
}

struct span label_write(const struct label *label, char ret[LABEL_TEXT])
{
    char time[CLOCK_RFC3339];
    struct writer w = writer_on(ret, LABEL_TEXT);
    writer_text(&w, ops[label->op]);
    writer_literal(&w, " ");
    writer_span(&w, label->key);
    writer_named_u64(&w, " ", label->version);
    clock_format(label->updated_us, time);
    writer_literal(&w, " ");
    writer_text(&w, time);
    writer_literal(&w, " ");
    validity_write(&w, label->validity.not_before_us, 0);
    writer_literal(&w, " ");
    validity_write(&w, label->validity.expires_us, 0);
    return (struct span){ret, w.used};
}

int label_read(struct span text, struct label *ret)
{
    struct span word[6];
    for (size_t i = 0; i < 6; i++)
        if (!file_next_word(&text, &word[i]))
            return -EINVAL;
    *ret = (struct label){.key = word[1]};
    if (text.length || label_read_op(word[0], &ret->op) < 0 || !key_is_good(word[1]) ||
        str_u64(word[2], UINT64_MAX, &ret->version) < 0 ||
        clock_parse(word[3], &ret->updated_us) < 0 ||
        validity_read(word[4], 0, &ret->validity.not_before_us) < 0 ||
        validity_read(word[5], 0, &ret->validity.expires_us) < 0)
        return -EINVAL;
    return 0;
}

int label_equals(const struct label *a, const struct label *b)
{
    return a->op == b->op && a->version == b->version && span_equal(a->key, b->key) &&
           a->updated_us == b->updated_us &&
           a->validity.not_before_us == b->validity.not_before_us &&
           a->validity.expires_us == b->validity.expires_us;
}
