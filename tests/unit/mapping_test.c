/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/mapping.h"

#include <errno.h>

#include "base/error.h"
#include "crypto/secret.h"
#include "limits.h"
#include "tests/unit/arenas.h"
#include "tests/unit/check.h"

static struct arena *arena;
static struct error why;

static int make(struct span value, const char *template, struct secret **ret)
{
    return mapping_make(arena, value, span_of(template), ret, &why);
}

#define USER_PASS "{\"username\":\"admin\",\"password\":\"VSecMRocks\"}"
#define USER_PASS_64 "eyJ1c2VybmFtZSI6ImFkbWluIiwicGFzc3dvcmQiOiJWU2VjTVJvY2tzIn0="

static const struct {
    const char *value, *template, *data, *why;
} rows[] = {
    {"", "", "{}", ""},
    {"", "{\"A\":\"a\"}", "{}", ""},
    {USER_PASS, "", "{\"password\":\"VlNlY01Sb2Nrcw==\",\"username\":\"YWRtaW4=\"}", ""},
    {"{}", "", "{}", ""},
    {" {\"a\":\"\"} ", "", "{\"a\":\"\"}", ""},
    {"plain", "", "{\"VALUE\":\"cGxhaW4=\"}", ""},
    {"[\"a\"]", "", "{\"VALUE\":\"WyJhIl0=\"}", ""},
    {"\"a\"", "", "{\"VALUE\":\"ImEi\"}", ""},
    {"{\"a\":1}", "", "{\"VALUE\":\"eyJhIjoxfQ==\"}", ""},
    {"{\"a\":\"x\",\"b\":{\"c\":\"d\"}}", "", "{\"VALUE\":\"eyJhIjoieCIsImIiOnsiYyI6ImQifX0=\"}",
     ""},
    {"{\"a\":null}", "", "{\"VALUE\":\"eyJhIjpudWxsfQ==\"}", ""},
    {"{\"a\":\"x\",\"a\":\"y\"}", "", "{\"a\":\"eQ==\"}", ""},
    {"{\"a\":\"x\"", "", "{\"VALUE\":\"eyJhIjoieCI=\"}", ""},
    {"{\"tls.crt\":\"x\",\"A_b-9\":\"y\"}", "", "{\"A_b-9\":\"eQ==\",\"tls.crt\":\"eA==\"}", ""},
    /* with a template */
    {USER_PASS, "{\"USER\":\"{{.username}}\", \"PASS\":\"{{.password}}\"}",
     "{\"PASS\":\"VlNlY01Sb2Nrcw==\",\"USER\":\"YWRtaW4=\"}", ""},
    {"{\"a\":\"x,y\",\"n\":{\"b\":\"c\"}}", "{\"A\":\"{{.a}}\",\"B\":\"{{.n.b}}\"}",
     "{\"A\":\"eCx5\",\"B\":\"Yw==\"}", ""},
    {USER_PASS, "\"USER\":\"{{.username}}\"", "{\"VALUE\":\"" USER_PASS_64 "\"}", "no JSON object"},
    {USER_PASS, "{\"USER\":5}", "{\"VALUE\":\"" USER_PASS_64 "\"}", "no JSON object of strings"},
    {USER_PASS, "{\"P\":\"{{.password-1}}\"}", "{\"VALUE\":\"" USER_PASS_64 "\"}",
     "unexpected character in a name"},
    {USER_PASS, "{\"P\":\"{{.username .password}}\"}", "{\"VALUE\":\"" USER_PASS_64 "\"}",
     "username"},
    {"plain", "{\"A\":\"{{.a}}\"}", "{\"VALUE\":\"cGxhaW4=\"}", "no JSON object"},
    /* what would be taken for base64 is not guessed at */
    {"{\"a\":\"aGk=\"}", "{{", "{\"VALUE\":\"eyJhIjoiYUdrPSJ9\"}", "expected }}"},
};

TEST(vectors)
{
    arena = arenas_new(32ul << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret *data;
        CHECK_EQ_INT(make(span_of(rows[i].value), rows[i].template, &data), 0);
        if (!span_is((struct span){data->data, data->length}, rows[i].data))
            check_fail(__FILE__, __LINE__, "row %zu: %.*s, not %s", i, (int)data->length,
                       data->data, rows[i].data);
        if (!strstr(why.text, rows[i].why) || !rows[i].why[0] != !why.text[0])
            check_fail(__FILE__, __LINE__, "row %zu says '%s'", i, why.text);
        CHECK(arena_owns(arena, data->data));
        secret_unref(data);
        CHECK_EQ_INT(arenas_blocks(arena), 0);
    }
    arenas_done(arena);
}

/* Any bytes may be a value. */
TEST(no_text)
{
    struct secret *data;
    arena = arenas_new(32ul << 20);
    CHECK_EQ_INT(make((struct span){"\0\xff", 2}, "", &data), 0);
    CHECK(span_is((struct span){data->data, data->length}, "{\"VALUE\":\"AP8=\"}"));
    secret_unref(data);
    arenas_done(arena);
}

TEST(names)
{
    static const char *const bad[] = {"",    ".",        "..",      "..a", "a/b",
                                      "a b", "a\\u0000", "\\u00e9", "a\\n"};
    char text[512];
    struct secret *data;
    arena = arenas_new(32ul << 20);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "{\"good\":\"x\",\"%s\":\"hunter2\"}", bad[i]);
        if (make(span_of(text), "", &data) != -EINVAL)
            check_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
        CHECK(strstr(why.text, "no key of a Kubernetes Secret") && !strstr(why.text, "hunter2"));
    }
    char name[LIMIT_DNS_SUBDOMAIN + 2];
    memset(name, 'k', sizeof name);
    snprintf(text, sizeof text, "{\"%.*s\":\"x\"}", (int)LIMIT_DNS_SUBDOMAIN, name);
    CHECK_EQ_INT(mapping_check(arena, span_of(text), span_of(""), &why), 0);
    snprintf(text, sizeof text, "{\"%.*s\":\"x\"}", (int)LIMIT_DNS_SUBDOMAIN + 1, name);
    CHECK_EQ_INT(mapping_check(arena, span_of(text), span_of(""), &why), -EINVAL);
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    arenas_done(arena);
}

/* As much as Kubernetes takes, and no more; a largest value fits by itself. */
TEST(sizes)
{
    enum { TWICE = 2 * LIMIT_EXPORT + 64 };
    char *text = malloc(TWICE);
    struct secret *data;
    arena = arenas_new(64ul << 20);
    memset(text, 'x', TWICE);
    CHECK_EQ_INT(make((struct span){text, LIMIT_VALUE}, "", &data), 0);
    CHECK(data->length <= LIMIT_WIRE_EXPORT);
    secret_unref(data);
    CHECK_EQ_INT(make((struct span){text, LIMIT_EXPORT + 1}, "", &data), -EFBIG);
    CHECK(strstr(why.text, "1048577 bytes; a Kubernetes Secret takes 1048576"));
    /* A template can make more of it than it was. */
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + 6 + LIMIT_EXPORT / 2, "\"}", 2);
    struct span half = {text, 8 + LIMIT_EXPORT / 2};
    CHECK_EQ_INT(make(half, "{\"a\":\"{{.a}}\"}", &data), 0);
    secret_unref(data);
    CHECK_EQ_INT(make(half, "{\"a\":\"{{.a}}{{.a}}{{.a}}\"}", &data), 0);
    CHECK(why.text[0]);
    secret_unref(data);
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    arenas_done(arena);
    free(text);
}

TEST(no_memory)
{
    struct secret *data;
    arena = arenas_new(64ul << 10);
    char text[32768];
    memset(text, 'x', sizeof text);
    CHECK_EQ_INT(make((struct span){text, sizeof text}, "", &data), -ENOSPC);
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    arenas_done(arena);
}

CHECK_MAIN
