/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/writer.h"

#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

TEST(everything_that_fits)
{
    char text[64];
    struct writer w = writer_on(text, sizeof text);
    writer_literal(&w, "a");
    writer_text(&w, "bc");
    writer_span(&w, (struct span){"defg", 3});
    writer_u64(&w, 0);
    writer_u64(&w, UINT64_MAX);
    writer_span(&w, (struct span){NULL, 0});
    CHECK(writer_ok(&w));
    CHECK_EQ_INT(w.used, 27);
    CHECK_MEM(text, "abcdef018446744073709551615", 27);
}

TEST(nothing_is_written_past_the_end)
{
    for (size_t room = 0; room <= 8; room++) {
        char text[16];
        memset(text, '~', sizeof text);
        struct writer w = writer_on(text, room);
        writer_literal(&w, "abc");
        writer_literal(&w, "defgh");
        CHECK_EQ_INT(w.needed, 8);
        CHECK_EQ_INT(writer_ok(&w), room == 8);
        CHECK_EQ_INT(w.used, room == 8 ? 8 : room >= 3 ? 3 : 0);
        for (size_t i = w.used; i < sizeof text; i++)
            CHECK_EQ_INT(text[i], '~');
    }
}

TEST(nothing_follows_what_did_not_fit)
{
    char text[4];
    struct writer w = writer_on(text, sizeof text);
    writer_literal(&w, "ab");
    writer_literal(&w, "too long");
    writer_literal(&w, "c");
    CHECK(!writer_ok(&w));
    CHECK_EQ_INT(w.used, 2);
    CHECK_EQ_INT(w.needed, 11);
}

TEST(without_memory_it_counts)
{
    struct writer w = {0};
    writer_json(&w, "a\"b", 3);
    writer_base64(&w, "abcd", 4);
    CHECK_EQ_INT(w.needed, 6 + 8);
    CHECK_EQ_INT(w.used, 0);
    CHECK(!writer_ok(&w));
}

#define JSON(bytes, good, unsafe)              \
    {                                          \
        bytes, sizeof(bytes) - 1, good, unsafe \
    }

TEST(json)
{
    static const struct {
        const char *data;
        size_t length;
        const char *good;   /* by writer_json(); NULL: it may not be given this */
        const char *unsafe; /* by writer_json_unsafe() */
    } rows[] = {
        JSON("", "\"\"", "\"\""),
        JSON("plain", "\"plain\"", "\"plain\""),
        JSON("\"\\", "\"\\\"\\\\\"", "\"\\\"\\\\\""),
        JSON("/", "\"/\"", "\"/\""),
        JSON("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\""),
        JSON("\0", "\"\\u0000\"", "\"\\u0000\""),
        JSON("\x01\x1f", "\"\\u0001\\u001f\"", "\"\\u0001\\u001f\""),
        JSON("\x7f", "\"\\u007f\"", "\"\\u007f\""),
        JSON("a\nb\nc", "\"a\\nb\\nc\"", "\"a\\nb\\nc\""),
        JSON("\xc3\xa4", "\"\xc3\xa4\"", "\"\xc3\xa4\""),
        JSON("\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\""),
        JSON("\xff", NULL, "\"\\u00ff\""),
        JSON("\xc3\xa4\x80", NULL, "\"\\u00c3\\u00a4\\u0080\""), /* all of it, not the bad byte */
        JSON("\"\xff\n", NULL, "\"\\\"\\u00ff\\n\""),
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];
        struct writer w = writer_on(text, sizeof text - 1);
        if (rows[i].good) {
            writer_json(&w, rows[i].data, rows[i].length);
            text[w.used] = '\0';
            CHECK_STR(text, rows[i].good);
        }
        w = writer_on(text, sizeof text - 1);
        writer_json_unsafe(&w, rows[i].data, rows[i].length);
        text[w.used] = '\0';
        CHECK_STR(text, rows[i].unsafe);
    }
}

TEST(base64_of_rfc_4648)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[16];
        struct writer w = writer_on(text, sizeof text - 1);
        writer_base64(&w, rows[i][0], strlen(rows[i][0]));
        text[w.used] = '\0';
        CHECK_STR(text, rows[i][1]);
    }
}

TEST(base64_of_all_bytes)
{
    unsigned char bytes[256];
    char text[400];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    struct writer w = writer_on(text, sizeof text);
    writer_base64(&w, bytes, sizeof bytes);
    CHECK(writer_ok(&w));
    CHECK_EQ_INT(w.used, 344);
    CHECK_MEM(text, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", 32);
    CHECK_MEM(text + 336, "/P3+/w==", 8);
}

CHECK_MAIN
