/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/number.h"

#include <errno.h>
#include <math.h>

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

/* Text that is read back as the same number, for numbers that nobody chose. */
TEST(any_number_comes_back)
{
    for (int i = 0; i < 20000; i++) {
        struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        struct text text = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
        uint64_t bits = (uint64_t)check_random(SIZE_MAX) << 32 ^ check_random(SIZE_MAX);
        double value;
        memcpy(&value, &bits, sizeof value);
        number_format(&text, value, "egx"[i % 3], NUMBER_SHORTEST, 64);
        text_byte(&text, '\0');
        if (isfinite(value) && strtod(text.data, NULL) != value)
            check_fail(__FILE__, __LINE__, "%a became %s", value, text.data);
        pool_free(pool);
    }
}

TEST(unsigned_numbers)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text text = text_in(pool, 71);
    number_unsigned(&text, UINT64_MAX, 2, NUMBER_LOWER, 1);
    CHECK(text.used == 64 && memchr(text.data, '0', 64) == NULL);
    number_unsigned(&text, 0, 10, NUMBER_LOWER, 0);
    number_unsigned(&text, 0xaf, 16, NUMBER_UPPER, 3);
    CHECK(span_is((struct span){text.data + 64, text.used - 64}, "00AF"));
    number_unsigned(&text, 1, 10, NUMBER_LOWER, 4);
    CHECK(text.error == -E2BIG && text.used == 68);
    pool_free(pool);
}

/* A precision of a million is a million zeros, and no more than there is room for. */
TEST(a_limit_ends_it)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text text = text_in(pool, 1000), enough = text_in(pool, 1000003);
    number_format(&text, 1.5, 'f', 1000000, 64);
    CHECK(text.error == -E2BIG && text.used <= 1000);
    number_format(&enough, 1.5, 'f', 1000000, 64);
    CHECK(!enough.error && enough.used == 1000002 && enough.data[1000001] == '0');
    pool_free(pool);
}

CHECK_MAIN
