/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/mapping.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "limits.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/transform.h"
#include "template/value_json.h"

/* The one key of what is no object of strings. */
#define WHOLE "VALUE"

/* ---- what it is made of ------------------------------------------------------------------------
 */

static void *take(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void give(void *context, void *block)
{
    arena_free(context, block);
}

/* 1 with *ret when TEXT is a JSON object of nothing but strings, 0 when it is not, -ENOSPC. */
static int read_strings(struct span text, struct pool *pool, struct value *ret)
{
    size_t at;
    int r = value_json_read(text, pool, ret, &at);
    if (r < 0)
        return r == -ENOSPC ? r : 0;
    if (ret->kind != VALUE_MAP)
        return 0;
    for (size_t i = 0; i < ret->map.count; i++)
        if (ret->map.members[i].value.kind != VALUE_STRING)
            return 0;
    return 1;
}

/* Non-zero when TEXT is a JSON object of whatever. */
static int is_object(struct span text, struct pool *pool)
{
    struct value value;
    size_t at;
    return value_json_read(text, pool, &value, &at) == 0 && value.kind == VALUE_MAP;
}

/* As read_strings(), of what TEMPLATE makes of VALUE; *why says why it is not used. */
static int render(struct span value, struct span template, struct pool *pool, struct value *ret,
                  struct error *why)
{
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    if (!is_object(value, pool)) {
        error_set(why, 0, "the value is no JSON object");
        return pool_error(pool) == -ENOSPC ? -ENOSPC : 0;
    }
    int r = transform_strict(value, template, pool, &out, why);
    if (r < 0)
        return r == -ENOSPC ? r : 0;
    r = read_strings(text_all(&out), pool, ret);
    if (r == 0)
        error_set(why, 0, "what the template makes of it is no JSON object of strings");
    return r;
}

/* ---- what Kubernetes takes ---------------------------------------------------------------------
 */

static int is_key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* A key becomes a file's name where the Secret is mounted. */
static int is_key(struct span name)
{
    if (!name.length || name.length > LIMIT_DNS_SUBDOMAIN || span_is(name, "."))
        return 0;
    if (name.length >= 2 && memcmp(name.data, "..", 2) == 0)
        return 0;
    for (size_t i = 0; i < name.length; i++)
        if (!is_key_byte(name.data[i]))
            return 0;
    return 1;
}

static int check(const struct value *map, struct error *why)
{
    size_t size = 0;
    for (size_t i = 0; i < map->map.count; i++) {
        if (!is_key(map->map.members[i].name))
            return error_set(why, -EINVAL,
                             "a member's name is no key of a Kubernetes Secret: those are 1 to 253 "
                             "of a-z, A-Z, 0-9, '-', '_' and '.', and do not begin with '..'");
        size += map->map.members[i].value.string.length;
    }
    if (size > LIMIT_EXPORT)
        return error_set(why, -EFBIG, "it has %zu bytes; a Kubernetes Secret takes %u", size,
                         LIMIT_EXPORT);
    return 0;
}

/* ---- writing it --------------------------------------------------------------------------------
 */

static void write_map(struct writer *w, const struct value *map)
{
    writer_literal(w, "{");
    for (size_t i = 0; i < map->map.count; i++) {
        const struct value_member *member = &map->map.members[i];
        writer_text(w, i ? ",\"" : "\"");
        writer_span(w, member->name);
        writer_literal(w, "\":\"");
        writer_base64(w, member->value.string.data, member->value.string.length);
        writer_literal(w, "\"");
    }
    writer_literal(w, "}");
}

static int keep(struct arena *arena, const struct value *map, struct secret **ret,
                struct error *why)
{
    struct writer w = {0};
    write_map(&w, map);
    if (w.needed > LIMIT_WIRE_EXPORT)
        return error_set(why, -EFBIG, "its keys are too many for a Kubernetes Secret");
    *ret = secret_new(arena, w.needed);
    if (!*ret)
        return -ENOSPC;
    w = writer_on((*ret)->data, (*ret)->length);
    write_map(&w, map);
    return 0;
}

int mapping_make(struct arena *arena, struct span value, struct span template, struct secret **ret,
                 struct error *why)
{
    const struct value_member whole = {SPAN_LITERAL(WHOLE), value_string(value)};
    struct value map = {.kind = VALUE_MAP};
    struct pool *pool = pool_new(&(struct pool_source){take, give, arena}, LIMIT_TEMPLATE_MEMORY);
    error_set(why, 0, "%s", "");
    if (!pool)
        return -ENOSPC;
    int r = 1; /* of nothing: no keys */
    if (value.length)
        r = template.length ? render(value, template, pool, &map, why)
                            : read_strings(value, pool, &map);
    if (r == 0) {
        map = (struct value){.kind = VALUE_MAP};
        map.map.members = &whole;
        map.map.count = 1;
    }
    if (r >= 0)
        r = check(&map, why);
    if (r == 0)
        r = keep(arena, &map, ret, why);
    pool_free(pool);
    return r;
}

int mapping_check(struct arena *arena, struct span value, struct span template, struct error *why)
{
    struct secret *data;
    int r = mapping_make(arena, value, template, &data, why);
    if (r == 0)
        secret_unref(data);
    return r;
}
