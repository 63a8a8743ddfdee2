/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/record.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "store/json.h"
#include "tests/unit/arenas.h"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */
#define SECOND INT64_C(1000000)

static struct arena *arena;

static void begin(void)
{
    arena = arenas_new(8 * ARENA_MIB);
    json_use(arena);
}

static void end(void)
{
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    json_use(NULL);
    arenas_done(arena);
}

static struct record record_of(struct span value)
{
    return (struct record){.op = RECORD_PUT,
                           .sequence = 17,
                           .version = 3,
                           .created_us = T0,
                           .updated_us = T0 + SECOND,
                           .validity = {T0 + 2 * SECOND, VALIDITY_NEVER},
                           .key = SPAN_LITERAL("shop/web"),
                           .value = value};
}

static void check_same(const struct record *a, const struct record *b)
{
    CHECK(a->op == b->op && a->sequence == b->sequence && a->version == b->version);
    CHECK(a->created_us == b->created_us && a->updated_us == b->updated_us);
    CHECK(a->validity.not_before_us == b->validity.not_before_us);
    CHECK(a->validity.expires_us == b->validity.expires_us);
    CHECK(span_equal(a->key, b->key));
    CHECK(span_equal(a->value, b->value));
    CHECK_EQ_INT(a->adopts, b->adopts);
}

/* The payload of RECORD, read again; how many bytes it has. */
static size_t round_trip(const struct record *record)
{
    struct record back;
    struct error error = {""};
    struct writer w = {0};
    record_write(&w, record);
    size_t size = w.needed;
    char *text = malloc(size);
    w = writer_on(text, size);
    record_write(&w, record);
    if (record_read((struct span){text, w.used}, arena, &back, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    check_same(record, &back);
    record_done(arena, &back);
    free(text);
    return size;
}

TEST(payload)
{
    char text[512];
    struct record record = record_of(SPAN_LITERAL("say \"x\""));
    struct writer w = writer_on(text, sizeof text - 1);
    record_write(&w, &record);
    text[w.used] = '\0';
    CHECK_STR(text, "{\"v\":1,\"op\":\"put\",\"sequence\":17,\"namespace\":\"shop\","
                    "\"workload\":\"web\",\"version\":3,"
                    "\"created\":\"2026-11-24T20:15:30.123456Z\","
                    "\"updated\":\"2026-11-24T20:15:31.123456Z\","
                    "\"notBefore\":\"2026-11-24T20:15:32.123456Z\",\"expires\":\"never\","
                    "\"value\":\"say \\\"x\\\"\"}");
}

TEST(values_come_back)
{
    static const struct span values[] = {
        SPAN_LITERAL("x"),    SPAN_LITERAL("{\"a\":1}"), SPAN_LITERAL("two\nlines\r\n\t"),
        SPAN_LITERAL("a\0b"), SPAN_LITERAL("\xff\xfe"),  SPAN_LITERAL("\xc3\xa4 \x7f \\ /"),
    };
    begin();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct record record = record_of(values[i]);
        round_trip(&record);
    }
    struct record export = record_of(SPAN_LITERAL("v"));
    export.key = SPAN_LITERAL("shop/k8s.tls.example.com");
    size_t plain = round_trip(&export);
    export.adopts = 1;
    CHECK_EQ_INT(round_trip(&export), plain + strlen(",\"adopt\":true"));
    struct record gone = record_of((struct span){NULL, 0});
    gone.op = RECORD_EXPIRE;
    round_trip(&gone);
    gone.op = RECORD_DELETE;
    round_trip(&gone);
    end();
}

/* Whatever a largest value is made of, its record is no longer than a log takes. */
TEST(largest_values)
{
    static const char fills[] = {'x', '"', '\x01', '\0', '\xff', '\n'};
    char *value = malloc(LIMIT_VALUE);
    begin();
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(value, fills[i], LIMIT_VALUE);
        struct record record = record_of((struct span){value, LIMIT_VALUE});
        CHECK(round_trip(&record) <= LIMIT_VALUE + LIMIT_VALUE / 2 + 1024);
    }
    free(value);
    end();
}

#define NAMES "\"sequence\":1,\"namespace\":\"a\",\"workload\":\"b\",\"version\":1,"
#define TIMES                                                                    \
    "\"created\":\"2026-11-24T20:15:30Z\",\"updated\":\"2026-11-24T20:15:30Z\"," \
    "\"notBefore\":\"now\",\"expires\":\"never\""
#define GOOD "{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"value\":\"x\"}"

TEST(refusals)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "cannot be read"},
        {"[]", "must be a JSON object"},
        {"{}", "'v'"},
        {"{\"v\":2,\"op\":\"put\"," NAMES TIMES ",\"value\":\"x\"}", "newer program"},
        {"{\"v\":1,\"op\":\"steal\"," NAMES TIMES ",\"value\":\"x\"}", "'op'"},
        {"{\"v\":1,\"op\":\"put\",\"sequence\":-1,\"namespace\":\"a\"}", "'sequence'"},
        {"{\"v\":1,\"op\":\"put\",\"sequence\":1.5,\"namespace\":\"a\"}", "'sequence'"},
        {"{\"v\":1,\"op\":\"put\",\"sequence\":1e300,\"namespace\":\"a\"}", "'sequence'"},
        {"{\"v\":1,\"op\":\"put\",\"sequence\":1,\"namespace\":\"A\",\"workload\":\"b\"}",
         "'namespace'"},
        {"{\"v\":1,\"op\":\"put\",\"sequence\":1,\"namespace\":\"a/b\",\"workload\":\"c\"}",
         "'namespace'"},
        {"{\"v\":1,\"op\":\"put\",\"sequence\":1,\"namespace\":\"a\",\"workload\":\"b\","
         "\"version\":0," TIMES ",\"value\":\"x\"}",
         "'version'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES "\"created\":\"today\"}", "'created'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES "\"created\":\"2026-11-24T20:15:30Z\","
         "\"updated\":\"2026-11-24T20:15:30Z\",\"notBefore\":\"+1d\"}",
         "'notBefore'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES "}", "'value'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"value\":\"\"}", "'value'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"value\":5}", "'value'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"adopt\":true,\"value\":\"x\"}", "'adopt'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"adopt\":1,\"value\":\"x\"}", "'adopt'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"encoding\":\"hex\",\"value\":\"00\"}",
         "'encoding'"},
        {"{\"v\":1,\"op\":\"put\"," NAMES TIMES ",\"encoding\":\"base64\",\"value\":\"0\"}",
         "base64"},
    };
    struct record record;
    begin();
    CHECK_EQ_INT(record_read(span_of(GOOD), arena, &record, NULL), 0);
    record_done(arena, &record);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {""};
        CHECK_EQ_INT(record_read(span_of(rows[i].text), arena, &record, &error), -EINVAL);
        if (!strstr(error.text, rows[i].says))
            check_fail(__FILE__, __LINE__, "%s: %s", rows[i].text, error.text);
    }
    end();
}

/* Every claim of a label counts. */
TEST(mismatches)
{
    struct record sealed = record_of(SPAN_LITERAL("v"));
    struct label label = record_label(&sealed);
    CHECK(record_matches(&sealed, &label, 17));
    CHECK(!record_matches(&sealed, &label, 18));
    label.op = RECORD_EXPIRE;
    CHECK(!record_matches(&sealed, &label, 17));
    label = record_label(&sealed);
    label.key = SPAN_LITERAL("shop/wed");
    CHECK(!record_matches(&sealed, &label, 17));
    label = record_label(&sealed);
    label.version++;
    CHECK(!record_matches(&sealed, &label, 17));
    label = record_label(&sealed);
    label.updated_us++;
    CHECK(!record_matches(&sealed, &label, 17));
    label = record_label(&sealed);
    label.validity.not_before_us++;
    CHECK(!record_matches(&sealed, &label, 17));
    label = record_label(&sealed);
    label.validity.expires_us--;
    CHECK(!record_matches(&sealed, &label, 17));
}

CHECK_MAIN
