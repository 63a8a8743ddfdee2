/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "store/key.h"
#include "store/record.h"

static void write_time(struct writer *w, const char *name, int64_t us)
{
    char text[CLOCK_RFC3339];
    clock_format(us, text);
    writer_text(w, name);
    writer_literal(w, "\"");
    writer_text(w, text);
    writer_literal(w, "\"");
}

static void write_moment(struct writer *w, const char *name, int64_t us)
{
    writer_text(w, name);
    writer_literal(w, "\"");
    validity_write(w, us, 0);
    writer_literal(w, "\"");
}

/* Left out when empty: most secrets have none. */
static void write_text(struct writer *w, const char *name, struct span text)
{
    if (!text.length)
        return;
    writer_text(w, name);
    writer_json(w, text.data, text.length);
}

/* As text where JSON can hold it and base64 is not shorter: control characters take six bytes. */
static void write_value(struct writer *w, struct span value)
{
    struct writer count = {0};
    int is_text = str_is_utf8(value.data, value.length) && !memchr(value.data, '\0', value.length);
    if (is_text)
        writer_json(&count, value.data, value.length);
    if (is_text && count.needed <= value.length / 3 * 4 + 32) {
        writer_literal(w, ",\"value\":");
        writer_json(w, value.data, value.length);
        return;
    }
    writer_literal(w, ",\"encoding\":\"base64\",\"value\":\"");
    writer_base64(w, value.data, value.length);
    writer_literal(w, "\"");
}

void record_write(struct writer *w, const struct record *record)
{
    struct key_parts key = key_split(record->key);
    writer_literal(w, RECORD_BEGINNING);
    writer_text(w, label_op_name(record->op));
    writer_named_u64(w, "\",\"sequence\":", record->sequence);
    writer_literal(w, ",\"namespace\":\"");
    writer_span(w, key.namespace);
    writer_literal(w, "\",\"workload\":\"");
    writer_span(w, key.workload);
    writer_named_u64(w, "\",\"version\":", record->version);
    write_time(w, ",\"created\":", record->created_us);
    write_time(w, ",\"updated\":", record->updated_us);
    write_moment(w, ",\"notBefore\":", record->validity.not_before_us);
    write_moment(w, ",\"expires\":", record->validity.expires_us);
    if (record->op == RECORD_PUT) {
        write_text(w, ",\"template\":", record->template);
        write_text(w, ",\"format\":", record->format);
        if (record->adopts)
            writer_literal(w, ",\"adopt\":true");
        write_value(w, record->value);
    }
    writer_literal(w, "}");
}
