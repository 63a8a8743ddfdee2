/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/number.h"

#include <math.h>
#include <string.h>

#include "template/decimal.h"
#include "template/text.h"

#define DIGITS_OF_BITS(bits) ((bits)*30103 / 100000) /* log10(2), rounded down */
#define FRACTION_BITS 52
#define NIBBLES (FRACTION_BITS / 4)

/* mantissa * 2^exponent */
struct parts {
    uint64_t mantissa;
    int exponent;
    int is_edge; /* see decimal_shortest() */
};

/* Of VALUE, which is finite and not negative, as a number whose mantissa has FRACTION stored bits
 * in BITS. */
static struct parts take_apart(uint64_t bits, int fraction, int bias)
{
    int exponent = (int)(bits >> fraction);
    uint64_t hidden = UINT64_C(1) << fraction;
    uint64_t mantissa = bits & (hidden - 1);
    if (exponent == 0)
        return (struct parts){mantissa, 1 - bias - fraction, 0};
    return (struct parts){mantissa | hidden, exponent - bias - fraction,
                          mantissa == 0 && exponent > 1};
}

static struct parts parts_of(double value, int bits)
{
    if (bits == 32) {
        float narrow = (float)value;
        uint32_t image;
        memcpy(&image, &narrow, sizeof image);
        return take_apart(image, 23, 127);
    }
    uint64_t image;
    memcpy(&image, &value, sizeof image);
    return take_apart(image, FRACTION_BITS, 1023);
}

void number_unsigned(struct text *out, uint64_t value, unsigned base, const char *digits,
                     size_t least)
{
    size_t count = 1;
    for (uint64_t rest = value / base; rest > 0; rest /= base)
        count++;
    text_fill(out, '0', count > least ? count : least);
    if (out->error)
        return;
    for (char *at = out->data + out->used; value > 0; value /= base)
        *--at = digits[value % base];
}

/* MARK, a sign, and EXPONENT with at least LEAST digits. */
static void put_exponent(struct text *out, char mark, int exponent, size_t least)
{
    text_byte(out, mark);
    text_byte(out, exponent < 0 ? '-' : '+');
    number_unsigned(out, (uint64_t)(exponent < 0 ? -exponent : exponent), 10, NUMBER_LOWER, least);
}

/* ---- decimal --------------------------------------------------------------------------------- */

/* Digits [from, to) of DECIMAL; zeros where it has none. */
static void put_digits(struct text *out, const struct decimal *decimal, int from, int to)
{
    if (from < 0 && from < to) {
        int end = to < 0 ? to : 0;
        text_fill(out, '0', (size_t)(end - from));
        from = end;
    }
    for (; from < to && from < decimal->count; from++)
        text_byte(out, (char)('0' + decimal->digits[from]));
    if (from < to)
        text_fill(out, '0', (size_t)(to - from));
}

static void put_scientific(struct text *out, const struct decimal *decimal, int precision,
                           char mark)
{
    put_digits(out, decimal, 0, 1);
    if (precision > 0) {
        text_byte(out, '.');
        put_digits(out, decimal, 1, 1 + precision);
    }
    put_exponent(out, mark, decimal->count ? decimal->point - 1 : 0, 2);
}

static void put_plain(struct text *out, const struct decimal *decimal, int precision)
{
    int point = decimal->count ? decimal->point : 0;
    if (point > 0)
        put_digits(out, decimal, 0, point);
    else
        text_byte(out, '0');
    if (precision > 0) {
        text_byte(out, '.');
        put_digits(out, decimal, point, point + precision);
    }
}

/* Of g: DECIMAL with at most PRECISION digits, plain when that is not too long. */
static void put_general(struct text *out, const struct decimal *decimal, int precision,
                        int is_shortest, char mark)
{
    int point = decimal->count ? decimal->point : 0, limit = precision;
    if (limit > decimal->count && decimal->count >= point)
        limit = decimal->count;
    if (is_shortest)
        limit = 6;
    int exponent = point - 1;
    if (exponent < -4 || exponent >= limit) {
        if (precision > decimal->count)
            precision = decimal->count;
        put_scientific(out, decimal, precision - 1, mark);
        return;
    }
    /* No zeros behind the point that say nothing. */
    put_plain(out, decimal, decimal->count > point ? decimal->count - point : 0);
}

/* The digits that VERB writes with PRECISION. */
static void make_digits(struct decimal *ret, const struct parts *parts, char verb, int precision)
{
    int most = precision + 1;
    if (verb == 'f') {
        /* Digits before the point: at most one for each of these. */
        int bits = parts->exponent + FRACTION_BITS + 1;
        most = precision + 2 + (bits > 0 ? DIGITS_OF_BITS(bits) : 0);
    }
    decimal_exact(ret, parts->mantissa, parts->exponent, most + 1);
    switch (verb) {
    case 'f': decimal_round(ret, ret->point + precision); break;
    case 'e': decimal_round(ret, precision + 1); break;
    default: decimal_round(ret, precision); break;
    }
}

static void format_decimal(struct text *out, const struct parts *parts, char verb, int precision)
{
    struct decimal decimal = {.count = 0};
    char mark = verb == 'E' || verb == 'G' ? 'E' : 'e';
    int is_shortest = precision < 0;
    verb = (char)(verb | 0x20);
    if (verb == 'g' && precision == 0)
        precision = 1;
    if (!is_shortest)
        make_digits(&decimal, parts, verb, precision);
    else if (parts->mantissa)
        decimal_shortest(&decimal, parts->mantissa, parts->exponent, parts->is_edge);
    if (is_shortest)
        precision = verb == 'e'   ? decimal.count - 1
                    : verb == 'f' ? decimal.count - decimal.point
                                  : decimal.count;
    if (verb == 'e')
        put_scientific(out, &decimal, precision, mark);
    else if (verb == 'f')
        put_plain(out, &decimal, precision);
    else
        put_general(out, &decimal, precision, is_shortest, mark);
    explicit_bzero(&decimal, sizeof decimal);
}

/* ---- binary ---------------------------------------------------------------------------------- */

/* Cut the fraction to DIGITS hexadecimal ones, to the even one when two are as near. */
static void round_fraction(struct parts *parts, int digits)
{
    int shift = 4 * (NIBBLES - digits);
    uint64_t half = UINT64_C(1) << (shift - 1);
    uint64_t rest = parts->mantissa & (2 * half - 1);
    parts->mantissa >>= shift;
    if (rest > half || (rest == half && parts->mantissa % 2 != 0))
        parts->mantissa++;
    parts->mantissa <<= shift;
    if (parts->mantissa >> (FRACTION_BITS + 1)) {
        parts->mantissa >>= 1;
        parts->exponent++;
    }
}

static void format_hexadecimal(struct text *out, struct parts parts, char verb, int precision)
{
    while (parts.mantissa && !(parts.mantissa >> FRACTION_BITS)) {
        parts.mantissa <<= 1;
        parts.exponent--;
    }
    if (precision >= 0 && precision < NIBBLES)
        round_fraction(&parts, precision);
    int exponent = parts.mantissa ? parts.exponent + FRACTION_BITS : 0;
    text_byte(out, '0');
    text_byte(out, verb);
    text_byte(out, (char)('0' + (parts.mantissa >> FRACTION_BITS)));
    uint64_t fraction = parts.mantissa & ((UINT64_C(1) << FRACTION_BITS) - 1);
    int digits = NIBBLES;
    for (; digits > 0 && fraction % 16 == 0; digits--)
        fraction >>= 4;
    if (precision > 0 || (precision < 0 && digits > 0))
        text_byte(out, '.');
    if (digits > 0)
        number_unsigned(out, fraction, 16, verb == 'X' ? NUMBER_UPPER : NUMBER_LOWER,
                        (size_t)digits);
    if (precision > digits)
        text_fill(out, '0', (size_t)(precision - digits));
    put_exponent(out, verb == 'X' ? 'P' : 'p', exponent, 2);
}

void number_format(struct text *out, double value, char verb, int precision, int bits)
{
    if (bits == 32)
        value = (double)(float)value;
    if (isnan(value)) {
        text_add(out, "NaN");
        return;
    }
    if (isinf(value)) {
        text_add(out, value < 0 ? "-Inf" : "+Inf");
        return;
    }
    if (signbit(value))
        text_byte(out, '-');
    struct parts parts = parts_of(fabs(value), bits);
    if (verb == 'b') {
        number_unsigned(out, parts.mantissa, 10, NUMBER_LOWER, 1);
        put_exponent(out, 'p', parts.exponent, 1);
    } else if (verb == 'x' || verb == 'X') {
        format_hexadecimal(out, parts, verb, precision);
    } else {
        format_decimal(out, &parts, verb, precision);
    }
}
