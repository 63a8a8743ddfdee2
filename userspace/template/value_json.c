/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/value_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "limits.h"
#include "template/capacity.h"
#include "template/pool.h"
#include "template/utf8.h"

struct reader {
    struct span text;
    size_t at;
    unsigned depth;
    struct pool *pool;
};

static int read_value(struct reader *reader, struct value *ret);

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->text.length && strchr(" \t\r\n", reader->text.data[reader->at]) &&
           reader->text.data[reader->at])
        reader->at++;
}

/* The next byte, or NUL at the end; a NUL in the text is refused wherever it is met. */
static char peek(const struct reader *reader)
{
    return reader->at < reader->text.length ? reader->text.data[reader->at] : '\0';
}

static int take(struct reader *reader, char c)
{
    if (peek(reader) != c)
        return -EINVAL;
    reader->at++;
    return 0;
}

/* ---- words and numbers ----------------------------------------------------------------------- */

static int read_word(struct reader *reader, const char *word, struct value value, struct value *ret)
{
    size_t length = strlen(word);
    if (reader->text.length - reader->at < length ||
        memcmp(reader->text.data + reader->at, word, length) != 0)
        return -EINVAL;
    reader->at += length;
    *ret = value;
    return 0;
}

static size_t skip_digits(struct reader *reader)
{
    size_t from = reader->at;
    while (peek(reader) >= '0' && peek(reader) <= '9')
        reader->at++;
    return reader->at - from;
}

static int skip_number(struct reader *reader)
{
    if (peek(reader) == '-')
        reader->at++;
    if (peek(reader) == '0')
        reader->at++;
    else if (!skip_digits(reader))
        return -EINVAL;
    if (peek(reader) == '.') {
        reader->at++;
        if (!skip_digits(reader))
            return -EINVAL;
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        reader->at++;
        if (peek(reader) == '+' || peek(reader) == '-')
            reader->at++;
        if (!skip_digits(reader))
            return -EINVAL;
    }
    return 0;
}

static int read_number(struct reader *reader, struct value *ret)
{
    size_t from = reader->at;
    int r = skip_number(reader);
    if (r < 0)
        return r;
    struct span text =
        pool_copy(reader->pool, (struct span){reader->text.data + from, reader->at - from});
    if (!text.data)
        return pool_error(reader->pool);
    *ret = value_float(strtod(text.data, NULL)); /* the C locale: this program sets no other */
    if (isfinite(ret->number))
        return 0;
    reader->at = from;
    return -EINVAL;
}

/* ---- strings --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits at AT, or -1. */
static int32_t unit_at(const struct reader *reader, size_t at)
{
    int32_t unit = 0;
    if (reader->text.length < at + 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(reader->text.data[at + i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Behind "\u". Half a surrogate pair becomes U+FFFD, and what follows it is read on its own. */
static int read_unit(struct reader *reader, char **to)
{
    int32_t first = unit_at(reader, reader->at), second = -1;
    if (first < 0)
        return -EINVAL;
    reader->at += 4;
    if (first >= 0xd800 && first < 0xdc00 && reader->text.length - reader->at >= 6 &&
        memcmp(reader->text.data + reader->at, "\\u", 2) == 0)
        second = unit_at(reader, reader->at + 2);
    uint32_t rune = (uint32_t)first;
    if (second >= 0xdc00 && second < 0xe000) {
        rune = 0x10000u + (((uint32_t)first & 0x3ff) << 10) + ((uint32_t)second & 0x3ff);
        reader->at += 6;
    }
    *to += utf8_encode(rune, *to);
    return 0;
}

static int read_escape(struct reader *reader, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    char c = peek(reader);
    const char *found = c ? strchr(from, c) : NULL;
    reader->at++;
    if (found)
        *(*to)++ = into[found - from];
    else if (c == 'u')
        return read_unit(reader, to);
    return found ? 0 : -EINVAL;
}

/* Where the string that begins behind its quote ends; -EINVAL when it does not. */
static int measure_string(struct reader *reader, size_t *length)
{
    size_t at = reader->at;
    for (; at < reader->text.length && reader->text.data[at] != '"'; at++)
        if (reader->text.data[at] == '\\')
            at++;
    *length = at - reader->at;
    return at < reader->text.length ? 0 : -EINVAL;
}

static int read_string(struct reader *reader, struct span *ret)
{
    size_t length;
    if (take(reader, '"') < 0 || measure_string(reader, &length) < 0)
        return -EINVAL;
    /* A byte that is no UTF-8 becomes three. */
    char *text = pool_alloc(reader->pool, 3 * length + 4), *to = text;
    if (!text)
        return pool_error(reader->pool);
    while (peek(reader) != '"') {
        char c = peek(reader);
        if ((unsigned char)c < ' ')
            return -EINVAL;
        if (c == '\\') {
            reader->at++;
            if (read_escape(reader, &to) < 0)
                return -EINVAL;
            continue;
        }
        uint32_t rune;
        reader->at += utf8_decode(
            (struct span){reader->text.data + reader->at, reader->text.length - reader->at}, &rune);
        to += utf8_encode(rune, to);
    }
    reader->at++;
    *ret = (struct span){text, (size_t)(to - text)};
    return 0;
}

/* ---- lists and maps -------------------------------------------------------------------------- */

/* While it is being read: items in a chain, newest first. */
struct link {
    struct link *before;
    struct value_member member;
};

static struct link *add_link(struct reader *reader, struct link *before)
{
    struct link *link = pool_alloc(reader->pool, sizeof *link);
    if (link)
        link->before = before;
    return link;
}

static int read_item(struct reader *reader, int is_map, struct link *link)
{
    int r = 0;
    skip_blanks(reader);
    if (is_map) {
        r = read_string(reader, &link->member.name);
        skip_blanks(reader);
        if (r == 0)
            r = take(reader, ':');
    }
    return r < 0 ? r : read_value(reader, &link->member.value);
}

/* The items behind the opening bracket, up to and with the closing one. */
static int read_items(struct reader *reader, int is_map, struct link **last, size_t *count)
{
    char close = is_map ? '}' : ']';
    *last = NULL;
    *count = 0;
    skip_blanks(reader);
    if (take(reader, close) == 0)
        return 0;
    for (;;) {
        struct link *link = add_link(reader, *last);
        if (!link)
            return pool_error(reader->pool);
        int r = read_item(reader, is_map, link);
        if (r < 0)
            return r;
        *last = link;
        ++*count;
        skip_blanks(reader);
        if (take(reader, close) == 0)
            return 0;
        if (take(reader, ',') < 0)
            return -EINVAL;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct value_member *x = *(const struct value_member *const *)a;
    const struct value_member *y = *(const struct value_member *const *)b;
    int order = value_compare_text(x->name, y->name);
    /* Of equal names the one that came last stands first. */
    return order ? order : (x < y) - (x > y);
}

static int make_list(struct reader *reader, struct link *last, size_t count, struct value *ret)
{
    size_t room = capacity_of(count);
    struct value *items = pool_alloc(reader->pool, room * sizeof *items);
    if (!items)
        return pool_error(reader->pool);
    for (size_t i = count; i-- > 0; last = last->before)
        items[i] = last->member.value;
    for (size_t i = count; i < room; i++)
        items[i] = value_nil();
    *ret = (struct value){
        .kind = VALUE_LIST, .spare = (uint32_t)(room - count), .list = {items, count}};
    return 0;
}

static int make_map(struct reader *reader, struct link *last, size_t count, struct value *ret)
{
    struct value_member *all = pool_alloc(reader->pool, count * sizeof *all);
    const struct value_member **order = pool_alloc(reader->pool, count * sizeof(void *));
    struct value_member *members = pool_alloc(reader->pool, count * sizeof *members);
    if (!members)
        return pool_error(reader->pool);
    for (size_t i = count; i-- > 0; last = last->before) {
        all[i] = last->member;
        order[i] = &all[i];
    }
    qsort(order, count, sizeof *order, by_name);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !span_equal(members[kept - 1].name, order[i]->name))
            members[kept++] = *order[i];
    *ret = (struct value){.kind = VALUE_MAP, .map = {members, kept}};
    return 0;
}

static int read_nested(struct reader *reader, int is_map, struct value *ret)
{
    struct link *last;
    size_t count;
    if (reader->depth == LIMIT_TEMPLATE_DEPTH)
        return -EINVAL;
    reader->depth++;
    reader->at++;
    int r = read_items(reader, is_map, &last, &count);
    reader->depth--;
    if (r < 0)
        return r;
    return is_map ? make_map(reader, last, count, ret) : make_list(reader, last, count, ret);
}

static int read_value(struct reader *reader, struct value *ret)
{
    int r;
    skip_blanks(reader);
    switch (peek(reader)) {
    case '{': return read_nested(reader, 1, ret);
    case '[': return read_nested(reader, 0, ret);
    case 't': return read_word(reader, "true", value_bool(1), ret);
    case 'f': return read_word(reader, "false", value_bool(0), ret);
    case 'n': return read_word(reader, "null", value_nil(), ret);
    case '"':
        *ret = value_string((struct span){NULL, 0});
        r = read_string(reader, &ret->string);
        return r;
    default: return read_number(reader, ret);
    }
}

int value_json_read(struct span text, struct pool *pool, struct value *ret, size_t *at)
{
    struct reader reader = {.text = text, .pool = pool};
    int r = read_value(&reader, ret);
    skip_blanks(&reader);
    if (r == 0 && reader.at != text.length)
        r = -EINVAL;
    *at = reader.at;
    return r;
}
