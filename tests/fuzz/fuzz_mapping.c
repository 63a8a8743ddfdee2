/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any value, any template: what comes out is a JSON object of strings in base64 whose names are
 * keys, or an error with a reason. A template, a NUL, and the value.
 */
#include <errno.h>

#include "base/base64.h"
#include "base/error.h"
#include "cluster/mapping.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "template/value_json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pools.h"

static struct arena *arena;

static void must_be_key(struct span name)
{
    MUST(name.length >= 1 && name.length <= LIMIT_DNS_SUBDOMAIN);
    MUST(!span_is(name, ".") && !span_is(name, ".."));
    for (size_t i = 0; i < name.length; i++)
        MUST(name.data[i] > ' ' && name.data[i] < 0x7f && !strchr("/\\\"'", name.data[i]));
}

static void must_be_data(struct span text)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct value value;
    size_t at;
    MUST(value_json_read(text, pool, &value, &at) == 0 && value.kind == VALUE_MAP);
    for (size_t i = 0; i < value.map.count; i++) {
        const struct value_member *member = &value.map.members[i];
        char *bytes = malloc(member->value.string.length + 1);
        must_be_key(member->name);
        MUST(member->value.kind == VALUE_STRING);
        MUST(base64_decode(member->value.string, bytes) >= 0);
        free(bytes);
    }
    pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena_stats stats;
    struct secret *made;
    struct error why = {""};
    const char *text = (const char *)data;
    const char *end = size ? memchr(text, '\0', size) : NULL;
    struct span template = {text, end ? (size_t)(end - text) : size};
    struct span value = {end ? end + 1 : "", end ? size - template.length - 1 : 0};
    if (!arena)
        MUST(arena_new(32u << 20, ARENA_MLOCK, &arena, &why) == 0);
    int r = mapping_make(arena, value, template, &made, &why);
    MUST(r == 0 || r == -EINVAL || r == -EFBIG || r == -ENOSPC);
    MUST(r == 0 || r == -ENOSPC || why.text[0]);
    MUST(mapping_check(arena, value, template, &why) == r);
    if (r == 0) {
        must_be_data((struct span){made->data, made->length});
        secret_unref(made);
    }
    arena_read_stats(arena, &stats);
    MUST(stats.blocks == 0);
    return 0;
}
