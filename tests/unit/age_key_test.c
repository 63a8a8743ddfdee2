/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_key.h"

#include <errno.h>
#include <sodium/utils.h>

#include "crypto/bech32.h"
#include "tests/unit/age_files.h"
#include "tests/unit/check.h"

/* The pairs that the specification shows, and one of age-keygen. */
static const struct {
    const char *identity, *recipient;
} pairs[] = {
    {"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
     "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"},
    {AGE_FILES_IDENTITY, AGE_FILES_RECIPIENT},
};

TEST(known_pairs)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct age_identity identity;
        struct age_recipient recipient;
        char secret[AGE_KEY_IDENTITY_TEXT], public[AGE_KEY_RECIPIENT_TEXT];
        CHECK_EQ_INT(age_key_read_identity(span_of(pairs[i].identity), &identity), 0);
        CHECK_EQ_INT(age_key_read_recipient(span_of(pairs[i].recipient), &recipient), 0);
        CHECK_MEM(identity.recipient.point, recipient.point, 32);
        age_key_write_identity(&identity, secret);
        age_key_write_recipient(&recipient, public);
        CHECK_STR(secret, pairs[i].identity);
        CHECK_STR(public, pairs[i].recipient);
    }
}

TEST(new_keys_differ_and_can_be_read_back)
{
    struct age_identity one, other, back;
    char text[AGE_KEY_IDENTITY_TEXT];
    age_key_generate(&one);
    age_key_generate(&other);
    CHECK(memcmp(one.scalar, other.scalar, 32) != 0);
    age_key_write_identity(&one, text);
    CHECK_EQ_INT(strlen(text) + 1, sizeof text);
    CHECK_EQ_INT(age_key_read_identity(span_of(text), &back), 0);
    CHECK_MEM(&back, &one, sizeof one);
    age_key_wipe(&one);
    CHECK(sodium_is_zero((unsigned char *)&one, sizeof one));
    age_key_wipe(NULL);
}

TEST(other_texts_are_refused)
{
    static const char *const texts[] = {
        "",
        "age1",
        AGE_FILES_IDENTITY " ",
        " " AGE_FILES_IDENTITY,
        AGE_FILES_IDENTITY "\n",
        AGE_FILES_RECIPIENT " ",
        " " AGE_FILES_RECIPIENT,
        "age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex",
        "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEY",
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk",
    };
    static const unsigned char zeros[sizeof(struct age_identity)];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct age_identity identity;
        struct age_recipient recipient;
        memset(&identity, 0xaa, sizeof identity);
        memset(&recipient, 0xaa, sizeof recipient);
        CHECK_EQ_INT(age_key_read_identity(span_of(texts[i]), &identity), -EINVAL);
        CHECK_EQ_INT(age_key_read_recipient(span_of(texts[i]), &recipient), -EINVAL);
        CHECK_MEM(&identity, zeros, sizeof identity);
        CHECK_MEM(&recipient, zeros, sizeof recipient);
    }
}

/* With these every shared secret is zero. */
TEST(recipients_of_low_order_are_refused)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct age_recipient recipient;
        unsigned char point[32];
        char text[AGE_KEY_RECIPIENT_TEXT];
        CHECK_EQ_INT(sodium_hex2bin(point, 32, points[i], 64, NULL, NULL, NULL), 0);
        bech32_encode("age", point, sizeof point, text);
        CHECK_EQ_INT(age_key_read_recipient(span_of(text), &recipient), -EINVAL);
        CHECK(sodium_is_zero(recipient.point, 32));
        point[0] ^= 0x40; /* the control: a point beside it */
        bech32_encode("age", point, sizeof point, text);
        CHECK_EQ_INT(age_key_read_recipient(span_of(text), &recipient), 0);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

#define MOST 2

static struct age_identity found[MOST];
static size_t number;
static unsigned line;

static int read_text(const char *text)
{
    memset(found, 0xaa, sizeof found);
    number = line = 99;
    return age_key_read_file(span_of(text), found, MOST, &number, &line);
}

TEST(files_of_keys)
{
    struct age_identity known;
    CHECK_EQ_INT(age_key_read_identity(span_of(AGE_FILES_IDENTITY), &known), 0);
    CHECK_EQ_INT(read_text(AGE_FILES_KEYGEN), 0);
    CHECK_EQ_INT(number, 1);
    CHECK_MEM(&found[0], &known, sizeof known);
    CHECK_EQ_INT(read_text(AGE_FILES_IDENTITY), 0);
    CHECK_EQ_INT(number, 1);
    CHECK_EQ_INT(read_text("\n\r\n#\n" AGE_FILES_IDENTITY "\r\n\n" AGE_FILES_IDENTITY "\n# end"),
                 0);
    CHECK_EQ_INT(number, 2);
    CHECK_MEM(&found[1], &known, sizeof known);
}

TEST(files_that_are_none)
{
    static const struct {
        const char *text;
        int r;
        unsigned line;
    } cases[] = {
        {"", -ENOENT, 0},
        {"# nothing\n\n", -ENOENT, 2},
        {AGE_FILES_RECIPIENT "\n", -EINVAL, 1},
        {"\n" AGE_FILES_IDENTITY "\n " AGE_FILES_IDENTITY "\n", -EINVAL, 3},
        {AGE_FILES_IDENTITY " # mine\n", -EINVAL, 1},
        {AGE_FILES_IDENTITY "\n" AGE_FILES_IDENTITY "\n" AGE_FILES_IDENTITY "\n", -E2BIG, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_EQ_INT(read_text(cases[i].text), cases[i].r);
        CHECK_EQ_INT(number, 0);
        CHECK_EQ_INT(line, cases[i].line);
        CHECK(found[0].scalar[0] == 0 || found[0].scalar[0] == 0xaa);
    }
}

CHECK_MAIN
