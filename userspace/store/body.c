/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/body.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "crypto/secret.h"

/* Where `data` starts in every body, behind its opening quote. */
static const char opening[] = "{\"data\":";
#define DATA_OFFSET sizeof(opening)

static void write_json(struct writer *w, struct span bare, int is_text, const char *created,
                       const char *updated)
{
    writer_literal(w, opening);
    if (is_text) {
        writer_json(w, bare.data, bare.length);
    } else {
        writer_literal(w, "\"");
        writer_base64(w, bare.data, bare.length);
        writer_literal(w, "\",\"encoding\":\"base64\"");
    }
    writer_literal(w, ",\"created\":\"");
    writer_text(w, created);
    writer_literal(w, "\",\"updated\":\"");
    writer_text(w, updated);
    writer_literal(w, "\"}");
}

static int is_written_plainly(struct span bare, int is_text)
{
    struct writer count = {0};
    writer_json(&count, bare.data, bare.length);
    return is_text && count.needed == bare.length + 2;
}

struct secret *body_render(struct arena *arena, struct span bare, int64_t created_us,
                           int64_t updated_us, size_t *length, struct span *value)
{
    char created[CLOCK_RFC3339], updated[CLOCK_RFC3339];
    clock_format_seconds(created_us, created);
    clock_format_seconds(updated_us, updated);
    int is_text = str_is_utf8(bare.data, bare.length);
    int plain = is_written_plainly(bare, is_text);
    struct writer count = {0};
    write_json(&count, bare, is_text, created, updated);

    size_t total = count.needed + (plain ? 0 : bare.length);
    struct secret *body = secret_new(arena, total);
    if (!body)
        return NULL;
    struct writer w = writer_on(body->data, total);
    write_json(&w, bare, is_text, created, updated);
    *length = w.used;
    *value = (struct span){body->data + (plain ? DATA_OFFSET : w.used), bare.length};
    if (!plain)
        writer_span(&w, bare);
    return body;
}
