/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any value, any template, every format: a result is never empty, JSON is an object or the value
 * itself, and what is too large is an error. The first byte is the format; then a template, a NUL,
 * and the value.
 */
#include <errno.h>

#include "base/error.h"
#include "template/text.h"
#include "template/transform.h"
#include "template/value_json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pools.h"

#define OUTPUT (64u * 1024u)

static int is_object(struct span text)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct value value;
    size_t at;
    int ret = value_json_read(text, pool, &value, &at) == 0 && value.kind == VALUE_MAP;
    pool_free(pool);
    return ret;
}

/* All of INNER stands in OUTER: the value, maybe without the blanks around it. */
static int is_part(struct span inner, struct span outer)
{
    return memmem(outer.data, outer.length, inner.data, inner.length) != NULL;
}

static void must_fit(struct span value, enum transform_format format, struct span result)
{
    MUST(result.length > 0);
    if (format == TRANSFORM_JSON)
        MUST(is_object(result) || span_equal(result, value));
    if (format == TRANSFORM_YAML && is_object(value) && !is_part(result, value))
        MUST(!is_object(result) || span_is(result, "{}\n"));
}

static void shape(struct span value, struct span template, enum transform_format format)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, OUTPUT);
    struct error error;
    MUST(pool);
    int r = transform(value, template, format, pool, &out, &error);
    MUST(r == 0 || r == -EINVAL || r == -E2BIG || r == -ETIME);
    MUST(r == 0 || error.text[0]);
    MUST((r == -EINVAL) == (value.length == 0));
    MUST(out.used <= OUTPUT);
    if (r == 0)
        must_fit(value, format, text_all(&out));
    pool_free(pool);
}

/* What is rendered strictly is what raw gives, if that is anything. */
static void shape_strictly(struct span value, struct span template)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text strict = text_in(pool, OUTPUT), raw = strict;
    struct error error;
    MUST(pool);
    int r = transform_strict(value, template, pool, &strict, &error);
    MUST(r == 0 || r == -EINVAL || r == -E2BIG || r == -ETIME);
    MUST((r == 0) == (error.text[0] == '\0'));
    if (r == 0 && strict.used && is_object(value) &&
        transform(value, template, TRANSFORM_RAW, pool, &raw, &error) == 0)
        MUST(!template.length || span_equal(text_all(&strict), text_all(&raw)));
    pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size > 1 ? memchr(text + 1, '\0', size - 1) : NULL;
    if (!end)
        return 0;
    const struct span template = {text + 1, (size_t)(end - text) - 1};
    const struct span value = {end + 1, size - (size_t)(end + 1 - text)};
    shape(value, template, (enum transform_format)(data[0] % 3));
    shape_strictly(value, template);
    return 0;
}
