/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/quote.h"

#include <string.h>

#include "template/number.h"
#include "template/printable.h"
#include "template/text.h"
#include "template/utf8.h"

#define BYTE_ORDER_MARK 0xfeffu

/* A backslash, LETTER, and VALUE with DIGITS hexadecimal digits. */
static void put_escape(struct text *out, char letter, uint32_t value, size_t digits)
{
    text_byte(out, '\\');
    text_byte(out, letter);
    number_unsigned(out, value, 16, NUMBER_LOWER, digits);
}

static void put_rune(struct text *out, uint32_t rune, char quote, enum quote_runes runes)
{
    static const char letters[] = "abtnvfr"; /* of U+0007 to U+000D */
    if (rune == (unsigned char)quote || rune == '\\') {
        text_byte(out, '\\');
        text_byte(out, (char)rune);
    } else if (printable_rune(rune) && (rune < 0x80 || runes == QUOTE_PRINTABLE)) {
        text_rune(out, rune);
    } else if (rune >= '\a' && rune <= '\r') {
        text_byte(out, '\\');
        text_byte(out, letters[rune - '\a']);
    } else if (rune < 0x80) {
        put_escape(out, 'x', rune, 2);
    } else if (rune < 0x10000) {
        put_escape(out, 'u', rune, 4);
    } else {
        put_escape(out, 'U', rune, 8);
    }
}

void quote_string(struct text *out, struct span in, enum quote_runes runes)
{
    text_byte(out, '"');
    while (in.length && !out->error) {
        uint32_t rune;
        size_t length = utf8_decode(in, &rune);
        if (rune == UTF8_ERROR && length == 1)
            put_escape(out, 'x', (unsigned char)in.data[0], 2);
        else
            put_rune(out, rune, '"', runes);
        in = (struct span){in.data + length, in.length - length};
    }
    text_byte(out, '"');
}

void quote_rune(struct text *out, uint32_t rune, enum quote_runes runes)
{
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        rune = UTF8_ERROR;
    text_byte(out, '\'');
    put_rune(out, rune, '\'', runes);
    text_byte(out, '\'');
}

int quote_can_be_raw(struct span in)
{
    while (in.length) {
        uint32_t rune;
        size_t length = utf8_decode(in, &rune);
        if (length == 1 &&
            ((rune < ' ' && rune != '\t') || rune == '`' || rune == 0x7f || rune == UTF8_ERROR))
            return 0;
        if (rune == BYTE_ORDER_MARK)
            return 0;
        in = (struct span){in.data + length, in.length - length};
    }
    return 1;
}
