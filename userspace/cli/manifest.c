/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/manifest.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "store/key.h"
#include "store/record.h"

/* A label may look like a number or a word of YAML: in quotes it is text. */
static void write_quoted(struct writer *w, const char *name, struct span text)
{
    writer_text(w, name);
    writer_literal(w, ": \"");
    writer_span(w, text);
    writer_literal(w, "\"\n");
}

static void write_moment(struct writer *w, const char *name, int64_t us)
{
    char text[CLOCK_RFC3339];
    struct writer moment = writer_on(text, sizeof text);
    validity_write(&moment, us, 0);
    write_quoted(w, name, (struct span){text, moment.used});
}

static void write_annotations(struct writer *w, const struct record *record)
{
    char number[24];
    struct writer version = writer_on(number, sizeof number);
    writer_u64(&version, record->version);
    writer_literal(w, "  annotations:\n");
    write_quoted(w, "    vsecm.com/version", (struct span){number, version.used});
    write_moment(w, "    vsecm.com/created", record->created_us);
    write_moment(w, "    vsecm.com/updated", record->updated_us);
    write_moment(w, "    vsecm.com/not-before", record->validity.not_before_us);
    write_moment(w, "    vsecm.com/expires", record->validity.expires_us);
}

static void write_block(struct writer *w, struct span text)
{
    writer_literal(w, "  sealed: |\n");
    while (text.length) {
        struct span line = str_cut_line(&text);
        writer_literal(w, "    ");
        writer_span(w, line);
        writer_literal(w, "\n");
    }
}

void manifest_write(struct writer *w, const struct record *record, struct span sealed,
                    bool allows_rollback)
{
    struct key_parts key = key_split(record->key);
    writer_literal(w, "apiVersion: vsecm.com/v1\nkind: VSecMSecret\nmetadata:\n");
    write_quoted(w, "  name", key.workload);
    write_quoted(w, "  namespace", key.namespace);
    write_annotations(w, record);
    writer_literal(w, "spec:\n");
    if (allows_rollback)
        writer_literal(w, "  allowRollback: true\n");
    write_block(w, sealed);
}
