/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/flat.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What has been read, and what is left. */
struct cursor {
    char *at;
    char *end;
};

struct piece {
    char *text;
    size_t length;
};

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && memchr(" \t\r\n", *cursor->at, 4))
        cursor->at++;
}

/* Whether the next character that is no blank is C; then it is taken. */
static bool take(struct cursor *cursor, char c)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool take_hex(struct cursor *cursor, uint32_t *ret)
{
    if (cursor->end - cursor->at < 4)
        return false;
    *ret = 0;
    for (int i = 0; i < 4; i++) {
        char c = *cursor->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        else
            return false;
        *ret = *ret << 4 | digit;
    }
    return true;
}

/* The rune of a \u, behind the u: one escape, or a pair of surrogates. */
static bool take_rune(struct cursor *cursor, uint32_t *ret)
{
    uint32_t low;
    if (!take_hex(cursor, ret) || (*ret >= 0xdc00 && *ret < 0xe000))
        return false;
    if (*ret < 0xd800 || *ret >= 0xe000)
        return true;
    if (cursor->end - cursor->at < 2 || memcmp(cursor->at, "\\u", 2) != 0)
        return false;
    cursor->at += 2;
    if (!take_hex(cursor, &low) || low < 0xdc00 || low >= 0xe000)
        return false;
    *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* At most four bytes, and no escape is shorter than what it stands for. */
static char *put_rune(char *to, uint32_t rune)
{
    if (rune < 0x80) {
        *to++ = (char)rune;
        return to;
    }
    int more = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
    static const uint32_t first[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(first[more] | rune >> (6 * more));
    while (more--)
        *to++ = (char)(0x80 | (rune >> (6 * more) & 0x3f));
    return to;
}

/* Behind a backslash. NULL: there is no such escape. */
static char *take_escape(struct cursor *cursor, char *to)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (cursor->at == cursor->end)
        return NULL;
    char c = *cursor->at++;
    uint32_t rune;
    if (c == 'u')
        return take_rune(cursor, &rune) ? put_rune(to, rune) : NULL;
    const char *name = memchr(names, c, sizeof names - 1);
    if (!name)
        return NULL;
    *to++ = meanings[name - names];
    return to;
}

/* A text, decoded on the spot; the NUL takes the place of a quote, or of what has moved. */
static bool take_text(struct cursor *cursor, struct piece *ret)
{
    if (!take(cursor, '"'))
        return false;
    char *to = cursor->at;
    ret->text = to;
    while (cursor->at < cursor->end) {
        char c = *cursor->at++;
        if (c == '"') {
            *to = '\0';
            ret->length = (size_t)(to - ret->text);
            return true;
        }
        if (c == '\\')
            to = take_escape(cursor, to);
        else if ((unsigned char)c >= ' ')
            *to++ = c;
        else
            return false;
        if (!to)
            return false;
    }
    return false;
}

/* ---- members --------------------------------------------------------------------------------- */

/* A number or a literal, which nobody asks for. */
static bool skip_word(struct cursor *cursor)
{
    static const char letters[] = "+-.0123456789Eaeflnrstu";
    char *start = cursor->at;
    while (cursor->at < cursor->end && memchr(letters, *cursor->at, sizeof letters - 1))
        cursor->at++;
    return cursor->at > start;
}

static struct flat_text *find(struct piece name, struct flat_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(texts[i].name) == name.length &&
            memcmp(texts[i].name, name.text, name.length) == 0)
            return &texts[i];
    return NULL;
}

static const char *take_member(struct cursor *cursor, struct flat_text *texts, size_t count)
{
    struct piece name, value;
    if (!take_text(cursor, &name) || !take(cursor, ':'))
        return "has no well-formed JSON";
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != '"')
        return skip_word(cursor) ? NULL : "has a member that is neither text nor number";
    if (!take_text(cursor, &value))
        return "has a text that is not well-formed";
    struct flat_text *wanted = find(name, texts, count);
    if (wanted && wanted->text)
        return "has a member twice";
    if (wanted) {
        wanted->text = value.text;
        wanted->length = value.length;
    }
    return NULL;
}

const char *flat_read(char *json, size_t length, struct flat_text *texts, size_t count)
{
    struct cursor cursor = {json, json + length};
    if (!take(&cursor, '{'))
        return "is no JSON object";
    if (!take(&cursor, '}')) {
        do {
            const char *wrong = take_member(&cursor, texts, count);
            if (wrong)
                return wrong;
        } while (take(&cursor, ','));
        if (!take(&cursor, '}'))
            return "has no well-formed JSON";
    }
    skip_blanks(&cursor);
    return cursor.at == cursor.end ? NULL : "goes on after its JSON";
}
