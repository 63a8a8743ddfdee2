/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/splitter.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "limits.h"

#define FIRST_ROOM 8192u /* a pod with its status */
#define NAME 16u         /* bytes of a member's name that are kept: "metadata" has 8 */

/* What may come next. */
enum place {
    PLACE_START,      /* the body */
    PLACE_FIRST_NAME, /* a member of the list, or its end */
    PLACE_NAME,       /* a member */
    PLACE_IN_NAME,
    PLACE_COLON,
    PLACE_VALUE,
    PLACE_IN_LITERAL, /* a number, true, false, null */
    PLACE_NESTED,     /* inside of a string, an array or an object that began at this level */
    PLACE_AFTER_VALUE,
    PLACE_FIRST_ITEM, /* an element of "items", or its end */
    PLACE_ITEM,       /* an element */
    PLACE_AFTER_ITEM,
    PLACE_END, /* of the list: white space only */
};

struct splitter {
    enum splitter_body body;
    enum place place;
    enum place next;         /* after what is nested */
    enum splitter_kind kind; /* of it: SPLITTER_NOTHING is not kept */
    size_t depth;            /* braces and brackets that are open in it */
    int in_string, is_escaped;
    int is_over; /* its end is waited for, no more */
    int is_wrong;
    char name[NAME];
    size_t name_length;
    char *text;
    size_t length, room, max;
};

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_literal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '-' || c == '+' ||
           c == '.';
}

/* ---- what is kept -----------------------------------------------------------------------------
 */

static int make_room(struct splitter *splitter, size_t needed)
{
    if (needed <= splitter->room)
        return 0;
    size_t room = splitter->room ? splitter->room : FIRST_ROOM;
    while (room < needed)
        room *= 2;
    if (room > splitter->max)
        room = splitter->max;
    char *text = realloc(splitter->text, room);
    if (!text)
        return -ENOMEM;
    splitter->text = text;
    splitter->room = room;
    return 0;
}

static int keep(struct splitter *splitter, const char *bytes, size_t length)
{
    if (splitter->kind == SPLITTER_NOTHING || splitter->is_over)
        return 0;
    if (length > splitter->max - splitter->length) {
        splitter->is_over = 1;
        return 0;
    }
    int r = make_room(splitter, splitter->length + length);
    if (r < 0)
        return r;
    memcpy(splitter->text + splitter->length, bytes, length);
    splitter->length += length;
    return 0;
}

/* ---- what is nested ---------------------------------------------------------------------------
 */

/* C, which is not taken yet, opens something; at its end goes on with NEXT. */
static void enter(struct splitter *splitter, enum splitter_kind kind, enum place next)
{
    splitter->place = PLACE_NESTED;
    splitter->kind = kind;
    splitter->next = next;
    splitter->depth = 0;
    splitter->in_string = splitter->is_escaped = splitter->is_over = 0;
    splitter->length = 0;
}

/* A byte of a string. 0, or -EPROTO for one that must be escaped (RFC 8259, section 7). */
static int step_string(struct splitter *splitter, char c)
{
    if ((unsigned char)c < ' ')
        return -EPROTO;
    if (splitter->is_escaped)
        splitter->is_escaped = 0;
    else if (c == '\\')
        splitter->is_escaped = 1;
    else if (c == '"')
        splitter->in_string = 0;
    return 0;
}

static void step_structure(struct splitter *splitter, char c)
{
    if (c == '"')
        splitter->in_string = 1;
    else if ((c == '{' || c == '[') && ++splitter->depth > LIMIT_OBJECT_DEPTH)
        splitter->is_over = 1;
    else if (c == '}' || c == ']')
        splitter->depth--;
}

/* Take bytes of what is nested, to its end if that is among them. How many, or -errno. */
static ssize_t take_nested(struct splitter *splitter, struct span bytes)
{
    size_t n = 0;
    int is_end = 0;
    while (n < bytes.length && !is_end) {
        char c = bytes.data[n++];
        if (!splitter->in_string)
            step_structure(splitter, c);
        else if (step_string(splitter, c) < 0)
            return -EPROTO;
        is_end = !splitter->in_string && splitter->depth == 0;
    }
    int r = keep(splitter, bytes.data, n);
    if (r < 0)
        return r;
    if (is_end)
        splitter->place = splitter->next;
    return (ssize_t)n;
}

/* ---- the list around it ------------------------------------------------------------------------
 */

static int is_named(const struct splitter *splitter, const char *name)
{
    return span_is((struct span){splitter->name, splitter->name_length}, name);
}

/* A name with an escape in it is none of ours, and so is one that is longer. */
static int step_name(struct splitter *splitter, char c)
{
    int r = step_string(splitter, c);
    if (r < 0)
        return r;
    if (!splitter->in_string)
        splitter->place = PLACE_COLON;
    else if (splitter->name_length < NAME)
        splitter->name[splitter->name_length++] = c;
    return 0;
}

/* The first byte of a member's value: 1 when it is taken, 0 when it is for PLACE_NESTED. */
static int step_value(struct splitter *splitter, char c)
{
    if (c == '[' && is_named(splitter, "items")) {
        splitter->place = PLACE_FIRST_ITEM;
        return 1;
    }
    if (is_literal(c)) {
        splitter->place = PLACE_IN_LITERAL;
        return 1;
    }
    if (c != '{' && c != '[' && c != '"')
        return -EPROTO;
    int is_metadata = c == '{' && is_named(splitter, "metadata");
    enter(splitter, is_metadata ? SPLITTER_METADATA : SPLITTER_NOTHING, PLACE_AFTER_VALUE);
    return 0;
}

/* The first byte of a member's name. */
static int begin_name(struct splitter *splitter)
{
    splitter->place = PLACE_IN_NAME;
    splitter->name_length = 0;
    splitter->in_string = 1;
    splitter->is_escaped = 0;
    return 1;
}

static int step_start(struct splitter *splitter, char c)
{
    if (c != '{')
        return -EPROTO;
    if (splitter->body == SPLITTER_LIST) {
        splitter->place = PLACE_FIRST_NAME;
        return 1;
    }
    enter(splitter, SPLITTER_OBJECT, PLACE_START);
    return 0;
}

/* Punctuation: where it may stand, and where it leads. */
static const struct {
    enum place at;
    char c;
    enum place to;
} steps[] = {
    {PLACE_FIRST_NAME, '}', PLACE_END},         {PLACE_COLON, ':', PLACE_VALUE},
    {PLACE_AFTER_VALUE, ',', PLACE_NAME},       {PLACE_AFTER_VALUE, '}', PLACE_END},
    {PLACE_FIRST_ITEM, ']', PLACE_AFTER_VALUE}, {PLACE_AFTER_ITEM, ',', PLACE_ITEM},
    {PLACE_AFTER_ITEM, ']', PLACE_AFTER_VALUE},
};

static int step_punctuation(struct splitter *splitter, char c)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].at == splitter->place && steps[i].c == c) {
            splitter->place = steps[i].to;
            return 1;
        }
    return -EPROTO;
}

/* One byte between objects: 1 when it is taken, 0 when it is to be looked at again, or -EPROTO. */
static int step(struct splitter *splitter, char c)
{
    enum place at = splitter->place;
    if (at == PLACE_IN_NAME)
        return step_name(splitter, c) < 0 ? -EPROTO : 1;
    if (at == PLACE_IN_LITERAL) {
        if (is_literal(c))
            return 1;
        splitter->place = PLACE_AFTER_VALUE;
        return 0;
    }
    if (is_space(c))
        return 1;
    if (at == PLACE_START)
        return step_start(splitter, c);
    if (at == PLACE_VALUE)
        return step_value(splitter, c);
    if (c == '"' && (at == PLACE_FIRST_NAME || at == PLACE_NAME))
        return begin_name(splitter);
    if (c == '{' && (at == PLACE_FIRST_ITEM || at == PLACE_ITEM)) {
        enter(splitter, SPLITTER_OBJECT, PLACE_AFTER_ITEM);
        return 0;
    }
    return step_punctuation(splitter, c);
}

/* ---- the splitter ------------------------------------------------------------------------------
 */

struct splitter *splitter_new(size_t max)
{
    struct splitter *splitter = calloc(1, sizeof *splitter);
    if (splitter)
        splitter->max = max;
    return splitter;
}

void splitter_begin(struct splitter *splitter, enum splitter_body body)
{
    splitter->body = body;
    splitter->place = PLACE_START;
    splitter->is_wrong = 0;
}

/* Something nested has just ended: tell it, if it is to be told. */
static int tell(struct splitter *splitter, struct splitter_found *ret)
{
    if (splitter->kind == SPLITTER_NOTHING)
        return 0;
    ret->kind = splitter->is_over ? SPLITTER_OVERSIZED : splitter->kind;
    if (!splitter->is_over)
        ret->text = (struct span){splitter->text, splitter->length};
    return 1;
}

static ssize_t feed(struct splitter *splitter, struct span bytes, struct splitter_found *ret)
{
    size_t taken = 0;
    while (taken < bytes.length) {
        struct span rest = {bytes.data + taken, bytes.length - taken};
        int is_nested = splitter->place == PLACE_NESTED;
        ssize_t n = is_nested ? take_nested(splitter, rest) : step(splitter, *rest.data);
        if (n < 0)
            return n;
        taken += (size_t)n;
        if (is_nested && splitter->place != PLACE_NESTED && tell(splitter, ret))
            break;
    }
    return (ssize_t)taken;
}

ssize_t splitter_feed(struct splitter *splitter, struct span bytes, struct splitter_found *ret)
{
    *ret = (struct splitter_found){.kind = SPLITTER_NOTHING};
    ssize_t n = splitter->is_wrong ? -EPROTO : feed(splitter, bytes, ret);
    splitter->is_wrong = n < 0;
    return n;
}

int splitter_is_whole(const struct splitter *splitter)
{
    enum place end = splitter->body == SPLITTER_LIST ? PLACE_END : PLACE_START;
    return !splitter->is_wrong && splitter->place == end;
}

void splitter_free(struct splitter *splitter)
{
    if (!splitter)
        return;
    free(splitter->text);
    free(splitter);
}
