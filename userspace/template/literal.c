/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/literal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "template/pool.h"
#include "template/utf8.h"

/* ---- runes and strings ----------------------------------------------------------------------- */

/* One character of a quote: a byte by its number, or a rune. */
struct character {
    uint32_t rune;
    int is_byte;
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static void step(struct span *text, size_t length)
{
    *text = (struct span){text->data + length, text->length - length};
}

/* COUNT digits at the front of TEXT. 0, or -EINVAL. */
static int read_digits(struct span *text, size_t count, unsigned base, uint32_t *ret)
{
    if (text->length < count)
        return -EINVAL;
    *ret = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)digit_of(text->data[i]);
        if (digit >= base)
            return -EINVAL;
        *ret = *ret * base + digit;
    }
    step(text, count);
    return 0;
}

/* \x41, \u00e4, \U0001f600, \101: behind the backslash. */
static int read_code(struct span *text, struct character *ret)
{
    char c = text->data[0];
    int is_octal = c >= '0' && c <= '7';
    ret->is_byte = is_octal || c == 'x';
    if (!is_octal)
        step(text, 1);
    int r = is_octal   ? read_digits(text, 3, 8, &ret->rune)
            : c == 'x' ? read_digits(text, 2, 16, &ret->rune)
            : c == 'u' ? read_digits(text, 4, 16, &ret->rune)
                       : read_digits(text, 8, 16, &ret->rune);
    if (r < 0)
        return r;
    if (ret->is_byte)
        return ret->rune > 0xff ? -EINVAL : 0;
    int is_rune = ret->rune <= 0x10ffff && (ret->rune < 0xd800 || ret->rune > 0xdfff);
    return is_rune ? 0 : -EINVAL;
}

/* The character at the front of TEXT, which is not empty; QUOTE is what ends it. */
static int read_character(struct span *text, char quote, struct character *ret)
{
    static const char from[] = "abfnrtv\\", into[] = "\a\b\f\n\r\t\v\\";
    *ret = (struct character){0, 0};
    if (text->data[0] != '\\') {
        step(text, utf8_decode(*text, &ret->rune));
        return 0;
    }
    step(text, 1);
    if (!text->length)
        return -EINVAL;
    char c = text->data[0];
    const char *found = c ? strchr(from, c) : NULL;
    if (!found && c != quote)
        return c && strchr("xuU01234567", c) ? read_code(text, ret) : -EINVAL;
    ret->rune = (unsigned char)(found ? into[found - from] : c);
    step(text, 1);
    return 0;
}

static struct span between_quotes(struct span text)
{
    return (struct span){text.data + 1, text.length - 2};
}

static struct span read_raw(struct span text, char *to)
{
    char *start = to;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != '\r')
            *to++ = text.data[i];
    return (struct span){start, (size_t)(to - start)};
}

int literal_string(struct span text, struct pool *pool, struct span *ret)
{
    /* A byte that is no UTF-8 becomes three. */
    char *start = pool_alloc(pool, 3 * text.length + UTF8_MAX), *to = start;
    if (!start)
        return pool_error(pool);
    char quote = text.data[0];
    text = between_quotes(text);
    if (quote == '`') {
        *ret = read_raw(text, start);
        return 0;
    }
    while (text.length) {
        struct character character;
        if (read_character(&text, quote, &character) < 0)
            return -EINVAL;
        if (character.is_byte)
            *to++ = (char)character.rune;
        else
            to += utf8_encode(character.rune, to);
    }
    *ret = (struct span){start, (size_t)(to - start)};
    return 0;
}

int literal_rune(struct span text, int64_t *ret)
{
    struct character character;
    text = between_quotes(text);
    if (!text.length || read_character(&text, '\'', &character) < 0 || text.length)
        return -EINVAL;
    *ret = character.rune;
    return 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* A number without sign and underscores, its digits from .digits on. */
struct number {
    char *text, *digits;
    unsigned base;
    int is_negative, is_signed;
};

static unsigned base_by_letter(char c)
{
    c = (char)(c | 0x20);
    return c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
}

/* An underscore stands between digits, of which a prefix such as 0x is one. */
static int underscores_fit(struct span text)
{
    size_t prefix = text.length > 1 && text.data[0] == '0' && base_by_letter(text.data[1]) != 10;
    int most = prefix && base_by_letter(text.data[1]) == 16 ? 16 : 10;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] != '_')
            continue;
        if (i == 0 || i + 1 == text.length || digit_of(text.data[i + 1]) >= most)
            return 0;
        if (digit_of(text.data[i - 1]) >= most && !(prefix && i == 2))
            return 0;
    }
    return 1;
}

static int take_apart(struct span text, struct pool *pool, struct number *ret)
{
    *ret = (struct number){.base = 10};
    if (text.data[0] == '+' || text.data[0] == '-') {
        ret->is_signed = 1;
        ret->is_negative = text.data[0] == '-';
        step(&text, 1);
    }
    if (!underscores_fit(text))
        return -EINVAL;
    char *to = ret->text = pool_alloc(pool, text.length + 1);
    if (!to)
        return pool_error(pool);
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != '_')
            *to++ = text.data[i];
    *to = '\0';
    ret->digits = ret->text;
    if (ret->text[0] == '0' && ret->text[1] && ret->text[2])
        ret->base = base_by_letter(ret->text[1]);
    if (ret->base != 10)
        ret->digits += 2;
    return 0;
}

/* 0, -EINVAL: no integer, -ERANGE: above uint64. */
static int read_integer(const struct number *number, uint64_t *ret)
{
    unsigned base = number->base == 10 && number->digits[0] == '0' ? 8 : number->base;
    const char *c = number->digits;
    int r = 0;
    *ret = 0;
    for (; *c; c++) {
        unsigned digit = (unsigned)digit_of(*c);
        if (digit >= base)
            return -EINVAL;
        if (*ret > (UINT64_MAX - digit) / base)
            r = -ERANGE;
        *ret = *ret * base + digit;
    }
    return c == number->digits ? -EINVAL : r;
}

static const char *skip_digits(const char *c, unsigned base)
{
    while ((unsigned)digit_of(*c) < base)
        c++;
    return c;
}

/* Of base 16 the exponent is a must. */
static int is_float(const struct number *number)
{
    const char *start = number->digits, *c = skip_digits(start, number->base);
    int digits = c > start;
    if (number->base != 10 && number->base != 16)
        return 0;
    if (*c == '.') {
        start = ++c;
        c = skip_digits(c, number->base);
        digits |= c > start;
    }
    if (!digits)
        return 0;
    if ((*c | 0x20) != (number->base == 16 ? 'p' : 'e'))
        return number->base == 10 && !*c;
    c++;
    if (*c == '+' || *c == '-')
        c++;
    start = c;
    c = skip_digits(c, 10);
    return c > start && !*c;
}

static int read_float(const struct number *number, struct value *ret)
{
    if (!is_float(number) || !strpbrk(number->text, ".eEpP"))
        return -EINVAL;
    double magnitude = strtod(number->text, NULL); /* the C locale: this program sets no other */
    *ret = value_float(number->is_negative ? -magnitude : magnitude);
    return isfinite(magnitude) ? 0 : -EINVAL;
}

int literal_number(struct span text, struct pool *pool, struct value *ret)
{
    struct number number;
    uint64_t bits;
    int r = take_apart(text, pool, &number);
    if (r < 0)
        return r;
    r = read_integer(&number, &bits);
    if (r < 0)
        return read_float(&number, ret);
    if (bits > (uint64_t)INT64_MAX + (unsigned)number.is_negative)
        return number.is_signed ? -EINVAL : -ERANGE;
    int64_t integer = (int64_t)(number.is_negative ? 0 - bits : bits);
    /* An e among hexadecimal digits passes for an exponent when a sign hides the 0x. */
    *ret = number.is_signed && strpbrk(number.text, "eE") ? value_float((double)integer)
                                                          : value_int(integer);
    return 0;
}
