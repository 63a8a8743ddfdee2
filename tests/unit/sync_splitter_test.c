/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/splitter.h"

#include <errno.h>

#include "limits.h"
#include "tests/unit/check.h"

#define MAX 64u

static struct splitter *splitter;
static char told[4096];

static void tell(const struct splitter_found *found)
{
    static const char *const kinds[] = {"", "O", "M", "over"};
    size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s%.*s;", kinds[found->kind],
             (int)found->text.length, found->text.data ? found->text.data : "");
}

/* Feed BYTES by calls of at most SIZE. 0 or -errno. */
static int feed_by(struct span bytes, size_t size)
{
    while (bytes.length) {
        struct splitter_found found;
        size_t piece = bytes.length < size ? bytes.length : size;
        char copy[4096]; /* nothing is read beyond */
        CHECK(piece <= sizeof copy);
        memcpy(copy, bytes.data, piece);
        ssize_t n = splitter_feed(splitter, (struct span){copy, piece}, &found);
        if (n < 0)
            return (int)n;
        CHECK(n > 0 && (size_t)n <= piece);
        if (found.kind != SPLITTER_NOTHING)
            tell(&found);
        else
            CHECK_EQ_INT(n, piece);
        bytes.data += n;
        bytes.length -= (size_t)n;
    }
    return 0;
}

static void begin(enum splitter_body body)
{
    if (!splitter)
        splitter = splitter_new(MAX);
    CHECK(splitter != NULL);
    splitter_begin(splitter, body);
    told[0] = '\0';
}

/* What comes out of TEXT, whole and however it is cut. */
static void check_out(enum splitter_body body, const char *text, const char *expected)
{
    struct span all = span_of(text);
    for (size_t size = 1; size <= all.length; size++) {
        begin(body);
        CHECK_EQ_INT(feed_by(all, size), 0);
        CHECK_STR(told, expected);
        CHECK(splitter_is_whole(splitter));
    }
    for (size_t at = 0; at <= all.length; at++) {
        begin(body);
        CHECK_EQ_INT(feed_by((struct span){text, at}, at ? at : 1), 0);
        CHECK_EQ_INT(feed_by((struct span){text + at, all.length - at}, all.length), 0);
        CHECK_STR(told, expected);
    }
}

static void check_wrong(enum splitter_body body, const char *text)
{
    struct splitter_found found;
    for (size_t size = 1; size <= strlen(text); size++) {
        begin(body);
        CHECK_EQ_INT(feed_by(span_of(text), size), -EPROTO);
        CHECK(!splitter_is_whole(splitter));
        CHECK_EQ_INT(splitter_feed(splitter, SPAN_LITERAL(" "), &found), -EPROTO);
    }
}

TEST(a_list)
{
    check_out(
        SPLITTER_LIST,
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"9\"},"
        "\"items\":[{\"a\":1},{\"b\":{\"c\":[]}}]}\n",
        "M{\"resourceVersion\":\"9\"};O{\"a\":1};O{\"b\":{\"c\":[]}};");
    check_out(SPLITTER_LIST,
              " {\n\"items\" : [ { } , {\t} ] , \"metadata\" : { } , \"x\" : null }\r\n",
              "O{ };O{\t};M{ };");
}

TEST(lists_with_nothing_in_them)
{
    check_out(SPLITTER_LIST, "{}", "");
    check_out(SPLITTER_LIST, "{\"items\":[]}", "");
    check_out(SPLITTER_LIST, "{\"items\":null,\"metadata\":{}}", "M{};");
}

TEST(only_what_stands_at_the_top_counts)
{
    check_out(SPLITTER_LIST,
              "{\"x\":{\"items\":[{}],\"metadata\":{}},\"y\":[{\"items\":[{}]}],\"items\":[{"
              "\"items\":[{}]}],"
              "\"z\":\"{\\\"items\\\":[{}]}\",\"n\":-1.5e+3,\"t\":true}",
              "O{\"items\":[{}]};");
    check_out(
        SPLITTER_LIST,
        "{\"metadata\":[{}],\"itemsitemsitemsitems\":[{}],\"ite\\u006ds\":[{}],\"item\":[{}]}", "");
}

TEST(strings_hide_what_is_in_them)
{
    check_out(SPLITTER_LIST, "{\"items\":[{\"a\":\"}]\\\"{[\\\\\"},{\"\\\\\\\"}\":\"\\u0022}\"}]}",
              "O{\"a\":\"}]\\\"{[\\\\\"};O{\"\\\\\\\"}\":\"\\u0022}\"};");
}

TEST(a_watch)
{
    check_out(SPLITTER_WATCH, "{\"type\":\"ADDED\",\"object\":{}}\n{\"a\":\"\\\"}\"}\n\n{}{}",
              "O{\"type\":\"ADDED\",\"object\":{}};O{\"a\":\"\\\"}\"};O{};O{};");
    begin(SPLITTER_WATCH);
    CHECK(splitter_is_whole(splitter));
}

TEST(an_object_that_is_too_large_is_passed_over)
{
    char list[1024], fits[MAX + 1], wide[MAX + 2], expected[256];
    snprintf(fits, sizeof fits, "{\"a\":\"%0*d\"}", (int)MAX - 8, 0);
    snprintf(wide, sizeof wide, "{\"a\":\"%0*d\"}", (int)MAX - 7, 0);
    CHECK_EQ_INT(strlen(fits), MAX);
    CHECK_EQ_INT(strlen(wide), MAX + 1);
    snprintf(list, sizeof list, "{\"items\":[%s,%s,{\"c\":1}],\"metadata\":{}}", fits, wide);
    snprintf(expected, sizeof expected, "O%s;over;O{\"c\":1};M{};", fits);
    check_out(SPLITTER_LIST, list, expected);
    snprintf(list, sizeof list, "%s\n%s\n{}\n", wide, fits);
    snprintf(expected, sizeof expected, "over;O%s;O{};", fits);
    check_out(SPLITTER_WATCH, list, expected);
}

TEST(what_is_not_told_may_be_of_any_size)
{
    char list[1024];
    snprintf(list, sizeof list, "{\"x\":\"%0500d\",\"items\":[{}]}", 0);
    check_out(SPLITTER_LIST, list, "O{};");
}

TEST(an_object_that_nests_too_deep_is_passed_over)
{
    enum { DEEP = LIMIT_OBJECT_DEPTH };
    char text[4 * DEEP], expected[4 * DEEP];
    splitter_free(splitter);
    splitter = splitter_new(sizeof text);
    for (size_t depth = DEEP; depth <= DEEP + 1; depth++) {
        size_t n = 0;
        n += (size_t)snprintf(text, sizeof text, "{\"a\":");
        memset(text + n, '[', depth - 1);
        n += depth - 1;
        memset(text + n, ']', depth - 1);
        n += depth - 1;
        snprintf(text + n, sizeof text - n, "}");
        snprintf(expected, sizeof expected, depth == DEEP ? "O%s;" : "over;", text);
        begin(SPLITTER_WATCH);
        CHECK_EQ_INT(feed_by(span_of(text), 7), 0);
        CHECK_STR(told, expected);
        CHECK(splitter_is_whole(splitter));
    }
    splitter_free(splitter);
    splitter = NULL;
}

TEST(what_is_cut_off_is_not_whole)
{
    static const char list[] = "{\"metadata\":{},\"n\":1,\"s\":\"\\\"\",\"items\":[{},{\"a\":[]}]}";
    for (size_t at = 0; at + 1 < sizeof list; at++) {
        begin(SPLITTER_LIST);
        CHECK_EQ_INT(feed_by((struct span){list, at}, at ? at : 1), 0);
        CHECK(!splitter_is_whole(splitter));
    }
    begin(SPLITTER_WATCH);
    CHECK_EQ_INT(feed_by(SPAN_LITERAL("{\"a\":1}\n{\"b"), 3), 0);
    CHECK(!splitter_is_whole(splitter));
}

TEST(what_is_no_json_is_refused)
{
    static const char *const lists[] = {
        "[",
        "<html>",
        "\"x\"",
        "{,",
        "{a",
        "{\"a\" 1",
        "{\"a\":,",
        "{\"a\":1 2",
        "{\"a\":1,}",
        "{\"a\":}",
        "{\"a\":1]",
        "{\"items\":[,",
        "{\"items\":[1",
        "{\"items\":[{},]",
        "{\"items\":[{}{",
        "{\"items\":[{}}",
        "{}x",
        "{}{",
        "{\"a\":\"\n",
        "{\"a\n",
        "{\"items\":[{\"a\":\"\t",
        "{\"a\":X",
        "{\"items\":[[",
    };
    static const char *const watches[] = {"[", "1", "\"a\"", "{},", "{}}", "{\"a\":\"\x01"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        check_wrong(SPLITTER_LIST, lists[i]);
    for (size_t i = 0; i < sizeof watches / sizeof *watches; i++)
        check_wrong(SPLITTER_WATCH, watches[i]);
}

TEST(it_begins_anew_after_anything)
{
    begin(SPLITTER_LIST);
    CHECK_EQ_INT(feed_by(SPAN_LITERAL("{\"items\":[{\"a\":\"\\"), 100), 0);
    begin(SPLITTER_WATCH);
    CHECK_EQ_INT(feed_by(SPAN_LITERAL("{\"b\":1}"), 100), 0);
    CHECK_STR(told, "O{\"b\":1};");
    CHECK_EQ_INT(feed_by(SPAN_LITERAL("]"), 100), -EPROTO);
    begin(SPLITTER_LIST);
    CHECK_EQ_INT(feed_by(SPAN_LITERAL("{\"items\":[{}]}"), 100), 0);
    CHECK_STR(told, "O{};");
    splitter_free(splitter);
    splitter = NULL;
    splitter_free(NULL);
}

CHECK_MAIN
