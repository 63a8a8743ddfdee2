/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates, run on JSON and compared with what Go makes of them. */
#ifndef VSECM_TESTS_UNIT_TEMPLATES_H
#define VSECM_TESTS_UNIT_TEMPLATES_H

#include <errno.h>

#include "base/error.h"
#include "template/engine.h"
#include "template/text.h"
#include "template/value_json.h"
#include "tests/unit/check.h"
#include "tests/unit/pools.h"

/* The data of most rows; a row that has others says so. */
#define TEMPLATES_DATA                                                                     \
    "{\"a\":1,\"b\":\"x<y>&'\\\"z\",\"c\":[1,\"two\",null,{\"k\":\"v\",\"n\":null},[],"    \
    "[3,4]],\"d\":{\"x\":\"1\",\"y\":2.5,\"z\":{\"q\":true}},\"n\":null,\"t\":true,\"f\":" \
    "false,\"e\":\"\",\"l\":[],\"m\":{},\"s\":\"str\",\"big\":1e21,\"u\":\"h\\u00e9llo "   \
    "\\u4e16\"}"

struct templates_row {
    const char *text, *json;
    const char *output; /* NULL: Go refuses it */
};

struct templates_result {
    int r;
    struct error error;
    struct span output;
    struct pool *pool;
};

/* Run TEXT on JSON with SIZE bytes of memory. Its pool is to be freed. */
static inline struct templates_result templates_run_in(size_t size, struct span text,
                                                       struct span json)
{
    struct templates_result result = {.pool = pools_new(LIMIT_TEMPLATE_MEMORY)};
    struct value data;
    size_t at;
    CHECK_EQ_INT(value_json_read(json, result.pool, &data, &at), 0);
    struct pool *pool = pools_new(size);
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    result.r = engine_run(text, &data, pool, &out, &result.error);
    result.output = pool_copy(result.pool, text_all(&out));
    pool_free(pool);
    return result;
}

static inline struct templates_result templates_run(const char *text, const char *json)
{
    return templates_run_in(LIMIT_TEMPLATE_MEMORY, span_of(text), span_of(json));
}

/* The text must end exactly where it ends: a copy of just its bytes, for the sanitizer. */
static inline void templates_check(const struct templates_row *row)
{
    size_t length = strlen(row->text);
    char *copy = malloc(length ? length : 1);
    memcpy(copy, row->text, length);
    struct templates_result result =
        templates_run_in(LIMIT_TEMPLATE_MEMORY, (struct span){copy, length}, span_of(row->json));
    free(copy);
    if (row->output && result.r < 0)
        check_fail(__FILE__, __LINE__, "'%s' is refused: %s", row->text, result.error.text);
    if (!row->output && result.r != -EINVAL)
        check_fail(__FILE__, __LINE__, "'%s' gives %d", row->text, result.r);
    if (!row->output && !strchr(result.error.text, ':'))
        check_fail(__FILE__, __LINE__, "'%s' is refused without a place", row->text);
    if (row->output && !span_is(result.output, row->output))
        check_fail(__FILE__, __LINE__, "'%s' gives '%s'", row->text, result.output.data);
    pool_free(result.pool);
}

#define TEMPLATES_CHECK_ALL(rows)                                \
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) \
    templates_check(&rows[at])

#endif
