/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any pattern: it is refused with a reason, or makes a value that is as long as the pattern says
 * and has nothing in it but what the pattern and the alphabets have. The same randomness makes the
 * same.
 */
#include <ctype.h>
#include <errno.h>

#include "base/error.h"
#include "template/gen.h"
#include "template/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pools.h"

#define OUTPUT (64u * 1024u)

/* No better than it has to be (xorshift), and always the same. */
static void repeatable(void *context, void *ret, size_t length)
{
    uint32_t *state = context;
    for (size_t i = 0; i < length; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        ((unsigned char *)ret)[i] = (unsigned char)(*state >> 11);
    }
}

static int run(struct span pattern, struct pool *pool, struct text *ret, struct error *error)
{
    uint32_t state = 2463534242u;
    *ret = text_in(pool, OUTPUT);
    *error = (struct error){""};
    int r = gen_write(pattern, repeatable, &state, ret, error);
    MUST(r == 0 || r == -EINVAL || r == -E2BIG);
    MUST((r == 0) == (error->text[0] == '\0'));
    MUST(ret->used <= OUTPUT);
    return r;
}

/* Each byte is of the pattern, or printable and nothing that JSON escapes. */
static void must_be_made_of(const struct text *value, struct span pattern)
{
    for (size_t i = 0; i < value->used; i++) {
        char c = value->data[i];
        MUST(memchr(pattern.data, c, pattern.length) ||
             (isgraph((unsigned char)c) && c != '"' && c != '\\'));
    }
}

/* The reason names a place within the pattern, or none. */
static void must_be_inside(const struct error *error, struct span pattern)
{
    unsigned long at;
    if (sscanf(error->text, "character %lu:", &at) == 1)
        MUST(at >= 1 && at <= pattern.length + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span pattern = {(const char *)data, size};
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text value, again;
    struct error error;
    MUST(pool);
    int r = run(pattern, pool, &value, &error);
    if (r == -EINVAL)
        must_be_inside(&error, pattern);
    if (r == 0)
        must_be_made_of(&value, pattern);
    MUST(run(pattern, pool, &again, &error) == r);
    MUST(r || span_equal(text_all(&value), text_all(&again)));
    pool_free(pool);
    return 0;
}
