/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of `vectors` are what the original does, row by row; those of `deviations` are what it
 * would do otherwise, and docs/TEMPLATES.md says why.
 */
#include "template/transform.h"

#include <errno.h>

#include "base/error.h"
#include "template/text.h"
#include "tests/unit/check.h"
#include "tests/unit/pools.h"

#define JSON TRANSFORM_JSON
#define YAML TRANSFORM_YAML
#define RAW TRANSFORM_RAW

#define ADMIN "{\"username\": \"admin\", \"password\": \"VSecMRocks!\"}"
#define USER_PASS "{\"USER\":\"{{.username}}\", \"PASS\":\"{{.password}}\"}"
#define USR_PWD "{\"USR\":\"{{.username}}\", \"PWD\":\"{{.password}}\"}"
#define SECRET "{\"pass\":\"secret\"}"
#define PASS_JSON "{\"PASS\":\"{{.pass}}\"}"
#define PASS_TEXT "\"PASS\":\"{{.pass}}\""

struct row {
    const char *value, *template;
    enum transform_format format;
    const char *result;
};

static struct error error;

/* The result, to be freed, or NULL. */
static char *shape(const char *value, const char *template, enum transform_format format)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    int r = transform(span_of(value), span_of(template), format, pool, &out, &error);
    char *ret = r ? NULL : strndup(text_all(&out).data, out.used);
    pool_free(pool);
    return ret;
}

static char *shape_strictly(const char *value, const char *template)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    int r = transform_strict(span_of(value), span_of(template), pool, &out, &error);
    char *ret = r ? NULL : strndup(text_all(&out).data, out.used);
    CHECK(r == 0 || r == -EINVAL);
    CHECK((r == 0) == (error.text[0] == '\0'));
    pool_free(pool);
    return ret;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *result = shape(rows[i].value, rows[i].template, rows[i].format);
        if (!result || strcmp(result, rows[i].result) != 0)
            check_fail(__FILE__, __LINE__, "%s and %s make %s, not %s", rows[i].value,
                       rows[i].template, result ? result : error.text, rows[i].result);
        free(result);
    }
}

TEST(vectors)
{
    static const struct row rows[] = {
        {"{\"username\":\"admin\",\"password\":\"VSecMRocks\"}", USER_PASS, RAW,
         "{\"USER\":\"admin\", \"PASS\":\"VSecMRocks\"}"},
        {"{username}", USER_PASS, RAW, "{username}"},
        {ADMIN, "{\"USER\":\"{{}}\", \"PASS\":\"{{.password}}\"}", RAW, ADMIN},
        {SECRET, PASS_TEXT, YAML, "\"PASS\":\"secret\""},
        {SECRET, PASS_JSON, JSON, "{\"PASS\":\"secret\"}"},
        {SECRET, PASS_TEXT, JSON, SECRET},
        {"\"pass\":\"secret\"", PASS_JSON, JSON, "\"pass\":\"secret\""},
        {"\"pass\":\"secret\"", PASS_TEXT, JSON, "\"pass\":\"secret\""},
        {"\"pass\":\"secret\"", PASS_JSON, YAML, "\"pass\":\"secret\""},
        {"\"pass\":\"secret\"", PASS_TEXT, YAML, "\"pass\":\"secret\""},
        {SECRET, PASS_JSON, YAML, "PASS: secret\n"},
        {"This is a raw text", "", RAW, "This is a raw text"},
        {"{\"raw-key\":\"raw-value\"}", "", RAW, "{\"raw-key\":\"raw-value\"}"},
        {"{\"pass\"\"secret\"}", PASS_JSON, JSON, "{\"pass\"\"secret\"}"},
        {ADMIN, "", JSON, ADMIN},
        {ADMIN, "", YAML, "password: VSecMRocks!\nusername: admin\n"},
        {"{username\": \"admin\",", USR_PWD, JSON, "{username\": \"admin\","},
        {"{username\": \"admin\",", USR_PWD, YAML, "{username\": \"admin\","},
        {"{username\": \"admin\",", "", JSON, "{username\": \"admin\","},
        {"{username\": \"admin\",", "", YAML, "{username\": \"admin\","},
        {ADMIN, USR_PWD, JSON, "{\"USR\":\"admin\", \"PWD\":\"VSecMRocks!\"}"},
        {ADMIN, USR_PWD, YAML, "PWD: VSecMRocks!\nUSR: admin\n"},
        {ADMIN, "{USR\":\"{{.username}}\", \"PWD\":\"{{.password}}\"}", JSON, ADMIN},
        {ADMIN, "{USR\":\"{{.username}}\", \"PWD\":\"{{.password}}\"}", YAML,
         "{USR\":\"admin\", \"PWD\":\"VSecMRocks!\"}"},
        {"{\"key\":\"value\"}", "", YAML, "key: value\n"},
        {"{\"value\"}", "", YAML, "{\"value\"}"},
        {"{\"value\"}", "", JSON, "{\"value\"}"},
        {"{\"username\": \"*root*\", \"password\": \"*CasHC0w*\"}",
         "{\"USERNAME\":\"{{.username}}\", \"PASSWORD\":\"{{.password}}\"}", YAML,
         "PASSWORD: '*CasHC0w*'\nUSERNAME: '*root*'\n"},
        {"{\"username\": \"*root*\", \"password\": \"*CasHC0w*\"}",
         "{\"USERNAME\":\"*root*\", \"PASSWORD\":\"*CasHC0w*\"}", JSON,
         "{\"USERNAME\":\"*root*\", \"PASSWORD\":\"*CasHC0w*\"}"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* The original drops what stands between commas without a colon. */
TEST(deviations)
{
    static const struct row rows[] = {
        {"{\"u\":\"a,b\"}", "{\"URL\":\"{{.u}}\"}", JSON, "{\"URL\":\"a,b\"}"},
        {"{\"u\":\"a,b\"}", "{\"URL\":\"{{.u}}\"}", YAML, "URL: a,b\n"},
        {"{\"l\":[\"a\",\"b\"]}",
         "{\"L\":[{{range $i,$e := .l}}{{if $i}},{{end}}\"{{$e}}\"{{end}}]}", JSON,
         "{\"L\":[\"a\",\"b\"]}"},
        {"{\"a\":\"x\",\"b\":\"y\"}", "{{.a}},{{.b}}", RAW, "x,y"},
        {"{\"a\":\"x\"}", "hello {{.a}}", RAW, "hello x"},
        {"{\"B\":1}", "{\"A\":\"{{.a}}\", \"B\":{{.B}}}", JSON, "{\"A\":\"<no value>\", \"B\":1}"},
        {"{\"B\":1}", "{\"A\":{{.a}}, \"B\":{{.B}}}", RAW, "{\"A\":<no value>, \"B\":1}"},
        {"{\"B\":1}", "{\"A\":{{.a}}, \"B\":{{.B}}}", JSON, "{\"B\":1}"},
        {" a value \n", "", RAW, " a value \n"},
        {" a value \n", "", JSON, " a value \n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
    enum transform_format format;
    CHECK_EQ_INT(transform_format_of(SPAN_LITERAL("RAML"), &format), -EINVAL);
    CHECK_EQ_INT(transform_format_of(SPAN_LITERAL(""), &format), -EINVAL);
    CHECK_EQ_INT(transform_format_of(SPAN_LITERAL("YAML"), &format), -EINVAL);
}

TEST(formats)
{
    static const struct {
        const char *name;
        enum transform_format format;
    } rows[] = {{"json", JSON}, {"yaml", YAML}, {"raw", RAW}};
    enum transform_format format;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK(transform_format_of(span_of(rows[i].name), &format) == 0 && format == rows[i].format);
}

TEST(fall_backs)
{
    static const struct row rows[] = {
        {" {\"a\":1}\n", "", JSON, "{\"a\":1}"},
        {"{\"a\":1}", "{{if false}}x{{end}}", RAW, "{\"a\":1}"},
        {"{\"a\":1}", "{{if false}}x{{end}}", JSON, "{\"a\":1}"},
        {"{\"a\":1}", "{{if false}}x{{end}}", YAML, "{\"a\":1}"},
        {"{\"a\":1}", "{{.a.b}}", YAML, "a: 1\n"},
        {"{\"a\":1}", "{{nope}}", RAW, "{\"a\":1}"},
        {"{\"a\":1}", "[{{.a}}]", JSON, "{\"a\":1}"},
        {"{\"a\":1}", "[{{.a}}]", YAML, "[1]"},
        {"{\"a\":1}", "null", JSON, "{\"a\":1}"},
        {"[1]", "{{.}}", RAW, "[1]"},
        {"[1]", "", YAML, "[1]"},
        {"null", "", YAML, "null"},
        {"\xff\xfe", "{{.}}", JSON, "\xff\xfe"},
        {"{}", "", YAML, "{}\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* Why, when the value stays as it is; nothing when it is as was asked for. */
TEST(says_why)
{
    static const struct {
        const char *value, *template;
        enum transform_format format;
        const char *why;
    } rows[] = {
        {"{\"a\":1}", "{\"A\":{{.a}}}", JSON, NULL},
        {"text", "", JSON, NULL},
        {"text", "", RAW, NULL},
        {"text", "{{.a}}", RAW, "no JSON object"},
        {"{\"a\":1}", "{{.a}}", JSON, "what the template makes"},
        {"{\"a\":1}", "{{/* */}}", RAW, "makes nothing"},
        {"{\"a\":1}", "{{.a", RAW, "1:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        free(shape(rows[i].value, rows[i].template, rows[i].format));
        if (rows[i].why ? !strstr(error.text, rows[i].why) : error.text[0] != '\0')
            check_fail(__FILE__, __LINE__, "%s: '%s'", rows[i].template, error.text);
    }
}

TEST(there_must_be_a_value)
{
    CHECK(shape("", "", RAW) == NULL);
    CHECK(strstr(error.text, "no value") != NULL);
}

TEST(strictly)
{
    static const char *const rows[][3] = {
        {ADMIN, USER_PASS, "{\"USER\":\"admin\", \"PASS\":\"VSecMRocks!\"}"},
        {ADMIN, " {{.x}}\n", " <no value>\n"},
        {ADMIN, "", ""},
        {ADMIN, "{{if .x}}x{{end}}", ""},
        {"[1,2]", "{{len .}}", "2"},
        {"null", "{{.}}", "<no value>"},
        {"{username}", "x", NULL},
        {"", "x", NULL},
        {ADMIN, "{{.password-1}}", NULL},
        {ADMIN, "{{.USER .PASS}}", NULL},
        {ADMIN, "{{.username.x}}", NULL},
        {ADMIN, "{{", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *result = shape_strictly(rows[i][0], rows[i][1]);
        CHECK_STR(result, rows[i][2]);
        free(result);
    }
}

/* A value that is past a limit is refused: untransformed it would be a wrong answer. */
TEST(limits)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, 10);
    const struct span value = SPAN_LITERAL("{\"a\":\"0123456789\"}");
    CHECK_EQ_INT(transform(value, SPAN_LITERAL("{{.a}}{{.a}}"), RAW, pool, &out, &error), -E2BIG);
    CHECK(error.text[0] != '\0');
    out = text_in(pool, 10);
    CHECK_EQ_INT(transform(value, SPAN_LITERAL(""), YAML, pool, &out, &error), -E2BIG);
    out = text_in(pool, 10);
    CHECK_EQ_INT(transform(value, SPAN_LITERAL("{{.a}}"), RAW, pool, &out, &error), 0);
    CHECK(span_is(text_all(&out), "0123456789"));
    static char template[LIMIT_TEMPLATE + 1];
    memset(template, ' ', sizeof template);
    out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    CHECK_EQ_INT(
        transform(value, (struct span){template, sizeof template - 1}, RAW, pool, &out, &error), 0);
    CHECK_EQ_INT(out.used, sizeof template - 1);
    out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    CHECK_EQ_INT(
        transform(value, (struct span){template, sizeof template}, RAW, pool, &out, &error),
        -E2BIG);
    CHECK(strstr(error.text, "64 KiB") != NULL);
    CHECK_EQ_INT(
        transform_strict(value, (struct span){template, sizeof template}, pool, &out, &error),
        -E2BIG);
    pool_free(pool);
    pool = pools_new(8192);
    out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    CHECK_EQ_INT(transform((struct span){template, 20000}, (struct span){template, 20000}, RAW,
                           pool, &out, &error),
                 -E2BIG);
    pool_free(pool);
}

#define NUMBERS "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,"
#define MANY "{\"a\":[" NUMBERS NUMBERS NUMBERS NUMBERS NUMBERS "0]}"
#define OF_ALL_KINDS                                                                          \
    "{\"number\":1.5,\"escaped\":\"a\\tb\",\"list\":[1,[],{\"x\":null}],\"true\":\"1_000\","  \
    "\"time\":\"2001-01-01\",\"long\":\"0123456789012345678901234567890123456789\",\"e\":{}," \
    "\"lines\":\"a\\nb\\n\"}"

static const struct row of_all_kinds[] = {
    {OF_ALL_KINDS, "", YAML, NULL},
    {OF_ALL_KINDS, "", RAW, OF_ALL_KINDS},
    {OF_ALL_KINDS, "{{range $k, $v := .}}{{$k | printf \"%q\"}}{{html $v}}{{end}}", RAW, NULL},
    {OF_ALL_KINDS, "{\"a\":{{.number}},\"b\":[{{range .list}}\"{{.}}\",{{end}}0]}", JSON, NULL},
    {OF_ALL_KINDS, "{\"a\":{{.number}},\"b\":\"{{.time}}\"}", YAML, NULL},
    {"12345", "", YAML, "12345"},
    {MANY, "{{len .a}}", RAW, "101"},
};

static int shape_in(struct pool *pool, const struct row *row, int is_strict, struct text *out)
{
    *out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    const struct span value = span_of(row->value), template = span_of(row->template);
    return is_strict ? transform_strict(value, template, pool, out, &error)
                     : transform(value, template, row->format, pool, out, &error);
}

/* With ever less memory it is refused with a reason, or does what it does with plenty. */
static unsigned check_little_memory(const struct row *row, int is_strict)
{
    unsigned refused = 0;
    struct text wanted, out;
    struct pool *plenty = pools_new(LIMIT_TEMPLATE_MEMORY);
    CHECK_EQ_INT(shape_in(plenty, row, is_strict, &wanted), 0);
    if (row->result && !is_strict)
        CHECK(span_is(text_all(&wanted), row->result));
    for (size_t size = 4096; size < 40000; size += 16) {
        struct pool *pool = pools_new(size);
        int r = shape_in(pool, row, is_strict, &out);
        if (r ? r != -E2BIG : !span_equal(text_all(&out), text_all(&wanted)))
            check_fail(__FILE__, __LINE__, "'%s' in %zu bytes: %d", row->template, size, r);
        CHECK((r == 0) == (error.text[0] == '\0'));
        refused += r != 0;
        pool_free(pool);
    }
    pool_free(plenty);
    return refused;
}

TEST(little_memory)
{
    unsigned refused = 0;
    for (size_t i = 0; i < sizeof of_all_kinds / sizeof of_all_kinds[0]; i++)
        for (int is_strict = 0; is_strict <= 1; is_strict++)
            refused += check_little_memory(&of_all_kinds[i], is_strict);
    CHECK(refused > 100);
}

static void *take_some(void *context, size_t size)
{
    unsigned *left = context;
    return *left > 0 && (*left)-- > 0 ? malloc(size) : NULL;
}

/* Whichever block the source does not have. */
TEST(no_memory)
{
    for (size_t i = 0; i < sizeof of_all_kinds / sizeof of_all_kinds[0]; i++) {
        int r = -ENOSPC;
        for (unsigned blocks = 0; r; blocks++) {
            unsigned left = blocks;
            struct text out;
            struct pool *pool =
                pool_new(&(struct pool_source){take_some, pools_give, &left}, 1u << 20);
            CHECK_EQ_INT(pool == NULL, blocks == 0);
            if (!pool)
                continue;
            r = shape_in(pool, &of_all_kinds[i], 0, &out);
            CHECK(r == 0 || (r == -ENOSPC && strstr(error.text, "no memory")));
            pool_free(pool);
        }
    }
}

CHECK_MAIN
