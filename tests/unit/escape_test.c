/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/escape.h"

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

CHECK_MAIN
