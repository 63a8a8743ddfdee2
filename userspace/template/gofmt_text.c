/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gofmt_text.h"

#include "template/gofmt_pad.h"
#include "template/gofmt_spec.h"
#include "template/number.h"
#include "template/quote.h"
#include "template/text.h"
#include "template/utf8.h"

/* The first spec->precision runes of STRING. */
static struct span cut(const struct gofmt_spec *spec, struct span string)
{
    if (spec->precision == GOFMT_SPEC_NONE)
        return string;
    struct span rest = string;
    for (int i = 0; i < spec->precision && rest.length; i++) {
        uint32_t rune;
        size_t length = utf8_decode(rest, &rune);
        rest = (struct span){rest.data + length, rest.length - length};
    }
    return (struct span){string.data, string.length - rest.length};
}

static void put_hexadecimal(struct text *out, const struct gofmt_spec *spec, struct span string)
{
    const char *digits = spec->verb == 'X' ? NUMBER_UPPER : NUMBER_LOWER;
    size_t length = string.length;
    /* Here a precision counts bytes. */
    if (spec->precision != GOFMT_SPEC_NONE && (size_t)spec->precision < length)
        length = (size_t)spec->precision;
    for (size_t i = 0; i < length && !out->error; i++) {
        if (spec->space && i > 0)
            text_byte(out, ' ');
        if (spec->sharp && (spec->space || i == 0)) {
            text_byte(out, '0');
            text_byte(out, (char)spec->verb);
        }
        number_unsigned(out, (unsigned char)string.data[i], 16, digits, 2);
    }
}

static void put_quoted(struct text *out, const struct gofmt_spec *spec, struct span string)
{
    string = cut(spec, string);
    if (!spec->sharp || !quote_can_be_raw(string)) {
        quote_string(out, string, spec->plus ? QUOTE_ASCII : QUOTE_PRINTABLE);
        return;
    }
    text_byte(out, '`');
    text_span(out, string);
    text_byte(out, '`');
}

int gofmt_text(struct text *out, const struct gofmt_spec *spec, struct span string)
{
    size_t start = out->used;
    switch (spec->verb) {
    case 'x':
    case 'X': put_hexadecimal(out, spec, string); break;
    case 'q': put_quoted(out, spec, string); break;
    case 'v':
        if (spec->go_syntax) {
            put_quoted(out, spec, string);
            break;
        }
        /* fall through */
    case 's': text_span(out, cut(spec, string)); break;
    default: return 0;
    }
    gofmt_pad(out, spec, start);
    return 1;
}

void gofmt_text_word(struct text *out, const struct gofmt_spec *spec, const char *word)
{
    size_t start = out->used;
    text_add(out, word);
    gofmt_pad(out, spec, start);
}
