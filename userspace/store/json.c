/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/json.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/plain.h"
#include "base/str.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "limits.h"

static struct arena *allocator;
static int exhausted; /* the arena refused since json_read() began */

static void *allocate(size_t size)
{
    void *block = arena_alloc(allocator, size);
    exhausted |= !block;
    return block;
}

static void release(void *block)
{
    arena_free(allocator, block);
}

void json_use(struct arena *arena)
{
    allocator = arena;
    cJSON_InitHooks(arena ? &(cJSON_Hooks){.malloc_fn = allocate, .free_fn = release} : NULL);
}

/* ---- a light scanner: it knows where tokens end, not whether they are good ------------------ */

/* The first byte from TEXT[at] on that is no plain one of a string; text.length: all are. */
static size_t next_special(struct span text, size_t at)
{
    return at + plain_run(text.data + at, text.length - at);
}

/* The offset behind the string that starts at TEXT[at] with its quote. */
static size_t string_end(struct span text, size_t at)
{
    for (at++; at < text.length; at++) {
        at = next_special(text, at);
        if (at < text.length && text.data[at] == '"')
            return at + 1;
        if (at < text.length && text.data[at] == '\\')
            at++;
    }
    return text.length;
}

/* Deepest nesting of TEXT; brackets in strings do not count. */
static size_t depth_of(struct span text)
{
    size_t depth = 0, deepest = 0;
    for (size_t at = 0; at < text.length;) {
        char c = text.data[at];
        if (c == '"') {
            at = string_end(text, at);
            continue;
        }
        if (c == '{' || c == '[')
            deepest = ++depth > deepest ? depth : deepest;
        else if ((c == '}' || c == ']') && depth)
            depth--;
        at++;
    }
    return deepest;
}

static int has_nul_escape(struct span text)
{
    for (size_t at = next_special(text, 0); at + 5 < text.length; at = next_special(text, at + 1)) {
        if (text.data[at] != '\\')
            continue;
        if (memcmp(text.data + at + 1, "u0000", 5) == 0)
            return 1;
        at++; /* what is escaped cannot start an escape */
    }
    return 0;
}

/* cJSON takes each of them for a blank, and a byte order mark as well; the scanner does not. */
static int has_stray(struct span text)
{
    if (text.length >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        return 1;
    for (size_t at = next_special(text, 0); at < text.length; at = next_special(text, at + 1))
        if ((unsigned char)text.data[at] < ' ' && !strchr("\t\r\n", text.data[at]))
            return 1;
    return 0;
}

int json_read(struct span text, struct cJSON **ret, const char **why)
{
    *why = NULL;
    if (!str_is_utf8(text.data, text.length) || memchr(text.data, '\0', text.length))
        *why = "it is not UTF-8 text";
    else if (has_stray(text))
        *why = "it has a control character or a byte order mark";
    else if (depth_of(text) > LIMIT_JSON_DEPTH)
        *why = "it is nested too deep";
    else if (has_nul_escape(text))
        *why = "\\u0000 cannot be kept in a string; send the value in base64";
    if (*why)
        return -EINVAL;
    exhausted = 0;
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(text.data, text.length, &end, 0);
    if (!json && exhausted)
        return -ENOSPC;
    while (json && end < text.data + text.length && strchr(" \t\r\n", *end))
        end++;
    if (!json || end != text.data + text.length) {
        cJSON_Delete(json);
        *why = json ? "something follows the JSON value" : "it is not well-formed JSON";
        return -EINVAL;
    }
    *ret = json;
    return 0;
}

/* ---- one member ---------------------------------------------------------------------------- */

static size_t skip_blanks(struct span text, size_t at)
{
    while (at < text.length && strchr(" \t\r\n", text.data[at]))
        at++;
    return at;
}

/* The offset behind the value that starts at TEXT[at]; TEXT is known to be well-formed. */
static size_t value_end(struct span text, size_t at)
{
    size_t depth = 0;
    while (at < text.length) {
        char c = text.data[at];
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || strchr(" \t\r\n", c)))
            return at;
        if (c == '"') {
            at = string_end(text, at);
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            at++;
        }
        if (depth == 0 && (c == '"' || c == '}' || c == ']'))
            return at;
    }
    return at;
}

/* As it is written: the value of the member that comes INDEX-th in the object TEXT. */
static struct span member_text(struct span text, size_t index)
{
    size_t at = skip_blanks(text, 0) + 1;
    for (;;) {
        at = string_end(text, skip_blanks(text, at));
        at = skip_blanks(text, skip_blanks(text, at) + 1); /* the colon */
        size_t end = value_end(text, at);
        if (index-- == 0)
            return (struct span){text.data + at, end - at};
        at = skip_blanks(text, end) + 1; /* the comma */
    }
}

static const cJSON *find_last(const cJSON *object, struct span name, size_t *index)
{
    const cJSON *found = NULL;
    size_t at = 0;
    for (const cJSON *member = object->child; member; member = member->next, at++)
        if (span_is(name, member->string)) {
            found = member;
            *index = at;
        }
    return found;
}

int json_member(struct span text, struct span name, struct arena *arena, struct secret **ret)
{
    cJSON *json = NULL;
    const char *why;
    int r = json_read(text, &json, &why);
    if (r < 0)
        return r;
    size_t index = 0;
    const cJSON *member = cJSON_IsObject(json) ? find_last(json, name, &index) : NULL;
    if (!member) {
        r = cJSON_IsObject(json) ? -ENOENT : -EINVAL;
    } else {
        struct span bytes =
            cJSON_IsString(member) ? span_of(member->valuestring) : member_text(text, index);
        /* An empty string is an answer too; a block cannot be empty, so one byte stays unsent. */
        *ret = secret_new(arena, bytes.length ? bytes.length : 1);
        r = *ret ? 0 : -ENOSPC;
        if (r == 0) {
            memcpy((*ret)->data, bytes.data, bytes.length);
            (*ret)->length = bytes.length;
        }
    }
    cJSON_Delete(json);
    return r;
}
