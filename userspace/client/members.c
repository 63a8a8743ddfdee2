/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/members.h"

#include "limits.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

struct members members_of(const char *text, size_t length)
{
    return (struct members){.at = text, .end = text + length};
}

/* The next byte, or NUL at the end; a NUL in the text is refused wherever it is met. */
static char peek(const struct members *members)
{
    return members->at < members->end ? *members->at : '\0';
}

static bool take(struct members *members, char c)
{
    bool there = c && peek(members) == c;
    members->at += there;
    return there;
}

static void skip_blanks(struct members *members)
{
    while (take(members, ' ') || take(members, '\t') || take(members, '\r') || take(members, '\n'))
        ;
}

/* ---- words and numbers ----------------------------------------------------------------------- */

static bool skip_word(struct members *members, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(members->end - members->at) < length || memcmp(members->at, word, length) != 0)
        return false;
    members->at += length;
    return true;
}

static bool skip_digits(struct members *members)
{
    const char *from = members->at;
    while (peek(members) >= '0' && peek(members) <= '9')
        members->at++;
    return members->at > from;
}

static bool skip_number(struct members *members)
{
    take(members, '-');
    if (!take(members, '0') && !skip_digits(members))
        return false;
    if (take(members, '.') && !skip_digits(members))
        return false;
    if (!take(members, 'e') && !take(members, 'E'))
        return true;
    if (!take(members, '+'))
        take(members, '-');
    return skip_digits(members);
}

/* ---- strings --------------------------------------------------------------------------------- */

/* The value of four hexadecimal digits at TEXT, or -1. */
static int32_t unit_at(const char *text, const char *end)
{
    int32_t unit = 0;
    if (end - text < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = text[i], lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            unit = unit * 16 + c - '0';
        else if (lower >= 'a' && lower <= 'f')
            unit = unit * 16 + lower - 'a' + 10;
        else
            return -1;
    }
    return unit;
}

static bool skip_escape(struct members *members)
{
    char c = peek(members);
    if (!c || !strchr("\"\\/bfnrtu", c))
        return false;
    members->at++;
    if (c == 'u' && unit_at(members->at, members->end) < 0)
        return false;
    members->at += c == 'u' ? 4 : 0;
    return true;
}

/* A string, the quote in front of which has been taken. *ret is what stands between its quotes. */
static bool take_string(struct members *members, struct members_text *ret)
{
    ret->data = members->at;
    while (members->at < members->end) {
        unsigned char c = (unsigned char)*members->at++;
        if (c == '"') {
            ret->length = (size_t)(members->at - 1 - ret->data);
            return true;
        }
        if (c < ' ' || (c == '\\' && !skip_escape(members)))
            return false;
    }
    return false;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool skip_value(struct members *members, unsigned depth);

static bool take_name(struct members *members, struct members_text *ret)
{
    skip_blanks(members);
    if (!take(members, '"') || !take_string(members, ret))
        return false;
    skip_blanks(members);
    return take(members, ':');
}

/* What is between brackets, the first of which has been taken. */
static bool skip_items(struct members *members, bool named, unsigned depth)
{
    struct members_text name;
    char close = named ? '}' : ']';
    skip_blanks(members);
    if (take(members, close))
        return true;
    do {
        if ((named && !take_name(members, &name)) || !skip_value(members, depth))
            return false;
        skip_blanks(members);
    } while (take(members, ','));
    return take(members, close);
}

static bool skip_value(struct members *members, unsigned depth)
{
    struct members_text string;
    if (depth > LIMIT_TEMPLATE_DEPTH)
        return false;
    skip_blanks(members);
    switch (peek(members)) {
    case '"': members->at++; return take_string(members, &string);
    case '{': members->at++; return skip_items(members, true, depth + 1);
    case '[': members->at++; return skip_items(members, false, depth + 1);
    case 't': return skip_word(members, "true");
    case 'f': return skip_word(members, "false");
    case 'n': return skip_word(members, "null");
    default: return skip_number(members);
    }
}

/* ---- members --------------------------------------------------------------------------------- */

/* Behind the closing brace: nothing but blanks, and the next call gets here again. */
static int finish(struct members *members)
{
    skip_blanks(members);
    return members->at == members->end ? 0 : -EINVAL;
}

int members_next(struct members *members, struct member *ret)
{
    skip_blanks(members);
    if (!members->begun) {
        if (!take(members, '{'))
            return -EINVAL;
        skip_blanks(members);
        if (take(members, '}'))
            return finish(members);
    } else if (!take(members, ',')) {
        return take(members, '}') ? finish(members) : -EINVAL;
    }
    members->begun = true;
    if (!take_name(members, &ret->name))
        return -EINVAL;
    skip_blanks(members);
    const char *from = members->at;
    ret->kind = peek(members);
    if (!skip_value(members, 1))
        return -EINVAL;
    ret->value = (struct members_text){from, (size_t)(members->at - from)};
    if (ret->kind == '"')
        ret->value = (struct members_text){from + 1, ret->value.length - 2};
    return 1;
}

/* ---- decoding -------------------------------------------------------------------------------- */

/* RUNE in UTF-8: how many bytes. */
static size_t encode_rune(uint32_t rune, char ret[4])
{
    if (rune < 0x80) {
        ret[0] = (char)rune;
        return 1;
    }
    size_t length = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i; i--, rune >>= 6)
        ret[i] = (char)(0x80 | (rune & 0x3f));
    ret[0] = (char)((0xf00 >> length) | rune);
    return length;
}

/* The rune whose digits are at *AT, which moves behind them and the other half of a pair. */
static uint32_t take_rune(const char **at, const char *end)
{
    int32_t first = unit_at(*at, end);
    *at += 4;
    if (first < 0xd800 || first > 0xdfff)
        return (uint32_t)first;
    int32_t second =
        end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? unit_at(*at + 2, end) : -1;
    if (first >= 0xdc00 || second < 0xdc00 || second > 0xdfff)
        return 0xfffd;
    *at += 6;
    return 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00);
}

/* What the escape at *AT, behind its backslash, stands for. */
static size_t decode_escape(const char **at, const char *end, char ret[4])
{
    static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    char c = *(*at)++;
    if (c == 'u')
        return encode_rune(take_rune(at, end), ret);
    const char *letter = strchr(letters, c);
    ret[0] = letter ? bytes[letter - letters] : c;
    return 1;
}

size_t members_decode_some(struct members_text string, char *ret, size_t size)
{
    const char *at = string.data, *end = at + string.length;
    size_t used = 0;
    while (at < end) {
        char piece[4] = {*at++};
        size_t length = piece[0] == '\\' ? decode_escape(&at, end, piece) : 1;
        if (length > size - used)
            break;
        if (ret)
            memcpy(ret + used, piece, length);
        used += length;
    }
    return used;
}

size_t members_decode(struct members_text string, char *ret)
{
    return members_decode_some(string, ret, SIZE_MAX);
}

const char *members_show(struct members_text name, char ret[MEMBERS_SHOWN])
{
    size_t length = name.length < MEMBERS_SHOWN ? name.length : MEMBERS_SHOWN - 1;
    for (size_t i = 0; i < length; i++)
        ret[i] = (unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f ? '?' : name.data[i];
    ret[length] = '\0';
    return ret;
}

bool members_equal(struct members_text string, const char *text)
{
    const char *at = string.data, *end = at + string.length;
    while (at < end) {
        char piece[4] = {*at++};
        size_t length = piece[0] == '\\' ? decode_escape(&at, end, piece) : 1;
        for (size_t i = 0; i < length; i++)
            if (!*text || *text++ != piece[i])
                return false;
    }
    return !*text;
}
