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

/* FORMAT with arguments ARGS, a JSON array, up to LIMIT bytes. */
static int format(const char *text, const char *args, size_t limit, char *ret, size_t size)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, limit);
    struct value list;
    size_t at;
    CHECK_EQ_INT(value_json_read(span_of(args), pool, &list, &at), 0);
    gofmt_printf(&out, span_of(text), list.list.items, list.list.count);
    int error = out.error;
    CHECK(out.used <= limit);
    snprintf(ret, size, "%.*s", (int)out.used, out.used ? out.data : "");
    pool_free(pool);
    return error;
}

TEST(an_address_is_a_bad_verb)
{
    char got[256];
    CHECK_EQ_INT(format("%p", "[[1,\"a\"]]", 200, got, sizeof got), 0);
    CHECK_STR(got, "%!p([]interface {}=[1 a])");
    CHECK_EQ_INT(format("%#5p|%[1]d", "[{\"k\":null}]", 200, got, sizeof got), 0);
    CHECK_STR(got, "%!p(map[string]interface {}=map[    k:<nil>])|map[%!d(string=k):<nil>]");
}

TEST(no_value_is_nil)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, 100);
    struct value none[] = {value_none(), value_none()};
    gofmt_value(&out, none);
    gofmt_print(&out, none, 2);
    gofmt_printf(&out, SPAN_LITERAL("%d"), none, 2);
    CHECK(span_is(text_all(&out), "<nil><nil> <nil>%!d(<nil>)%!(EXTRA <nil>)"));
    pool_free(pool);
}

/* What would be longer than the limit says so, and is never written beyond it. */
TEST(a_limit_ends_it)
{
    static const char *const rows[][2] = {
        {"%1000000d", "[1]"},
        {"%-1000000v", "[\"a\"]"},
        {"%01000000f", "[-1.5]"},
        {"%.1000000f", "[1.5]"},
        {"%#.1000000g", "[1]"},
        {"%#.1000000x", "[1]"},
        {"%x", "[\"0123456789012345678901234567890123456789\"]"},
        {"%q", "[\"0123456789012345678901234567890123456789012345678901234567890123456789\"]"},
        {"%[1]s%[1]s%[1]s", "[\"01234567890123456789012345678\"]"},
        {"%v", "[[[1234567,1234567,1234567,1234567,1234567,1234567]]]"},
        {"%v", "[{\"01234567890123456789\":1,\"01234567890123456789012345\":2,"
               "\"012345678901234567890123456789\":3}]"},
        {"%d", "[1.5,\"01234567890123456789\",\"01234567890123456789012345678\",1]"},
    };
    char got[256];
    CHECK_EQ_INT(format("%70v", "[1]", 70, got, sizeof got), 0);
    CHECK_EQ_INT(strlen(got), 70);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (format(rows[i][0], rows[i][1], 70, got, sizeof got) != -E2BIG)
            check_fail(__FILE__, __LINE__, "%s: %s", rows[i][0], got);
}

/* A value as deep as JSON may be. */
TEST(deep_values)
{
    char json[2 * LIMIT_TEMPLATE_DEPTH + 1], got[4 * LIMIT_TEMPLATE_DEPTH];
    size_t half = LIMIT_TEMPLATE_DEPTH - 1;
    memset(json, '[', half + 1);
    memset(json + half + 1, ']', half + 1);
    json[2 * half + 2] = '\0';
    CHECK_EQ_INT(format("%v", json, sizeof got, got, sizeof got), 0);
    json[2 * half + 1] = '\0';
    CHECK_STR(got, json + 1);
}

CHECK_MAIN
