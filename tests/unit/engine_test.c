/* SPDX-License-Identifier: BSD-2-Clause */
/* What a template may cost, and what its refusals say. */
#include "base/clock.h"
#include "template/capacity.h"
#include "tests/unit/templates.h"

#define PROMPT_MS 1000u /* the limit is far below; machines that test are slow */

/* PIECE, COUNT times. */
static char *repeat(char *to, const char *piece, size_t count)
{
    size_t length = strlen(piece);
    for (size_t i = 0; i < count; i++, to += length)
        memcpy(to, piece, length);
    *to = '\0';
    return to;
}

static char text[LIMIT_TEMPLATE + 256], json[LIMIT_VALUE];

/* TEXT is stopped by R, soon, and the error says WHY. */
static void check_bomb(const char *source, const char *data, int r, const char *why)
{
    uint64_t before = clock_mono_ms();
    struct templates_result result = templates_run(source, data);
    uint64_t took = clock_mono_ms() - before;
    if (result.r != r || !strstr(result.error.text, why))
        check_fail(__FILE__, __LINE__, "%.60s gives %d: %s", source, result.r, result.error.text);
    if (took > PROMPT_MS)
        check_fail(__FILE__, __LINE__, "%.60s takes %u ms", source, (unsigned)took);
    pool_free(result.pool);
}

static void check_output(const char *source, const char *data, const char *output)
{
    templates_check(&(struct templates_row){source, data, output});
}

TEST(steps)
{
    check_output("{{range 100000}}{{end}}ok", "1", "ok");
    check_bomb("{{range 9000000000000000000}}{{end}}", "1", -ETIME, "steps");
    check_bomb("{{range 99999}}{{range 99999}}{{end}}{{end}}", "1", -ETIME, "steps");
    check_bomb("{{define \"a\"}}{{if lt (len .) 100}}{{template \"a\" print . 1}}"
               "{{template \"a\" print . 1}}{{end}}{{end}}{{template \"a\" \"\"}}",
               "1", -ETIME, "steps");
    char *to = repeat(text, "{{range 1000000}}{{$", 1);
    to = repeat(to, ".a", 30000);
    repeat(to, "}}{{end}}", 1);
    check_bomb(text, "{}", -ETIME, "steps");
    to = repeat(text, "{{range 1000000}}{{1", 1);
    to = repeat(to, "|not", 15000);
    repeat(to, "}}{{end}}", 1);
    check_bomb(text, "{}", -ETIME, "steps");
}

TEST(late_writes)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text late = text_in(pool, 1000), early = late;
    late.deadline = clock_mono_ns() - 1;
    early.deadline = clock_mono_ns() + 3600 * UINT64_C(1000000000);
    for (unsigned i = 0; i < 500; i++) {
        text_byte(&late, 'x');
        text_byte(&early, 'x');
    }
    CHECK(late.error == -ETIME && late.used < 500);
    CHECK(early.error == 0 && early.used == 500);
    pool_free(pool);
}

/* Much work for few steps: no single function may outlast its time. */
TEST(time)
{
    char *to = repeat(json, "[1", 1);
    to = repeat(to, ",4.9e-324", 100000);
    repeat(to, "]", 1);
    check_bomb("{{range 1000}}{{$x := printf \"%v\" $}}{{end}}", json, -ETIME, "ms");
    to = repeat(json, "{\"a\":\"", 1);
    to = repeat(to, "x", 400000);
    to = repeat(to, "\",\"b\":\"", 1);
    to = repeat(to, "x", 399999);
    repeat(to, "y\"}", 1);
    to = repeat(text, "{{eq .a", 1);
    to = repeat(to, " .b", 20000);
    repeat(to, "}}", 1);
    check_bomb(text, json, -ETIME, "ms");
}

/* Templates within each other, as many as %u and two. */
#define CALLS                                                              \
    "{{define \"a\"}}{{if lt (len .) %u}}{{template \"a\" print . \"x\"}}" \
    "{{else}}ok{{end}}{{end}}{{template \"a\" \"\"}}"

TEST(depth)
{
    snprintf(text, sizeof text, CALLS, LIMIT_TEMPLATE_DEPTH - 2);
    check_output(text, "1", "ok");
    snprintf(text, sizeof text, CALLS, LIMIT_TEMPLATE_DEPTH - 1);
    check_bomb(text, "1", -E2BIG, "templates call each other");
    check_bomb("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", "1", -E2BIG,
               "templates call each other");
    char *to = repeat(text, "{{define \"a\"}}", 1);
    to = repeat(to, "{{with 1}}", 100);
    to = repeat(to, "{{template \"a\"}}", 1);
    to = repeat(to, "{{end}}", 101);
    repeat(to, "{{template \"a\"}}", 1);
    check_bomb(text, "1", -E2BIG, "within each other are executed");
    to = repeat(text, "{{define \"a\"}}{{", 1);
    to = repeat(to, "(", 126);
    to = repeat(to, "1", 1);
    to = repeat(to, ")", 126);
    to = repeat(to, "}}{{end}}{{define \"b\"}}", 1);
    to = repeat(to, "{{with 1}}", 90);
    to = repeat(to, "{{template \"c\" .}}", 1);
    to = repeat(to, "{{end}}", 91);
    to = repeat(to, "{{define \"c\"}}", 1);
    to = repeat(to, "{{with 1}}", 90);
    to = repeat(to, "{{template \"b\" .}}{{template \"a\" .}}", 1);
    to = repeat(to, "{{end}}", 91);
    repeat(to, "{{template \"a\"}}{{template \"b\"}}", 1);
    check_bomb(text, "1", -E2BIG, "within each other are executed");
}

TEST(parentheses_in_execution)
{
    char *to = repeat(text, "{{define \"a\"}}", 1);
    to = repeat(to, "{{with 1}}", 64);
    to = repeat(to, "{{", 1);
    to = repeat(to, "(", 60);
    to = repeat(to, "1", 1);
    to = repeat(to, ")", 60);
    to = repeat(to, "}}{{template \"a\"}}", 1);
    to = repeat(to, "{{end}}", 65);
    repeat(to, "{{template \"a\"}}", 1);
    check_bomb(text, "1", -E2BIG, "within each other are executed");
}

TEST(output)
{
    check_bomb("{{range 100000}}0123456789abcdef{{end}}", "1", -E2BIG, "output");
    check_bomb("{{range 100000}}{{\"0123456789abcdef\"}}{{end}}", "1", -E2BIG, "output");
    check_bomb("{{printf \"%999999d%999999d\" 1 2}}", "1", -E2BIG, "result");
    repeat(repeat(repeat(json, "\"", 1), "&", 500000), "\"", 1);
    check_bomb("{{html .}}", json, -E2BIG, "result");
    check_bomb("{{html . . .}}", json, -E2BIG, "result");
    struct templates_result result = templates_run("before{{index . 1}}", "[]");
    CHECK(result.r == -EINVAL && span_is(result.output, "before"));
    pool_free(result.pool);
}

TEST(length)
{
    memset(text, 'x', LIMIT_TEMPLATE);
    text[LIMIT_TEMPLATE] = '\0';
    check_output(text, "1", text);
    text[LIMIT_TEMPLATE] = 'x';
    text[LIMIT_TEMPLATE + 1] = '\0';
    check_bomb(text, "1", -E2BIG, "template is longer");
}

/* Whatever allocation is the one that fails. */
TEST(too_little_memory)
{
    const char *source = "{{define \"a\"}}{{$y := 1}}{{.}}{{end}}{{$x := 2}}{{range $i, $v := .c}}"
                         "{{$z := print $i $v}}{{html $z}}{{printf \"%q\" $v}}"
                         "{{print 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 "
                         "25 26 27 28 29 30 31 32 33 34}}{{template \"a\" $v}}{{end}}";
    unsigned refused = 0, fine = 0;
    for (size_t size = 4096; size < 65536; size += 48) {
        struct templates_result result =
            templates_run_in(size, span_of(source), span_of(TEMPLATES_DATA));
        CHECK(result.r == 0 || result.r == -E2BIG);
        CHECK(result.r == 0 || strstr(result.error.text, "memory"));
        refused += result.r < 0;
        fine += result.r == 0;
        pool_free(result.pool);
    }
    CHECK(refused > 100 && fine > 100);
    check_bomb("{{$x := \"0123456789abcdef\"}}{{range 30}}{{$x = print $x $x}}{{end}}", "1", -E2BIG,
               "result");
    repeat(repeat(repeat(json, "\"", 1), "x", 300000), "\"", 1);
    check_bomb("{{range 1000}}{{$x := print $ 1}}{{end}}", json, -E2BIG, "memory");
}

static void *take_some(void *context, size_t size)
{
    unsigned *left = context;
    return (*left)-- > 0 ? malloc(size) : NULL;
}

TEST(no_memory)
{
    struct error error = {""};
    struct value data = value_nil();
    for (unsigned blocks = 1; blocks <= 3; blocks++) {
        unsigned left = blocks;
        struct pool *pool = pool_new(&(struct pool_source){take_some, pools_give, &left}, 1u << 20);
        struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
        left = blocks - 1;
        char *to = repeat(text, "{{range 100000}}{{", 1);
        repeat(repeat(to, "print 1 | ", 300), "print}}{{end}}", 1);
        CHECK_EQ_INT(engine_run(span_of(text), &data, pool, &out, &error), -ENOSPC);
        CHECK_STR(error.text, "no memory");
        pool_free(pool);
    }
}

TEST(refusals_name_the_place_and_no_data)
{
    static const char *const rows[][2] = {
        {"a\n{{.s.x}}", "2:5: "},
        {"{{.s.name}}", "name"},
        {"{{.n.x}}", "1:5: nil"},
        {"{{.a 1}}", "argument"},
        {"{{len .s 1}}", "1:3: len"},
        {"{{len 1 | len}}", "int"},
        {"{{index .c .s}}", "string"},
        {"{{index .d .s | len}}", "nil"},
        {"{{eq .s 1}}", "string with int"},
        {"{{lt .s .c}}", "string with []interface {}"},
        {"{{call .s}}", "string"},
        {"{{range .s}}{{end}}", "string"},
        {"{{printf .c}}", "string first"},
        {"{{slice .s 99}}", "range"},
        {"{{slice .s 1 2 3}}", "indexes"},
        {"{{template \"t\"}}", "template"},
        {"{{$x = 1}}", "$x"},
        {"{{$x := $x}}", "$x"},
        {"{{nil}}", "nil"},
        {"{{.s 1}}", "argument"},
        {"{{99999999999999999}}{{9999999999999999999}}", "1:24: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct templates_result result = templates_run(
            rows[i][0], "{\"s\":\"hunter2\",\"n\":null,\"a\":4711,\"c\":[1],\"d\":{}}");
        CHECK_EQ_INT(result.r, -EINVAL);
        if (!strstr(result.error.text, rows[i][1]) || strstr(result.error.text, "hunter2") ||
            strstr(result.error.text, "4711"))
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i][0], result.error.text);
        pool_free(result.pool);
    }
}

/* Bytes that no C string holds. */
TEST(any_bytes)
{
    struct templates_result result = templates_run_in(
        LIMIT_TEMPLATE_MEMORY, SPAN_LITERAL("a\0b\xff{{\"\xff\"}}{{`\xff\0`}}"), SPAN_LITERAL("1"));
    CHECK_EQ_INT(result.r, 0);
    CHECK(span_equal(result.output, SPAN_LITERAL("a\0b\xff\xef\xbf\xbd\xff\0")));
    pool_free(result.pool);
    result = templates_run_in(LIMIT_TEMPLATE_MEMORY, SPAN_LITERAL("{{\0}}"), SPAN_LITERAL("1"));
    CHECK_EQ_INT(result.r, -EINVAL);
    pool_free(result.pool);
}

/* The room behind a list's items, as Go has it: slice may reach there. */
TEST(room_in_lists)
{
    char *to = repeat(json, "[0", 1);
    repeat(repeat(to, ",0", 1535), "]", 1);
    check_output("{{len (slice . 0 2560)}}", json, "2560");
    check_output("{{slice . 0 2561}}", json, NULL);
    check_output("{{index (slice . 0 1540) 1539}}", json, "<no value>");
    CHECK_EQ_INT(capacity_of(0), 0);
    CHECK_EQ_INT(capacity_of(567296), 567296);
    CHECK_EQ_INT(capacity_of(567297), 567297);
}

/* What one execution leaves behind, a failed one too, the next does not see. */
TEST(parsed_once_executed_often)
{
    static const char *const rows[][2] = {
        {"{\"l\":[1,2],\"s\":{\"x\":\"a\"}}", "00112a"},
        {"{\"l\":[1,2],\"s\":\"no map\"}", NULL},
        {"{\"l\":[],\"s\":{\"x\":\"b\"}}", "0b"},
        {"{\"l\":[1,2],\"s\":{\"x\":\"a\"}}", "00112a"},
    };
    struct pool *kept = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct engine engine;
    struct error error = {""};
    const struct span source = SPAN_LITERAL("{{$n := 0}}{{$n}}{{range $i, $v := .l}}{{$n = $v}}"
                                            "{{template \"t\" $i}}{{$n}}{{end}}{{.s.x}}"
                                            "{{define \"t\"}}{{.}}{{end}}");
    CHECK_EQ_INT(engine_parse(source, kept, &engine, &error), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
        struct value data;
        size_t at;
        CHECK_EQ_INT(value_json_read(span_of(rows[i][0]), pool, &data, &at), 0);
        CHECK_EQ_INT(engine_execute(&engine, &data, pool, &out, &error), rows[i][1] ? 0 : -EINVAL);
        text_byte(&out, '\0');
        if (rows[i][1])
            CHECK_STR(out.data, rows[i][1]);
        pool_free(pool);
    }
    pool_free(kept);
}

CHECK_MAIN
