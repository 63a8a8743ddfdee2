/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/shape.h"

#include <errno.h>

#include "crypto/secret.h"
#include "store/record.h"
#include "store/store.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */
#define VALUE "{\"user\":\"admin\",\"pass\":\"x,y\"}"

static struct stores stores;

static int put(const char *template, const char *format, int64_t now_us)
{
    struct span name = SPAN_LITERAL("a/b");
    struct change_conflict conflict;
    uint64_t ticket;
    const struct change_put put = {.value = SPAN_LITERAL(VALUE),
                                   .template = span_of(template),
                                   .format = span_of(format),
                                   .validity = VALIDITY_ALWAYS,
                                   .if_version = CHANGE_ANY_VERSION};
    return change_put(stores.store, &name, 1, &put, now_us, &ticket, &conflict);
}

static void check_served(const char *expected)
{
    const struct store_version *version = store_find(stores.store, SPAN_LITERAL("a/b"));
    if (!version || !span_is(version->value, expected))
        check_fail(__FILE__, __LINE__, "not '%s'", expected);
}

TEST(what_a_workload_gets)
{
    static const struct {
        const char *template, *format, *served;
    } rows[] = {
        {"", "", VALUE},
        {"", "json", VALUE},
        {"", "raw", VALUE},
        {"", "yaml", "pass: x,y\nuser: admin\n"},
        {"{\"U\":\"{{.user}}\"}", "", "{\"U\":\"admin\"}"},
        {"{\"U\":\"{{.user}}\"}", "yaml", "U: admin\n"},
        {"{{.pass}}", "raw", "x,y"},
        {"{{.pass}}", "json", VALUE},
        {"{{.pass", "raw", VALUE},
        {"{{.user.name}}", "raw", VALUE},
        {"{{range 100000000}}x{{end}}", "raw", VALUE}, /* meets a limit */
    };
    memset(&stores, 0, sizeof stores);
    stores_begin(&stores, 64 * ARENA_MIB, 10, 10);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ_INT(put(rows[i].template, rows[i].format, T0 + (int64_t)i), 0);
        check_served(rows[i].served);
    }
    stores_end(&stores);
}

/* What is kept is the value and its template; the shape is made anew. */
TEST(shape_outlives_the_store)
{
    struct record record;
    memset(&stores, 0, sizeof stores);
    stores_begin(&stores, 16 * ARENA_MIB, 10, 10);
    CHECK_EQ_INT(put("{\"U\":\"{{.user}}\"}", "yaml", T0), 0);
    stores_close(&stores);
    CHECK_EQ_INT(stores_open(&stores, 10, 10, T0), 0);
    check_served("U: admin\n");
    CHECK_EQ_INT(store_read(stores.store, SPAN_LITERAL("a/b"), 0, T0, &record), 0);
    CHECK(span_is(record.value, VALUE) && span_is(record.format, "yaml"));
    CHECK(span_is(record.template, "{\"U\":\"{{.user}}\"}"));
    record_done(stores.arena, &record);
    stores_end(&stores);
}

TEST(reasons)
{
    struct error why;
    struct secret *shaped;
    struct arena *arena = arenas_new(16 * ARENA_MIB);
    CHECK_EQ_INT(shape_value(arena, SPAN_LITERAL(VALUE), SPAN_LITERAL("{{.user}}"),
                             SPAN_LITERAL("raw"), &shaped, &why),
                 0);
    CHECK(why.text[0] == '\0' && shaped->length == 5);
    secret_unref(shaped);
    CHECK_EQ_INT(shape_value(arena, SPAN_LITERAL(VALUE), SPAN_LITERAL("{{.user"),
                             SPAN_LITERAL("raw"), &shaped, &why),
                 0);
    CHECK(strstr(why.text, "1:") != NULL && !strstr(why.text, "admin"));
    secret_unref(shaped);
    CHECK(shape_is_format(SPAN_LITERAL("yaml")) && !shape_is_format(SPAN_LITERAL("RAML")));
    arenas_done(arena);
}

CHECK_MAIN
