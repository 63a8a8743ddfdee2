/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/number.h"

#include "tests/unit/vectors.h"

static void run(const struct vectors_row *row, struct text *out)
{
    CHECK(span_is(row->operation, "number") && row->count == 3);
    number_format(out, row->values[0].number, row->input.data[0], (int)row->values[1].integer,
                  (int)row->values[2].integer);
}

TEST(writes_what_go_writes)
{
    CHECK(vectors_run("numbers", run) >= 1500);
}

CHECK_MAIN
