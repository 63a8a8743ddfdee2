/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/quote.h"

#include "tests/unit/vectors.h"

static void run(const struct vectors_row *row, struct text *out)
{
    uint32_t rune = row->count ? (uint32_t)row->values[0].integer : 0;
    if (span_is(row->operation, "quote"))
        quote_string(out, row->input, QUOTE_PRINTABLE);
    else if (span_is(row->operation, "ascii"))
        quote_string(out, row->input, QUOTE_ASCII);
    else if (span_is(row->operation, "raw"))
        text_add(out, quote_can_be_raw(row->input) ? "true" : "false");
    else if (span_is(row->operation, "rune"))
        quote_rune(out, rune, QUOTE_PRINTABLE);
    else if (span_is(row->operation, "asciirune"))
        quote_rune(out, rune, QUOTE_ASCII);
}

TEST(writes_what_go_writes)
{
    CHECK(vectors_run("quotes", run) >= 1500);
}

CHECK_MAIN
