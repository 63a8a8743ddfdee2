/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/yaml_word.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "template/pool.h"
#include "template/yaml_time.h"

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_sign(char c)
{
    return c == '+' || c == '-';
}

/* The next byte of TEXT, or NUL at its end; a NUL inside it is in no word and no number. */
static char peek(struct span text)
{
    return text.length ? text.data[0] : '\0';
}

static struct span behind(struct span text, size_t length)
{
    return (struct span){text.data + length, text.length - length};
}

static struct span without_sign(struct span text)
{
    return behind(text, is_sign(peek(text)) ? 1 : 0);
}

static size_t count_digits(struct span text)
{
    size_t count = 0;
    while (count < text.length && is_digit(text.data[count]))
        count++;
    return count;
}

/* ---- words ----------------------------------------------------------------------------------- */

static int is_known_word(struct span text)
{
    static const char *const words[] = {
        "",      "~",     "null",  "Null", "NULL", "true", "True", "TRUE",  "false", "False",
        "FALSE", ".nan",  ".NaN",  ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
        "-.inf", "-.Inf", "-.INF", "y",    "Y",    "yes",  "Yes",  "YES",   "on",    "On",
        "ON",    "n",     "N",     "no",   "No",   "NO",   "off",  "Off",   "OFF",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (span_is(text, words[i]))
            return 1;
    return 0;
}

/* ---- whole numbers --------------------------------------------------------------------------- */

static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* TEXT is digits of BASE that come to no more than MAX; none at all are 0. */
static int fits(struct span text, unsigned base, uint64_t max)
{
    uint64_t number = 0;
    for (; text.length; text = behind(text, 1)) {
        unsigned digit = digit_value(text.data[0]);
        if (digit >= base || number > (max - digit) / base)
            return 0;
        number = number * base + digit;
    }
    return 1;
}

/* The base that a prefix of TEXT names, which is taken off; 8 for a 0 without a letter. */
static unsigned take_base(struct span *text)
{
    static const struct {
        char letter;
        unsigned base;
    } bases[] = {{'b', 2}, {'o', 8}, {'x', 16}};
    if (peek(*text) != '0')
        return 10;
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (text->length >= 3 && (text->data[1] | 0x20) == bases[i].letter) {
            *text = behind(*text, 2);
            return bases[i].base;
        }
    *text = behind(*text, 1);
    return 8;
}

/* What SIGN leaves room for: an int64, or without one a uint64. */
static uint64_t largest(char sign)
{
    return sign == '-' ? (uint64_t)INT64_MAX + 1 : sign == '+' ? INT64_MAX : UINT64_MAX;
}

static int is_whole(struct span text)
{
    char sign = is_sign(peek(text)) ? text.data[0] : '\0';
    text = without_sign(text);
    if (!text.length)
        return 0;
    unsigned base = take_base(&text);
    if (fits(text, base, largest(sign)))
        return 1;
    /* yaml.v3 takes these two prefixes off by itself, and then a sign may follow. */
    char inner = peek(text);
    return !sign && (base == 2 || base == 8) && is_sign(inner) && text.length > 1 &&
           (text.data[-1] == 'b' || text.data[-1] == 'o') &&
           fits(behind(text, 1), base, largest(inner));
}

/* ---- numbers with a point or an exponent ----------------------------------------------------- */

/* TEXT is an exponent, or nothing. */
static int is_exponent(struct span text)
{
    if (!text.length)
        return 1;
    if ((text.data[0] | 0x20) != 'e')
        return 0;
    text = behind(text, 1);
    text = without_sign(text);
    return text.length && count_digits(text) == text.length;
}

static int looks_broken(struct span text)
{
    text = without_sign(text);
    size_t whole = count_digits(text), rest = 0;
    text = behind(text, whole);
    if (peek(text) == '.') {
        rest = count_digits(behind(text, 1));
        if (!whole && !rest)
            return 0;
        text = behind(text, rest + 1);
    } else if (!whole) {
        return 0;
    }
    return is_exponent(text);
}

/* TEXT, which ends in a NUL, is a number that a double has room for. */
static int is_broken(struct span text)
{
    return looks_broken(text) && isfinite(strtod(text.data, NULL));
}

/* Every underscore stands between two digits, as Go wants it. */
static int separates(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '_' && (i == 0 || i + 1 == text.length || !is_digit(text.data[i - 1]) ||
                                    !is_digit(text.data[i + 1])))
            return 0;
    return 1;
}

/* Digits in groups of sixty, as YAML 1.1 read 12:30:45: [-+]?D[D_]*(:[0-5]?D)+(\.[D_]*)? */
static int is_base60(struct span text)
{
    text = without_sign(text);
    if (!is_digit(peek(text)))
        return 0;
    while (is_digit(peek(text)) || peek(text) == '_')
        text = behind(text, 1);
    if (peek(text) != ':')
        return 0;
    while (peek(text) == ':') {
        size_t digits = count_digits(behind(text, 1));
        if (digits < 1 || digits > 2 || (digits == 2 && text.data[1] > '5'))
            return 0;
        text = behind(text, 1 + digits);
    }
    if (peek(text) == '.')
        for (text = behind(text, 1); is_digit(peek(text)) || peek(text) == '_';)
            text = behind(text, 1);
    return text.length == 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* TEXT without underscores, with a NUL behind it. */
static struct span without_underscores(struct span text, struct pool *pool)
{
    char *copy = pool_alloc(pool, text.length + 1);
    size_t length = 0;
    if (!copy)
        return (struct span){"", 0};
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != '_')
            copy[length++] = text.data[i];
    copy[length] = '\0';
    return (struct span){copy, length};
}

/* Worth a copy: there is no other byte in any number. */
static int may_be_number(struct span text)
{
    static const char bytes[] = "0123456789abcdefABCDEFxXoO+-._";
    if (!is_digit(peek(text)) && !is_sign(peek(text)) && peek(text) != '.')
        return 0;
    for (size_t i = 0; i < text.length; i++)
        if (!memchr(bytes, text.data[i], sizeof bytes - 1))
            return 0;
    return 1;
}

int yaml_word(struct span text, struct pool *pool)
{
    if (is_known_word(text) || yaml_time(text) || is_base60(text))
        return 1;
    if (!may_be_number(text))
        return 0;
    struct span plain = without_underscores(text, pool);
    if (text.data[0] == '.')
        return separates(text) && is_broken(plain);
    return is_whole(plain) || is_broken(plain);
}
