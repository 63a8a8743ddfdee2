/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/writer.h"

#include "base/plain.h"
#include "base/str.h"

void writer_u64(struct writer *w, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    writer_bytes(w, digits + at, sizeof digits - at);
}

void writer_named_u64(struct writer *w, const char *name, uint64_t value)
{
    writer_text(w, name);
    writer_u64(w, value);
}

static const char hex[] = "0123456789abcdef";

static void escape(struct writer *w, unsigned char c)
{
    static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i < sizeof names - 1; i += 2)
        if ((unsigned char)names[i] == c) {
            writer_bytes(w, (char[]){'\\', names[i + 1]}, 2);
            return;
        }
    writer_bytes(w, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

static void json_string(struct writer *w, const char *data, size_t length, unsigned char above)
{
    writer_literal(w, "\"");
    size_t plain = 0, i = 0;
    while ((i += plain_run(data + i, length - i)) < length) {
        unsigned char c = (unsigned char)data[i++];
        if (c >= 0x80 && c <= above)
            continue;
        writer_bytes(w, data + plain, i - 1 - plain);
        escape(w, c);
        plain = i;
    }
    writer_bytes(w, data + plain, length - plain);
    writer_literal(w, "\"");
}

void writer_json(struct writer *w, const char *data, size_t length)
{
    json_string(w, data, length, 0xff);
}

void writer_json_unsafe(struct writer *w, const char *data, size_t length)
{
    json_string(w, data, length, str_is_utf8(data, length) ? 0xff : 0x7f);
}

void writer_base64(struct writer *w, const void *data, size_t length)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = (uint32_t)in[i] << 16;
        if (left > 1)
            bits |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            bits |= in[i + 2];
        char out[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                       left > 1 ? alphabet[bits >> 6 & 63] : '=',
                       left > 2 ? alphabet[bits & 63] : '='};
        writer_bytes(w, out, 4);
    }
}
