/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: out of a stream in any pieces, and what they say. */
#include "tests/unit/check.h"

#include "client/event.h"
#include "client/event_stream.h"
#include "client/flat.h"
#include "limits.h"

#include <errno.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TIMES "\"created\":\"2026-11-24T20:15:30Z\",\"updated\":\"2026-11-24T21:02:11Z\""

static struct event_stream *stream_new(void)
{
    struct event_stream *stream = NULL;
    CHECK_EQ_INT(event_stream_new(&stream), 0);
    return stream;
}

/* All events of TEXT, fed SIZE bytes at a time, as "id/type/data;"; or what is wrong. */
static const char *events_of(const char *text, size_t length, size_t size)
{
    static char said[4096];
    struct event_stream *stream = stream_new();
    const struct event_stream_event *event;
    const char *wrong = NULL;
    size_t used = 0;
    said[0] = '\0';
    for (size_t at = 0; at < length;) {
        size_t piece = length - at < size ? length - at : size;
        ssize_t n = event_stream_feed(stream, text + at, piece, &event, &wrong);
        if (n < 0) {
            CHECK_EQ_INT(n, -EPROTO);
            snprintf(said, sizeof said, "%s", wrong);
            CHECK_EQ_INT(event_stream_feed(stream, "\n", 1, &event, &wrong), -EPROTO);
            break;
        }
        CHECK(n > 0 && !wrong);
        at += (size_t)n;
        if (!event)
            continue;
        CHECK_EQ_INT(event->data[event->length], 0);
        used += (size_t)snprintf(said + used, sizeof said - used, "%s/%s/%s;", event->id,
                                 event->type, event->data);
    }
    event_stream_free(stream);
    return said;
}

static void check_events(const char *text, const char *expected)
{
    for (size_t size = 1; size <= strlen(text); size++)
        CHECK_STR(events_of(text, strlen(text), size), expected);
}

TEST(events_come_out_of_any_pieces)
{
    check_events("id: 1\nevent: a\ndata: x\n\nid: 2\nevent: b\ndata: y\n\n", "1/a/x;2/b/y;");
    check_events("id: 1\r\nevent: a\r\ndata: x\r\n\r\ndata:y\r\n\r\n", "1/a/x;//y;");
    check_events(": still here\n\n\nid: 1\nevent: a\n: here\ndata: {\"a\": 1}\n\n",
                 "1/a/{\"a\": 1};");
    check_events("data\n\ndata:\n\ndata:  two\n\n", "//;//;// two;");
}

TEST(an_event_that_is_not_whole_is_none)
{
    check_events("id: 1\ndata: x\n", "");
    check_events("id: 1\ndata: x\n\nid: 2\ndata: y", "1//x;");
    check_events("id: 7\nevent: a\n\ndata: x\n\n",
                 "//x;"); /* without data none, nor a rest of it */
}

TEST(fields_of_other_names_are_for_others)
{
    check_events("retry: 10\nids: 1\ni: 2\nDATA: no\ndata: x\n\n", "//x;");
}

TEST(what_the_daemon_never_writes_is_refused)
{
    const char *const controls = "has a control character";
    CHECK_STR(events_of("data: a\tb\n", 10, 10), controls);
    CHECK_STR(events_of("data: a\0b\n", 10, 3), controls);
    check_events("data: a\rdata: b\n\n", controls);
    check_events("data: a\r\r\n", controls);
    check_events("data: a\ndata: b\n\n", "has an event with two lines of data");
    check_events("id: a\nid: b\n\n", "has an event with two ids or too long a one");
    check_events("event: a\nevent: b\n\n", "has an event with two types or too long a one");
    check_events("event: 01234567890123456789012345678901\n",
                 "has an event with two types or too long a one");
}

TEST(a_line_has_a_bound_and_reaches_it)
{
    static char piece[65536];
    struct event_stream *stream = stream_new();
    const struct event_stream_event *event;
    const char *wrong = NULL;
    memset(piece, 'x', sizeof piece);
    CHECK_EQ_INT(event_stream_feed(stream, "data: ", 6, &event, &wrong), 6);
    size_t fed = 6;
    while (fed + sizeof piece <= LIMIT_EVENT_LINE)
        fed += (size_t)event_stream_feed(stream, piece, sizeof piece, &event, &wrong);
    CHECK(event_stream_feed(stream, piece, LIMIT_EVENT_LINE - fed, &event, &wrong) >= 0);
    CHECK_EQ_INT(event_stream_feed(stream, "\n\n", 2, &event, &wrong), 2);
    CHECK(event && event->length == LIMIT_EVENT_LINE - 6);
    while (!wrong)
        event_stream_feed(stream, piece, sizeof piece, &event, &wrong);
    CHECK_STR(wrong, "has too long a line");
    event_stream_reset(stream);
    CHECK_EQ_INT(event_stream_feed(stream, "data: y\n\n", 9, &event, &wrong), 9);
    CHECK(!wrong && event && strcmp(event->data, "y") == 0);
    event_stream_free(stream);
    event_stream_free(NULL);
}

/* ---- flat JSON ------------------------------------------------------------------------------- */

/* Member "a" of JSON in a buffer of exactly its size, or "!" and what is wrong; "-" when absent. */
static const char *a_of(const char *json)
{
    static char said[256];
    struct flat_text text = {.name = "a"};
    size_t length = strlen(json);
    char *copy = malloc(length);
    CHECK(copy != NULL || !length);
    memcpy(copy, json, length);
    const char *wrong = flat_read(copy, length, &text, 1);
    snprintf(said, sizeof said, "%s%s", wrong ? "!" : "",
             wrong       ? wrong
             : text.text ? text.text
                         : "-");
    if (!wrong && text.text)
        CHECK_EQ_INT(text.text[text.length], 0);
    free(copy);
    return said;
}

TEST(texts_are_decoded_in_place)
{
    CHECK_STR(a_of("{\"a\":\"x\"}"), "x");
    CHECK_STR(a_of(" { \"b\" : -1.5e3 , \"a\" : \"\" , \"c\" : null } "), "");
    CHECK_STR(a_of("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"), "\"\\/\b\f\n\r\t");
    CHECK_STR(a_of("{\"\\u0061\":\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"}"),
              "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    CHECK_STR(a_of("{}"), "-");
    CHECK_STR(a_of("{\"a\":1,\"b\":\"x\"}"), "-");
    struct flat_text nul = {.name = "a"};
    char json[] = "{\"a\":\"x\\u0000y\"}";
    CHECK(!flat_read(json, strlen(json), &nul, 1));
    CHECK_EQ_INT(nul.length, 3);
    CHECK_MEM(nul.text, "x\0y", 4);
}

TEST(malformed_json_is_refused)
{
    static const char *const cases[] = {
        "",
        "[]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":\"x",
        "{\"a\":\"x\"",
        "{\"a\":\"x\",}",
        "{\"a\":\"x\"}{",
        "{\"a\":{}}",
        "{\"b\":[]}",
        "{\"a\":\"\\",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\ud83d\"}",
        "{\"a\":\"\\ud83dx\"}",
        "{\"a\":\"\\ud83d\\u0041\"}",
        "{\"a\":\"\\ude00\"}",
        "{\"a\":\"x\ny\"}",
        "{\"a\":\"x\",\"a\":\"y\"}",
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (a_of(cases[i])[0] != '!')
            CHECK_STR(cases[i], "refused");
}

/* ---- what events say ------------------------------------------------------------------------- */

static vsecm_result read_event(const char *id, const char *type, const char *json, vsecm_event *ret,
                               const char **wrong)
{
    static char data[4096];
    size_t length = strlen(json);
    memcpy(data, json, length + 1);
    const struct event_stream_event from = {id, type, data, length};
    return event_read(&from, ret, wrong);
}

static void check_value(const char *json, const char *value, size_t length)
{
    vsecm_event event;
    const char *wrong;
    CHECK_EQ_INT(read_event("12.00ab", "secret", json, &event, &wrong), VSECM_OK);
    CHECK_STR(event.id, "12.00ab");
    CHECK_EQ_INT(event.absence, VSECM_PRESENT);
    CHECK_EQ_INT(event.secret.version, 12);
    CHECK_STR(event.secret.created, "2026-11-24T20:15:30Z");
    CHECK_STR(event.secret.updated, "2026-11-24T21:02:11Z");
    CHECK_EQ_INT(event.secret.length, length);
    CHECK_MEM(event.secret.data, value, length + 1);
    vsecm_secret_clear(&event.secret);
}

TEST(a_secret_is_read)
{
    check_value("{\"data\":\"hunter2\"," TIMES "}", "hunter2", 7);
    check_value("{\"data\":\"\"," TIMES "}", "", 0);
    check_value("{\"data\":\"AP8=\",\"encoding\":\"base64\"," TIMES "}", "\0\xff", 2);
    check_value("{" TIMES ",\"data\":\"a\\u0000b\",\"more\":1}", "a\0b", 3);
}

TEST(an_absence_is_read)
{
    static const struct {
        const char *json;
        vsecm_absence absence;
    } cases[] = {
        {"{\"reason\":\"no-secret\",\"message\":\"none\\u001b[m\"}", VSECM_NO_SECRET},
        {"{\"reason\":\"not-yet\",\"message\":\"none\\u001b[m\"}", VSECM_NOT_YET},
        {"{\"reason\":\"expired\",\"message\":\"none\\u001b[m\"}", VSECM_HAS_EXPIRED},
    };
    vsecm_event event;
    const char *wrong;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_EQ_INT(read_event("0", "absent", cases[i].json, &event, &wrong), VSECM_OK);
        CHECK_EQ_INT(event.absence, cases[i].absence);
        CHECK_STR(event.message, "none?[m");
        CHECK(!event.secret.data);
    }
}

TEST(events_that_make_no_sense_are_refused)
{
    static const struct {
        const char *id, *type, *json;
    } cases[] = {
        {"", "secret", "{\"data\":\"x\"," TIMES "}"},
        {"0", "secret", "{\"data\":\"x\"," TIMES "}"},
        {"x.1", "secret", "{\"data\":\"x\"," TIMES "}"},
        {"0.1", "secret", "{\"data\":\"x\"," TIMES "}"},
        {"1234567890123456789.1", "secret", "{\"data\":\"x\"," TIMES "}"},
        {"1.1", "secret", "{\"data\":1," TIMES "}"},
        {"1.1", "secret", "{\"data\":\"x\",\"created\":\"2026-11-24T20:15:30Z\"}"},
        {"1.1", "secret", "{\"data\":\"x\",\"created\":\"now\",\"updated\":\"2026\"}"},
        {"1.1", "secret", "{\"data\":\"x=\",\"encoding\":\"base64\"," TIMES "}"},
        {"1.1", "secret", "{\"data\":\"x\",\"encoding\":\"rot13\"," TIMES "}"},
        {"1.1", "secret", "hunter2"},
        {"0", "absent", "{\"reason\":\"lost\",\"message\":\"\"}"},
        {"0", "absent", "{}"},
        {"0", "absent", "[]"},
    };
    vsecm_event event;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *wrong = NULL;
        if (read_event(cases[i].id, cases[i].type, cases[i].json, &event, &wrong) != VSECM_PROTOCOL)
            CHECK_STR(cases[i].json, "refused");
        CHECK(wrong != NULL);
    }
}

CHECK_MAIN
