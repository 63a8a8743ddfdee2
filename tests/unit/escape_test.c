/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/escape.h"

#include <errno.h>

#include "tests/unit/vectors.h"

static void run(const struct vectors_row *row, struct text *out)
{
    if (span_is(row->operation, "html"))
        escape_html(out, row->input);
    else if (span_is(row->operation, "js"))
        escape_js(out, row->input);
    else if (span_is(row->operation, "urlquery"))
        escape_urlquery(out, row->input);
}

TEST(writes_what_go_writes)
{
    CHECK(vectors_run("escapes", run) >= 1000);
}

TEST(a_limit_ends_it)
{
    static void (*const escapers[])(struct text *, struct span) = {escape_html, escape_js,
                                                                   escape_urlquery};
    static const size_t lengths[] = {2 + 4, 2 + 6, 2 + 3}; /* of "a<b" */
    for (size_t i = 0; i < 3; i++) {
        struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        struct text out = text_in(pool, lengths[i] - 1), enough = text_in(pool, lengths[i]);
        escapers[i](&out, SPAN_LITERAL("a<b"));
        escapers[i](&enough, SPAN_LITERAL("a<b"));
        CHECK(out.error == -E2BIG && !enough.error && enough.used == lengths[i]);
        pool_free(pool);
    }
}

CHECK_MAIN
