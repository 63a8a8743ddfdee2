/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_header.h"

#include <errno.h>
#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/utils.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_base64.h"
#include "crypto/age_key.h"
#include "crypto/hkdf.h"
#include "limits.h"
#include "tests/unit/age_files.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define VERSION "age-encryption.org/v1\n"
#define MAX_LOG_N 10u

static struct error why;
static struct age_identity mine, others;
static unsigned char key[AGE_FILE_KEY];
static const unsigned char zeros[AGE_FILE_KEY];
static char text[2 * LIMIT_AGE_HEADER];
static size_t length;

static void begin(void)
{
    CHECK_EQ_INT(age_key_read_identity(span_of(AGE_FILES_IDENTITY), &mine), 0);
    age_key_generate(&others);
    memset(key, 0xaa, sizeof key);
}

static int open_text(struct span header)
{
    why.text[0] = '\0';
    int r = age_header_open(header, &mine, 1, key, &why);
    CHECK((r < 0) == (why.text[0] != '\0'));
    if (r < 0)
        CHECK_MEM(key, zeros, sizeof key);
    return r;
}

static int measure(struct span header)
{
    why.text[0] = '\0';
    return age_header_measure(header, &length, &why);
}

/* STANZAS between a version and a MAC that is right for AGE_FILES_KEY, in `text`. */
static struct span header_of(struct span stanzas)
{
    unsigned char mac[32], mac_key[32];
    struct writer w = writer_on(text, sizeof text);
    hkdf_sha256(hkdf_bytes(AGE_FILES_KEY, AGE_FILE_KEY), (struct span){NULL, 0}, span_of("header"),
                mac_key, sizeof mac_key);
    writer_literal(&w, VERSION);
    writer_span(&w, stanzas);
    writer_literal(&w, "---");
    crypto_auth_hmacsha256(mac, (unsigned char *)text, w.used, mac_key);
    writer_literal(&w, " ");
    age_base64_write(&w, mac, sizeof mac);
    writer_literal(&w, "\n");
    CHECK(writer_ok(&w));
    return (struct span){text, w.used};
}

/* ---- what others wrote ----------------------------------------------------------------------- */

TEST(header_that_age_wrote)
{
    begin();
    CHECK_EQ_INT(open_text(SPAN_LITERAL(AGE_FILES_HEADER)), 0);
    CHECK_MEM(key, AGE_FILES_KEY, AGE_FILE_KEY);
    CHECK_EQ_INT(measure(SPAN_LITERAL(AGE_FILES_HEADER AGE_FILES_PAYLOAD)), 0);
    CHECK_EQ_INT(length, sizeof AGE_FILES_HEADER - 1);
    CHECK(!age_header_wants_passphrase(SPAN_LITERAL(AGE_FILES_HEADER)));
    /* The control of what comes below: our own MAC is the same. */
    struct span same = header_of(SPAN_LITERAL(AGE_FILES_STANZA));
    CHECK(span_equal(same, SPAN_LITERAL(AGE_FILES_HEADER)));
}

TEST(stanzas_that_nobody_knows_are_passed_over)
{
#define LINE_64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"
    static const struct span stanzas[] = {
        SPAN_LITERAL("-> new\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL(AGE_FILES_STANZA "-> new\n\n"),
        SPAN_LITERAL("-> !~ a b c d e f g\nQUI\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> x25519 a\n" LINE_64 "\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new\n" LINE_64 "\n" LINE_64 "\nQUI\n" AGE_FILES_STANZA "-> --- ->\n\n"),
        SPAN_LITERAL(AGE_FILES_STANZA AGE_FILES_STANZA),
    };
    begin();
    for (size_t i = 0; i < COUNT(stanzas); i++) {
        if (open_text(header_of(stanzas[i])))
            check_fail(__FILE__, __LINE__, "%zu: %s", i, why.text);
        CHECK_MEM(key, AGE_FILES_KEY, AGE_FILE_KEY);
    }
}

/* Each is well authenticated: only its form is wrong. */
TEST(malformed_stanzas)
{
#define SHARE "zq7z3NktSKKF5A25fwiIhSp1djd51mt4Cwpw4wQoRg4"
#define BODY "vdmPU7HzyV/OZslpSsaOwPeq4nzkbZ7Dub0V+vFYzXI"
#define SALT "ajMFur+EJLGaohv/dLRGnw"
#define SCRYPT "-> scrypt " SALT " 10\n" BODY "\n"
    static const struct span stanzas[] = {
        SPAN_LITERAL(""),
        SPAN_LITERAL("\n" AGE_FILES_STANZA),
        SPAN_LITERAL(AGE_FILES_STANZA "\n"),
        SPAN_LITERAL(" " AGE_FILES_STANZA),
        SPAN_LITERAL("->X25519 " SHARE "\n" BODY "\n"),
        SPAN_LITERAL("-> \n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("->\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new \n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new  a\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("->  new\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> n\xc3\xa9w\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> n\tw\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> n\0w\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> n\x7fw\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new\r\n\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new\nQUI=\n" AGE_FILES_STANZA), /* padding */
        SPAN_LITERAL("-> new\nQUJ\n" AGE_FILES_STANZA),  /* not canonical */
        SPAN_LITERAL("-> new\nQ\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new\nQUI \n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new\nQ-I\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> new\n" LINE_64 "\n" AGE_FILES_STANZA), /* no short line */
        SPAN_LITERAL("-> new\n" LINE_64 "QUJD\n" AGE_FILES_STANZA),
        SPAN_LITERAL("-> X25519\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 " SHARE " more\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 zq7z3NktSKKF5A25fwiIhSp1djd51mt4Cwpw4wQoRg\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 " SHARE "AA\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 zq7z3NktSKKF5A25fwiIhSp1djd51mt4Cwpw4wQoRg5\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 " SHARE "=\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 " SHARE "\n\n"),
        SPAN_LITERAL("-> X25519 " SHARE "\n" BODY "AA\n"),
        SPAN_LITERAL("-> X25519 " SHARE "\nvdmPU7HzyV/OZslpSsaOwPeq4nzkbZ7Dub0V+vFYzQ\n"),
        SPAN_LITERAL("-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" BODY "\n"),
        SPAN_LITERAL("-> X25519 4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA\n" BODY "\n"),
        SPAN_LITERAL(SCRYPT AGE_FILES_STANZA),
        SPAN_LITERAL(AGE_FILES_STANZA SCRYPT),
        SPAN_LITERAL("-> scrypt " SALT " 10\n" BODY "\n-> new\n\n"),
        SPAN_LITERAL("-> scrypt " SALT "\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " 10 10\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " 010\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " 0\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " +10\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " -10\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " 0x9\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " 1e1\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt ajMFur+EJLGaohv/dLRGnx 10\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt ajMFur+EJLGaohv/dLRG 10\n" BODY "\n"),
        SPAN_LITERAL("-> scrypt " SALT " 10\n\n"),
        SPAN_LITERAL("-> scrypt " SALT " 10\n" BODY "AA\n"),
        SPAN_LITERAL("-> scrypt " SALT " 11\n" BODY "\n"), /* more than MAX_LOG_N */
        SPAN_LITERAL("-> scrypt " SALT " 18446744073709551626\n" BODY "\n"),
    };
    begin();
    for (size_t i = 0; i < COUNT(stanzas); i++) {
        struct span header = header_of(stanzas[i]);
        bool scrypt =
            span_is((struct span){stanzas[i].data, stanzas[i].length > 9 ? 9 : 0}, "-> scrypt");
        int r = scrypt ? age_header_open_passphrase(header, span_of("x"), MAX_LOG_N, key, &why)
                       : open_text(header);
        if (r != -EINVAL)
            check_fail(__FILE__, __LINE__, "%zu: %d %s", i, r, why.text);
        CHECK_MEM(key, zeros, sizeof key);
    }
    /* The control of those with a passphrase: 10 is not too much, but the passphrase is wrong. */
    struct span header = header_of(SPAN_LITERAL("-> scrypt " SALT " 10\n" BODY "\n"));
    CHECK_EQ_INT(age_header_open_passphrase(header, span_of("x"), MAX_LOG_N, key, &why), -ENOKEY);
}

TEST(malformed_first_and_last_lines)
{
    static const struct span headers[] = {
        SPAN_LITERAL("age-encryption.org/v2\n" AGE_FILES_STANZA AGE_FILES_MAC),
        SPAN_LITERAL("age-encryption.org/v1 \n" AGE_FILES_STANZA AGE_FILES_MAC),
        SPAN_LITERAL("age-encryption.org/v1\r\n" AGE_FILES_STANZA AGE_FILES_MAC),
        SPAN_LITERAL("\n" AGE_FILES_HEADER),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA "---" SHARE "\n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA "---\n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA "--- \n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA "---  cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbD\n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA "--- cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbDR\n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA "--- cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbDQ=\n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA
                     "--- cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbDQ\r\n"),
        SPAN_LITERAL(VERSION AGE_FILES_STANZA
                     "--- cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbDQ x\n"),
        SPAN_LITERAL(VERSION AGE_FILES_MAC),
        SPAN_LITERAL(VERSION VERSION AGE_FILES_STANZA AGE_FILES_MAC),
    };
    begin();
    for (size_t i = 0; i < COUNT(headers); i++) {
        int r = measure(headers[i]);
        if (r != -EINVAL || !why.text[0] || open_text(headers[i]) != -EINVAL)
            check_fail(__FILE__, __LINE__, "%zu: %d %s", i, r, why.text);
    }
    CHECK_EQ_INT(open_text(SPAN_LITERAL(AGE_FILES_HEADER "x")), -EINVAL);
    CHECK_EQ_INT(open_text(SPAN_LITERAL(AGE_FILES_HEADER)), 0);
}

TEST(each_cut_and_each_flipped_bit_is_refused)
{
    static const char good[] = AGE_FILES_HEADER;
    begin();
    for (size_t i = 0; i < sizeof good - 1; i++) {
        CHECK_EQ_INT(measure((struct span){good, i}), -EAGAIN);
        CHECK_EQ_INT(open_text((struct span){good, i}), -EINVAL);
    }
    for (size_t i = 0; i < 8 * (sizeof good - 1); i++) {
        char bad[sizeof good];
        memcpy(bad, good, sizeof good);
        bad[i / 8] = (char)(bad[i / 8] ^ 1 << i % 8);
        int r = open_text((struct span){bad, sizeof good - 1});
        CHECK(r == -EINVAL || r == -ENOKEY || r == -EBADMSG);
    }
}

TEST(mac_covers_what_is_well_formed_too)
{
    begin();
    CHECK_EQ_INT(open_text(SPAN_LITERAL(VERSION "-> new\n\n" AGE_FILES_STANZA AGE_FILES_MAC)),
                 -EBADMSG);
    CHECK_EQ_INT(open_text(SPAN_LITERAL(VERSION AGE_FILES_STANZA "--- " SHARE "\n")), -EBADMSG);
}

TEST(identities_are_tried_in_turn)
{
    struct age_identity all[3];
    begin();
    for (size_t i = 0; i < COUNT(all); i++)
        age_key_generate(&all[i]);
    struct span header = SPAN_LITERAL(AGE_FILES_HEADER);
    CHECK_EQ_INT(age_header_open(header, all, COUNT(all), key, &why), -ENOKEY);
    CHECK_EQ_INT(age_header_open(header, NULL, 0, key, &why), -ENOKEY);
    all[2] = mine;
    CHECK_EQ_INT(age_header_open(header, all, COUNT(all) - 1, key, &why), -ENOKEY);
    CHECK_EQ_INT(age_header_open(header, all, COUNT(all), key, &why), 0);
    CHECK_MEM(key, AGE_FILES_KEY, AGE_FILE_KEY);
}

/* ---- what we write --------------------------------------------------------------------------- */

TEST(any_recipient_opens_what_is_written)
{
    static struct age_identity identities[LIMIT_AGE_RECIPIENTS + 1];
    static struct age_recipient to[LIMIT_AGE_RECIPIENTS + 1];
    static const size_t counts[] = {1, 2, LIMIT_AGE_RECIPIENTS};
    unsigned char file_key[AGE_FILE_KEY];
    begin();
    age_header_new_key(file_key);
    for (size_t i = 0; i <= LIMIT_AGE_RECIPIENTS; i++) {
        age_key_generate(&identities[i]);
        to[i] = identities[i].recipient;
    }
    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t count = counts[i], size = AGE_HEADER_SIZE(count);
        CHECK_EQ_INT(age_header_write(to, count, file_key, text, size - 1, &length), -ENOSPC);
        CHECK_EQ_INT(age_header_write(to, count, file_key, text, size, &length), 0);
        CHECK_EQ_INT(length, size);
        struct span header = {text, length};
        CHECK_EQ_INT(measure(header), 0);
        CHECK_EQ_INT(length, size);
        for (size_t k = 0; k < count; k++) {
            CHECK_EQ_INT(age_header_open(header, &identities[k], 1, key, &why), 0);
            CHECK_MEM(key, file_key, sizeof key);
        }
        CHECK_EQ_INT(age_header_open(header, &identities[count], 1, key, &why), -ENOKEY);
    }
    CHECK_EQ_INT(age_header_write(to, 0, file_key, text, sizeof text, &length), -EINVAL);
    CHECK_EQ_INT(
        age_header_write(to, LIMIT_AGE_RECIPIENTS + 1, file_key, text, sizeof text, &length),
        -EINVAL);
    struct age_recipient low = {.point = {1}};
    CHECK_EQ_INT(age_header_write(&low, 1, file_key, text, sizeof text, &length), -EINVAL);
}

TEST(no_two_headers_are_alike)
{
    char other[AGE_HEADER_SIZE(1)];
    begin();
    CHECK_EQ_INT(age_header_write(&mine.recipient, 1, key, text, sizeof text, &length), 0);
    CHECK_EQ_INT(age_header_write(&mine.recipient, 1, key, other, sizeof other, &length), 0);
    CHECK(memcmp(text, other, sizeof other) != 0);
    age_header_new_key(key);
    unsigned char next[AGE_FILE_KEY];
    age_header_new_key(next);
    CHECK(memcmp(key, next, sizeof key) != 0);
}

TEST(passphrases)
{
    const struct span right = SPAN_LITERAL("correct horse"), empty = {NULL, 0};
    unsigned char file_key[AGE_FILE_KEY];
    begin();
    age_header_new_key(file_key);
    for (unsigned log_n = 1; log_n <= MAX_LOG_N; log_n++) {
        CHECK_EQ_INT(age_header_write_passphrase(right, log_n, file_key, text,
                                                 AGE_HEADER_PASSPHRASE_SIZE, &length),
                     0);
        struct span header = {text, length};
        CHECK(age_header_wants_passphrase(header));
        CHECK_EQ_INT(age_header_open_passphrase(header, right, log_n, key, &why), 0);
        CHECK_MEM(key, file_key, sizeof key);
        CHECK_EQ_INT(age_header_open_passphrase(header, right, log_n - 1, key, &why), -EINVAL);
        CHECK_EQ_INT(age_header_open_passphrase(header, span_of("wrong"), 10, key, &why), -ENOKEY);
        CHECK_MEM(key, zeros, sizeof key);
        CHECK_EQ_INT(open_text(header), -ENOKEY);
        text[length - 2] = text[length - 2] == 'A' ? 'E' : 'A';
        CHECK_EQ_INT(age_header_open_passphrase(header, right, log_n, key, &why), -EBADMSG);
        CHECK_MEM(key, zeros, sizeof key);
    }
    CHECK_EQ_INT(age_header_open_passphrase(SPAN_LITERAL(AGE_FILES_HEADER), right, 10, key, &why),
                 -ENOKEY);
    CHECK_EQ_INT(age_header_write_passphrase(empty, 1, key, text, sizeof text, &length), -EINVAL);
    CHECK_EQ_INT(age_header_write_passphrase(right, 0, key, text, sizeof text, &length), -EINVAL);
    CHECK_EQ_INT(age_header_write_passphrase(right, LIMIT_AGE_SCRYPT_READ + 1, key, text,
                                             sizeof text, &length),
                 -EINVAL);
    CHECK_EQ_INT(age_header_write_passphrase(right, 1, key, text, 149, &length), -ENOSPC);
}

/* ---- limits ---------------------------------------------------------------------------------- */

TEST(headers_may_be_long_but_not_longer)
{
    static char stanzas[LIMIT_AGE_HEADER];
    const size_t others_length = sizeof AGE_FILES_HEADER - 1 + sizeof "-> \n\n" - 1;
    begin();
    for (size_t over = 0; over < 2; over++) {
        struct writer w = writer_on(stanzas, sizeof stanzas);
        writer_literal(&w, AGE_FILES_STANZA "-> ");
        for (size_t i = 0; i < LIMIT_AGE_HEADER - others_length + over; i++)
            writer_literal(&w, "x");
        writer_literal(&w, "\n\n");
        struct span header = header_of((struct span){stanzas, w.used});
        CHECK_EQ_INT(header.length, LIMIT_AGE_HEADER + over);
        CHECK_EQ_INT(measure(header), over ? -EMSGSIZE : 0);
        CHECK_EQ_INT(open_text(header), over ? -EMSGSIZE : 0);
    }
    /* What goes on behind it is not of the header. */
    memcpy(text, AGE_FILES_HEADER, sizeof AGE_FILES_HEADER - 1);
    CHECK_EQ_INT(measure((struct span){text, sizeof text}), 0);
}

TEST(headers_have_so_many_stanzas_and_no_more)
{
    static char stanzas[8 * (LIMIT_AGE_STANZAS + 1) + sizeof AGE_FILES_STANZA];
    begin();
    for (size_t over = 0; over < 2; over++) {
        struct writer w = writer_on(stanzas, sizeof stanzas);
        for (size_t i = 0; i < LIMIT_AGE_STANZAS - 1 + over; i++)
            writer_literal(&w, "-> new\n\n");
        writer_literal(&w, AGE_FILES_STANZA);
        struct span header = header_of((struct span){stanzas, w.used});
        CHECK_EQ_INT(measure(header), over ? -EMSGSIZE : 0);
        CHECK_EQ_INT(open_text(header), over ? -EMSGSIZE : 0);
    }
}

/* ---- marks ----------------------------------------------------------------------------------- */

TEST(a_mark_is_read_back_and_cannot_be_changed)
{
    static const char *const bad[] = {"", "a b", "a\n", "\x7f", "\xc3\xa4"};
    static const unsigned char file_key[] = AGE_FILES_KEY;
    char mark[AGE_MARK + 1], longest[AGE_MARK + 2];
    size_t size = AGE_HEADER_SIZE(1) + AGE_MARK_SIZE;
    begin();
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK_EQ_INT(age_header_write_marked(&mine.recipient, 1, span_of(bad[i]), file_key, text,
                                             size, &length),
                     -EINVAL);
    CHECK_EQ_INT(age_header_write_marked(&mine.recipient, 1, (struct span){longest, sizeof longest},
                                         file_key, text, sizeof text, &length),
                 -EINVAL);
    CHECK_EQ_INT(age_header_write_marked(&mine.recipient, 1, (struct span){longest, AGE_MARK},
                                         file_key, text, size, &length),
                 0);
    CHECK(length <= size);
    age_header_read_mark((struct span){text, length}, mark);
    CHECK_EQ_INT(strlen(mark), AGE_MARK);
    CHECK_EQ_INT(age_header_write_marked(&mine.recipient, 1, span_of("shop/web"), file_key, text,
                                         size, &length),
                 0);
    CHECK_EQ_INT(open_text((struct span){text, length}), 0);
    age_header_read_mark((struct span){text, length}, mark);
    CHECK_STR(mark, "shop/web");
    char *at = memmem(text, length, "shop", 4);
    *at = 'S';
    CHECK_EQ_INT(open_text((struct span){text, length}), -EBADMSG);
    CHECK_EQ_INT(age_header_write(&mine.recipient, 1, file_key, text, size, &length), 0);
    age_header_read_mark((struct span){text, length}, mark);
    CHECK_STR(mark, "");
}

CHECK_MAIN
