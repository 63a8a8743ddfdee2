/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gofmt.h"

#include <errno.h>

#include "template/value_json.h"
#include "tests/unit/vectors.h"

static void run(const struct vectors_row *row, struct text *out)
{
    if (span_is(row->operation, "printf"))
        gofmt_printf(out, row->input, row->values, row->count);
    else if (span_is(row->operation, "print"))
        gofmt_print(out, row->values, row->count);
    else if (span_is(row->operation, "println"))
        gofmt_println(out, row->values, row->count);
}

TEST(writes_what_go_writes)
{
    CHECK(vectors_run("formats", run) >= 1500);
}

CHECK_MAIN
