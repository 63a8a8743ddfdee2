/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gen.h"

#include <errno.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "limits.h"
#include "template/pool.h"
#include "template/text.h"

#define DRAW 64u /* random bytes that are asked for at a time */

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define SYMBOLS "!@#$%^&*()-_+={}[]|<>,.?/" /* none that JSON would have to escape */

/* In which order a range goes: X-Y is valid where both are in one of these, X first. */
static const char *const orders[] = {LOWER UPPER, DIGITS};

static const struct {
    char letter; /* behind a backslash */
    const char *characters;
} classes[] = {{'w', LOWER UPPER DIGITS SYMBOLS}, {'d', DIGITS}, {'x', SYMBOLS}};

struct alphabet {
    char characters[128]; /* each once */
    size_t count;
};

/* Where an expression is in its pattern. */
struct expression {
    size_t begin;   /* its [ */
    size_t bracket; /* its ] */
    size_t end;     /* behind its } */
    uint64_t length;
};

static void add(struct alphabet *alphabet, const char *characters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!memchr(alphabet->characters, characters[i], alphabet->count))
            alphabet->characters[alphabet->count++] = characters[i];
}

/* ---- the pattern ----------------------------------------------------------------------------- */

/* Positions are for people: from 1 on. */
static int wrong(struct error *error, size_t at, const char *what)
{
    return error_set(error, -EINVAL, "character %zu: %s", at + 1, what);
}

static const char *order_of(char c)
{
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (c && strchr(orders[i], c))
            return orders[i];
    return NULL;
}

static int add_class(struct alphabet *alphabet, struct span pattern, size_t at, struct error *error)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (pattern.data[at] == classes[i].letter) {
            add(alphabet, classes[i].characters, strlen(classes[i].characters));
            return 0;
        }
    return wrong(error, at - 1,
                 "behind a backslash stands w (letters, digits, symbols), d (digits) "
                 "or x (symbols)");
}

/* The range FIRST-LAST, whose first character is at AT. */
static int add_range(struct alphabet *alphabet, char first, char last, size_t at,
                     struct error *error)
{
    const char *order = order_of(first);
    if (!order || order != order_of(last))
        return wrong(error, at,
                     "a range goes from a letter to a letter or from a digit to a digit: "
                     "a-z, A-Z, a-Z, 0-9");
    const char *from = strchr(order, first), *to = strchr(order, last);
    if (from > to)
        return error_set(
            error, -EINVAL,
            "character %zu: %c-%c runs backwards: letters go from a to z and then from "
            "A to Z, digits from 0 to 9",
            at + 1, first, last);
    add(alphabet, from, (size_t)(to - from) + 1);
    return 0;
}

/* One entry of the brackets at *AT, which it moves behind that. END: the closing bracket. */
static int add_entry(struct alphabet *alphabet, struct span pattern, size_t end, size_t *at,
                     struct error *error)
{
    const char *entry = pattern.data + *at;
    size_t left = end - *at, from = *at;
    if (left >= 2 && entry[0] == '\\') {
        *at += 2;
        return add_class(alphabet, pattern, from + 1, error);
    }
    if (left >= 3 && entry[1] == '-') {
        *at += 3;
        return add_range(alphabet, entry[0], entry[2], from, error);
    }
    if (!order_of(entry[0]))
        return wrong(error, from,
                     "in brackets stand ranges (a-z), single letters and digits, \\w, \\d "
                     "and \\x");
    *at += 1;
    add(alphabet, entry, 1);
    return 0;
}

static int read_alphabet(struct span pattern, const struct expression *expression,
                         struct alphabet *ret, struct error *error)
{
    size_t at = expression->begin + 1;
    *ret = (struct alphabet){.count = 0};
    if (at == expression->bracket)
        return wrong(error, at, "the brackets are empty; [a-z0-9]{8} is how it looks");
    while (at < expression->bracket) {
        int r = add_entry(ret, pattern, expression->bracket, &at, error);
        if (r < 0)
            return r;
    }
    return 0;
}

/*
 * The first expression from FROM on: brackets with none inside, and a brace behind. Brackets
 * without a brace are text, as in the arrays of JSON. Non-zero when there is one.
 */
static int find_expression(struct span pattern, size_t from, struct expression *ret)
{
    size_t open = pattern.length;
    for (size_t i = from; i + 1 < pattern.length; i++) {
        if (pattern.data[i] == '[')
            open = i;
        if (pattern.data[i] == ']' && pattern.data[i + 1] == '{' && open < i) {
            *ret = (struct expression){.begin = open, .bracket = i};
            return 1;
        }
        if (pattern.data[i] == ']')
            open = pattern.length;
    }
    return 0;
}

static int read_length(struct span pattern, struct expression *expression, struct error *error)
{
    size_t from = expression->bracket + 2, at = from;
    while (at < pattern.length && pattern.data[at] >= '0' && pattern.data[at] <= '9')
        at++;
    const struct span digits = {pattern.data + from, at - from};
    int is_closed = at < pattern.length && pattern.data[at] == '}';
    if (!is_closed || str_u64(digits, LIMIT_GEN_LENGTH, &expression->length) < 0 ||
        !expression->length)
        return error_set(error, -EINVAL,
                         "character %zu: behind brackets stands {N}, N a number from 1 to %u",
                         expression->bracket + 2, LIMIT_GEN_LENGTH);
    expression->end = at + 1;
    return 0;
}

/* ---- what it makes --------------------------------------------------------------------------- */

/*
 * A byte is used when it is below the largest multiple of the alphabet's size, so that no character
 * is likelier than another. BYTES is memory of the pool: what it holds is as secret as the value.
 */
static void draw(const struct alphabet *alphabet, uint64_t length, gen_random *fill, void *context,
                 unsigned char *bytes, struct text *out)
{
    unsigned count = (unsigned)alphabet->count, usable = 256 - 256 % count;
    while (length && !out->error) {
        fill(context, bytes, DRAW);
        for (size_t i = 0; i < DRAW && length; i++) {
            if (bytes[i] >= usable)
                continue;
            text_byte(out, alphabet->characters[bytes[i] % count]);
            length--;
        }
    }
}

int gen_write(struct span pattern, gen_random *fill, void *context, struct text *out,
              struct error *error)
{
    struct expression expression;
    struct alphabet alphabet;
    size_t at = 0;
    unsigned char *bytes = pool_alloc(out->pool, DRAW);
    if (!bytes)
        return error_set(error, pool_error(out->pool), "there is no memory for a value");
    while (find_expression(pattern, at, &expression)) {
        int r = read_alphabet(pattern, &expression, &alphabet, error);
        if (!r)
            r = read_length(pattern, &expression, error);
        if (r < 0)
            return r;
        text_bytes(out, pattern.data + at, expression.begin - at);
        draw(&alphabet, expression.length, fill, context, bytes, out);
        at = expression.end;
    }
    if (!at)
        return error_set(error, -EINVAL,
                         "nothing in it is random: what is stands as [ranges]{N}, for example "
                         "[a-zA-Z0-9]{16}");
    text_bytes(out, pattern.data + at, pattern.length - at);
    return out->error
               ? error_set(error, out->error, "the value is larger than %zu bytes", out->limit)
               : 0;
}
