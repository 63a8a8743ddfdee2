/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gofmt_number.h"

#include <math.h>
#include <string.h>

#include "template/gofmt_pad.h"
#include "template/gofmt_spec.h"
#include "template/number.h"
#include "template/printable.h"
#include "template/quote.h"
#include "template/text.h"
#include "template/utf8.h"

#define LAST_RUNE 0x10ffffu

/* ---- integers -------------------------------------------------------------------------------- */

struct integer {
    uint64_t magnitude;
    int is_negative;
};

/* As a verb that writes one rune sees it. */
static uint32_t rune_of(struct integer number)
{
    return number.is_negative || number.magnitude > LAST_RUNE ? UTF8_ERROR
                                                              : (uint32_t)number.magnitude;
}

static unsigned base_of(uint32_t verb)
{
    switch (verb) {
    case 'd':
    case 'v': return 10;
    case 'b': return 2;
    case 'o':
    case 'O': return 8;
    case 'x':
    case 'X': return 16;
    default: return 0;
    }
}

/* How many digits there must be at least. */
static int least_digits(const struct gofmt_spec *spec, char sign)
{
    if (spec->precision != GOFMT_SPEC_NONE)
        return spec->precision;
    /* Zeros fill what the sign leaves, but what '#' adds comes on top. */
    if (spec->zero && !spec->minus)
        return spec->width - (sign != 0);
    return 1;
}

/* Digits of NUMBER to BASE, with what SPEC wants in front of them. */
static void put_integer(struct text *out, const struct gofmt_spec *spec, struct integer number,
                        unsigned base)
{
    size_t start = out->used;
    char sign = number.is_negative ? '-' : spec->plus ? '+' : spec->space ? ' ' : '\0';
    int least = least_digits(spec, sign);
    if (spec->precision != 0 || number.magnitude != 0) {
        if (sign)
            text_byte(out, sign);
        if (spec->verb == 'O')
            text_add(out, "0o");
        if (spec->sharp && base == 2)
            text_add(out, "0b");
        if (spec->sharp && base == 16)
            text_add(out, spec->verb == 'X' ? "0X" : "0x");
        size_t digits = out->used;
        number_unsigned(out, number.magnitude, base,
                        spec->verb == 'X' ? NUMBER_UPPER : NUMBER_LOWER,
                        least > 0 ? (size_t)least : 1);
        if (spec->sharp && base == 8 && !out->error && out->data[digits] != '0')
            gofmt_pad_insert(out, digits, '0', 1);
    }
    gofmt_pad_blanks(out, spec, start);
}

/* U+0041, or U+0041 'A'. NUMBER is taken for the unsigned one of the same bits. */
static void put_code_point(struct text *out, const struct gofmt_spec *spec, uint64_t number)
{
    size_t start = out->used;
    text_add(out, "U+");
    number_unsigned(out, number, 16, NUMBER_UPPER,
                    spec->precision > 4 ? (size_t)spec->precision : 4);
    if (spec->sharp && number <= LAST_RUNE && printable_rune((uint32_t)number)) {
        text_add(out, " '");
        text_rune(out, (uint32_t)number);
        text_byte(out, '\'');
    }
    gofmt_pad_blanks(out, spec, start);
}

static int put_any(struct text *out, const struct gofmt_spec *spec, struct integer number)
{
    size_t start = out->used;
    unsigned base = base_of(spec->verb);
    if (base) {
        put_integer(out, spec, number, base);
        return 1;
    }
    switch (spec->verb) {
    case 'c': text_rune(out, rune_of(number)); break;
    case 'q': quote_rune(out, rune_of(number), spec->plus ? QUOTE_ASCII : QUOTE_PRINTABLE); break;
    case 'U':
        put_code_point(out, spec, number.is_negative ? -number.magnitude : number.magnitude);
        return 1;
    default: return 0;
    }
    gofmt_pad(out, spec, start);
    return 1;
}

int gofmt_number_int(struct text *out, const struct gofmt_spec *spec, int64_t number)
{
    uint64_t bits = (uint64_t)number;
    return put_any(out, spec, (struct integer){number < 0 ? -bits : bits, number < 0});
}

int gofmt_number_byte(struct text *out, const struct gofmt_spec *spec, uint8_t number)
{
    struct gofmt_spec changed = *spec;
    if (spec->go_syntax) {
        changed.verb = 'x';
        changed.sharp = 1;
    }
    return put_any(out, &changed, (struct integer){number, 0});
}

/* ---- floating point -------------------------------------------------------------------------- */

/* What SPEC's verb is for number_format(). */
static char verb_of(uint32_t verb)
{
    if (verb == 'v')
        return 'g';
    if (verb == 'F')
        return 'f';
    return verb < 0x80 && verb && strchr("eEfgGbxX", (int)verb) ? (char)verb : '\0';
}

static int precision_of(const struct gofmt_spec *spec, char verb)
{
    if (spec->precision != GOFMT_SPEC_NONE)
        return spec->precision;
    return verb == 'e' || verb == 'E' || verb == 'f' ? 6 : NUMBER_SHORTEST;
}

/* Digits of NUMBER that count: all from the first on that is not '0'. The 'x' of "0x" is one. */
static int count_digits(struct span number)
{
    int count = 0;
    for (size_t i = 0; i < number.length; i++)
        if (number.data[i] != '.' && (count > 0 || number.data[i] != '0'))
            count++;
    /* But a lone 0 counts. */
    return number.length == 1 && number.data[0] == '0' ? 1 : count;
}

/* What '#' asks for: a point, and of g, G and x the zeros at the end, in what OUT has from START
 * on. */
static void add_point(struct text *out, size_t start, char verb, int precision)
{
    if (out->error)
        return;
    const char *marks = verb == 'x' || verb == 'X' ? "pP" : "eE"; /* of an exponent */
    struct span number = {out->data + start, 0};
    while (number.length < out->used - start && !strchr(marks, number.data[number.length]))
        number.length++;
    size_t end = start + number.length;
    int missing = strchr("gGx", verb) ? (precision == NUMBER_SHORTEST ? 6 : precision) : 0;
    missing -= count_digits(number);
    int has_point = memchr(number.data, '.', number.length) != NULL;
    if (missing > 0)
        gofmt_pad_insert(out, end, '0', (size_t)missing);
    if (!has_point)
        gofmt_pad_insert(out, end, '.', 1);
}

int gofmt_number_float(struct text *out, const struct gofmt_spec *spec, double number)
{
    char verb = verb_of(spec->verb);
    if (!verb)
        return 0;
    size_t start = out->used;
    char sign = spec->plus ? '+' : spec->space ? ' ' : '\0';
    if (signbit(number) && !isnan(number))
        sign = '-';
    if (isinf(number) && !sign)
        sign = '+';
    if (sign)
        text_byte(out, sign);
    if (!isfinite(number)) {
        text_add(out, isnan(number) ? "NaN" : "Inf");
        gofmt_pad_blanks(out, spec, start);
        return 1;
    }
    size_t digits = out->used;
    int precision = precision_of(spec, verb);
    number_format(out, fabs(number), verb, precision, 64);
    if (spec->sharp && verb != 'b')
        add_point(out, digits, verb, precision);
    size_t width = (size_t)spec->width, length = out->used - start;
    /* Zeros come between the sign and the digits. */
    if (spec->zero && !spec->minus && width > length)
        gofmt_pad_insert(out, digits, '0', width - length);
    gofmt_pad_blanks(out, spec, start);
    return 1;
}
