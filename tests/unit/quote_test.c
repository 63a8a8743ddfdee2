/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/quote.h"

#include <errno.h>

#include "template/number.h"
#include "template/printable.h"
#include "tests/unit/vectors.h"

/* One byte for each of COUNT runes: whether it is printable. All of them as a hash (FNV-1a). */
static void hash_printables(struct text *out, uint32_t from, uint32_t count)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (uint32_t rune = from; rune < from + count; rune++)
        hash = (hash ^ (printable_rune(rune) ? 1 : 0)) * 0x100000001b3;
    number_unsigned(out, hash, 16, NUMBER_LOWER, 16);
}

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
    else if (span_is(row->operation, "printables"))
        hash_printables(out, rune, (uint32_t)row->values[1].integer);
}

TEST(writes_what_go_writes)
{
    CHECK(vectors_run("quotes", run) >= 1500);
}

TEST(no_rune)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, 100);
    quote_rune(&out, UINT32_MAX, QUOTE_ASCII);
    quote_rune(&out, 0xdfff, QUOTE_PRINTABLE);
    CHECK(!printable_rune(UINT32_MAX) && !printable_rune(0x110000) && printable_rune('x'));
    CHECK(span_is(text_all(&out), "'\\ufffd''\xef\xbf\xbd'"));
    pool_free(pool);
}

TEST(a_limit_ends_it)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, 8), enough = text_in(pool, 9);
    quote_string(&out, SPAN_LITERAL("a\n\x01"), QUOTE_ASCII);
    CHECK_EQ_INT(out.error, -E2BIG);
    quote_string(&enough, SPAN_LITERAL("a\n\x01"), QUOTE_ASCII);
    CHECK(!enough.error && span_is(text_all(&enough), "\"a\\n\\x01\""));
    pool_free(pool);
}

CHECK_MAIN
