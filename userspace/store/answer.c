/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/answer.h"

#include <errno.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "crypto/secret.h"
#include "protocol.h"
#include "store/store.h"

struct span answer_etag(const struct store_version *version, char ret[ANSWER_ETAG])
{
    static const char hex[] = "0123456789abcdef";
    char time[16];
    uint64_t left = (uint64_t)version->updated_us;
    for (size_t i = sizeof time; i-- > 0; left >>= 4)
        time[i] = hex[left & 15];
    struct writer w = writer_on(ret, ANSWER_ETAG);
    writer_literal(&w, "\"");
    writer_u64(&w, version->number);
    writer_literal(&w, ".");
    writer_bytes(&w, time, sizeof time);
    writer_literal(&w, "\"");
    return (struct span){ret, w.used};
}

void answer_describe(struct writer *w, const struct store_version *version)
{
    char etag[ANSWER_ETAG];
    writer_literal(w, "ETag: ");
    writer_span(w, answer_etag(version, etag));
    writer_literal(w, "\r\n" HEADER_VERSION ": ");
    writer_u64(w, version->number);
    writer_literal(w, "\r\n");
}

static void write_head(struct writer *w, const struct store_version *version, size_t length)
{
    writer_literal(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                      "Cache-Control: no-store\r\nContent-Length: ");
    writer_u64(w, length);
    writer_literal(w, "\r\n");
    answer_describe(w, version);
    writer_literal(w, "\r\n");
}

static void write_time(struct writer *w, int64_t wall_us)
{
    char time[CLOCK_RFC3339];
    clock_format_seconds(wall_us, time);
    writer_text(w, time);
}

/* *DATA_AT = where in the JSON the first byte of the value stands. */
static void write_json(struct writer *w, const struct store_version *version, struct span bare,
                       int is_text, size_t *data_at)
{
    size_t start = w->needed;
    writer_literal(w, "{\"data\":");
    *data_at = w->needed - start + 1;
    if (is_text) {
        writer_json(w, bare.data, bare.length);
    } else {
        writer_literal(w, "\"");
        writer_base64(w, bare.data, bare.length);
        writer_literal(w, "\",\"encoding\":\"base64\"");
    }
    writer_literal(w, ",\"created\":\"");
    write_time(w, version->created_us);
    writer_literal(w, "\",\"updated\":\"");
    write_time(w, version->updated_us);
    writer_literal(w, "\"}");
}

static int is_written_plainly(struct span bare, int is_text)
{
    struct writer count = {0};
    writer_json(&count, bare.data, bare.length);
    return is_text && count.needed == bare.length + 2;
}

int answer_render(struct arena *arena, struct span bare, struct store_version *version)
{
    int is_text = str_is_utf8(bare.data, bare.length);
    int plain = is_written_plainly(bare, is_text);
    size_t data_at;
    struct writer json = {0}, head = {0};
    write_json(&json, version, bare, is_text, &data_at);
    write_head(&head, version, json.needed);

    size_t answer = head.needed + json.needed;
    size_t total = answer + (plain ? 0 : bare.length);
    struct secret *block = secret_new(arena, total);
    if (!block)
        return -ENOSPC;
    struct writer w = writer_on(block->data, total);
    write_head(&w, version, json.needed);
    write_json(&w, version, bare, is_text, &data_at);
    if (!plain)
        writer_span(&w, bare);
    version->block = block;
    version->answer = (struct span){block->data, answer};
    version->json = (struct span){block->data + head.needed, json.needed};
    version->value =
        (struct span){plain ? version->json.data + data_at : block->data + answer, bare.length};
    return 0;
}
