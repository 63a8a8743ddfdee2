/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/utf8.h"

#include "base/str.h"

static size_t length_by_lead(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t utf8_decode(struct span text, uint32_t *rune)
{
    const unsigned char *at = (const unsigned char *)text.data;
    size_t length = length_by_lead(at[0]);
    *rune = UTF8_ERROR;
    if (length > text.length || !str_is_utf8(text.data, length))
        return 1;
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t bits = at[0] & masks[length];
    for (size_t i = 1; i < length; i++)
        bits = bits << 6 | (at[i] & 0x3fu);
    *rune = bits;
    return length;
}

size_t utf8_encode(uint32_t rune, char *ret)
{
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        rune = UTF8_ERROR;
    if (rune < 0x80) {
        ret[0] = (char)rune;
        return 1;
    }
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t length = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, rune >>= 6)
        ret[i] = (char)(0x80 | (rune & 0x3f));
    ret[0] = (char)(leads[length] | rune);
    return length;
}

size_t utf8_count(struct span text)
{
    size_t count = 0;
    uint32_t rune;
    for (; text.length; count++) {
        size_t length = utf8_decode(text, &rune);
        text = (struct span){text.data + length, text.length - length};
    }
    return count;
}
