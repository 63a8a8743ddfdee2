/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_armor.h"

#include <errno.h>
#include <sodium/utils.h>

#include "base/error.h"
#include "base/span.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FIRST "-----BEGIN AGE ENCRYPTED FILE-----\n"
#define LAST "-----END AGE ENCRYPTED FILE-----\n"
#define LINE_64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"
#define BYTES_48 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
#define MOST 20000

static struct error why;
static char got[2 * MOST];
static size_t used;
static int sink_says;

static int keep(void *context, const void *data, size_t length)
{
    CHECK(context == got && length > 0 && used + length <= sizeof got);
    memcpy(got + used, data, length);
    used += length;
    return sink_says;
}

static int read_pieces(struct span text, size_t piece)
{
    struct age_armor_reader reader;
    int r = 0;
    used = 0;
    why.text[0] = '\0';
    age_armor_reader_begin(&reader, keep, got);
    for (size_t at = 0; at < text.length && !r; at += piece) {
        size_t rest = text.length - at;
        r = age_armor_reader_write(&reader, text.data + at, rest < piece ? rest : piece, &why);
    }
    return r ? r : age_armor_reader_end(&reader, &why);
}

static void check_good(struct span text, const char *bytes)
{
    for (size_t piece = 1; piece <= 70; piece += 23) {
        if (read_pieces(text, piece))
            check_fail(__FILE__, __LINE__, "%s: %s", why.text, text.data);
        CHECK_EQ_INT(used, strlen(bytes));
        CHECK_MEM(got, bytes, used);
    }
}

TEST(armours)
{
    check_good(span_of(FIRST "QUI=\n" LAST), "AB");
    check_good(span_of(FIRST "QQ==\n" LAST), "A");
    check_good(span_of(FIRST "QUJD\n" LAST), "ABC");
    check_good(span_of(FIRST LINE_64 "\n" LAST), BYTES_48);
    check_good(span_of(FIRST LINE_64 "\nQUJD\n" LAST), BYTES_48 "ABC");
    check_good(span_of(FIRST LAST), "");
    check_good(span_of(" \t\r\n\n" FIRST "QUJD\n" LAST " \r\n\t\n\n"), "ABC");
    check_good(span_of(FIRST "QUJD\n-----END AGE ENCRYPTED FILE-----"), "ABC");
    check_good(span_of("-----BEGIN AGE ENCRYPTED FILE-----\r\n" LINE_64 "\r\nQUJD\r\n"
                       "-----END AGE ENCRYPTED FILE-----\r\n"),
               BYTES_48 "ABC");
}

TEST(other_texts_are_refused)
{
    static const struct span texts[] = {
        SPAN_LITERAL(""),
        SPAN_LITERAL("\n \n"),
        SPAN_LITERAL(FIRST),
        SPAN_LITERAL(FIRST "QUJD\n"),
        SPAN_LITERAL(FIRST "QUJD"),
        SPAN_LITERAL(FIRST LINE_64 "\n-----END AGE ENCRYPTED FILE----"),
        SPAN_LITERAL("x" FIRST "QUJD\n" LAST),
        SPAN_LITERAL("text\n" FIRST "QUJD\n" LAST),
        SPAN_LITERAL(FIRST "QUJD\n" LAST "x"),
        SPAN_LITERAL(FIRST "QUJD\n" LAST FIRST "QUJD\n" LAST),
        SPAN_LITERAL(FIRST FIRST "QUJD\n" LAST),
        SPAN_LITERAL("-----BEGIN AGE ENCRYPTED FILE----- \nQUJD\n" LAST),
        SPAN_LITERAL("-----BEGIN age encrypted file-----\nQUJD\n" LAST),
        SPAN_LITERAL("-----BEGIN PGP MESSAGE-----\nQUJD\n-----END PGP MESSAGE-----\n"),
        SPAN_LITERAL(FIRST "Comment: x\n\nQUJD\n" LAST),
        SPAN_LITERAL(FIRST "\nQUJD\n" LAST),
        SPAN_LITERAL(FIRST "QUJD\n\n" LAST),
        SPAN_LITERAL(FIRST "QUJD\n=abcd\n" LAST),
        SPAN_LITERAL(FIRST "QUJD\nQUJD\n" LAST), /* goes on behind a short line */
        SPAN_LITERAL(FIRST "QUI=\n" LINE_64 "\n" LAST),
        SPAN_LITERAL(FIRST LINE_64 "QUJD\n" LAST), /* too long */
        SPAN_LITERAL(FIRST LINE_64 "Q\n" LAST),
        SPAN_LITERAL(FIRST "QUI\n" LAST),  /* no padding */
        SPAN_LITERAL(FIRST "QUJ=\n" LAST), /* not canonical */
        SPAN_LITERAL(FIRST "QR==\n" LAST),
        SPAN_LITERAL(FIRST "QUJD====\n" LAST),
        SPAN_LITERAL(FIRST "QU-_\n" LAST),
        SPAN_LITERAL(FIRST "QU D\n" LAST),
        SPAN_LITERAL(FIRST " QUJD\n" LAST),
        SPAN_LITERAL(FIRST "QUJD \n" LAST),
        SPAN_LITERAL(FIRST "QUJD\r\r\n" LAST),
        SPAN_LITERAL(FIRST "QU\0D\n" LAST),
        SPAN_LITERAL(FIRST "QUJD\n " LAST),
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t piece = 1; piece <= 64; piece += 63)
            if (read_pieces(texts[i], piece) != -EINVAL || !why.text[0])
                check_fail(__FILE__, __LINE__, "%zu is taken: %s", i, texts[i].data);
}

TEST(blanks_in_front_have_a_limit)
{
    static char text[2048];
    const size_t rest = sizeof FIRST "QUJD\n" LAST - 1;
    for (size_t over = 0; over < 2; over++) {
        memset(text, '\n', 1024 + over);
        memcpy(text + 1024 + over, FIRST "QUJD\n" LAST, rest);
        CHECK_EQ_INT(read_pieces((struct span){text, 1024 + over + rest}, 100), over ? -EINVAL : 0);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_pieces(const unsigned char *bytes, size_t length, size_t piece)
{
    struct age_armor_writer writer;
    used = 0;
    age_armor_writer_begin(&writer, keep, got);
    for (size_t at = 0; at < length; at += piece)
        CHECK_EQ_INT(
            age_armor_writer_write(&writer, bytes + at, length - at < piece ? length - at : piece),
            0);
    CHECK_EQ_INT(age_armor_writer_end(&writer), 0);
}

TEST(what_is_written_can_be_read)
{
    static const size_t lengths[] = {0, 1, 2, 3, 47, 48, 49, 95, 96, 97, 3071, 3072, 3073, 12000};
    static unsigned char bytes[12000];
    static char text[MOST];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 11 + i / 251);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t length = lengths[i], columns = (length + 2) / 3 * 4, lines = (columns + 63) / 64;
        write_pieces(bytes, length, 1 + i * 37);
        CHECK_EQ_INT(used, sizeof FIRST LAST - 1 + columns + lines);
        CHECK_MEM(got, FIRST, sizeof FIRST - 1);
        memcpy(text, got, used);
        CHECK_EQ_INT(read_pieces((struct span){text, used}, 1000), 0);
        CHECK_EQ_INT(used, length);
        CHECK_MEM(got, bytes, length);
    }
}

TEST(what_the_sink_says_is_passed_on)
{
    static unsigned char bytes[12000];
    struct age_armor_writer writer;
    sink_says = -EPIPE;
    CHECK_EQ_INT(read_pieces(span_of(FIRST "QUJD\n" LAST), 10), -EPIPE);
    used = 0;
    age_armor_writer_begin(&writer, keep, got);
    CHECK_EQ_INT(age_armor_writer_write(&writer, bytes, sizeof bytes), -EPIPE);
    used = 0;
    age_armor_writer_begin(&writer, keep, got);
    CHECK_EQ_INT(age_armor_writer_end(&writer), -EPIPE);
    sink_says = 0;
}

CHECK_MAIN
