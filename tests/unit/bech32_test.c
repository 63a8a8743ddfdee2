/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/bech32.h"

#include <errno.h>
#include <sodium/utils.h>

#include "tests/unit/check.h"

#define MOST 128

/* The valid strings of BIP-173, as part, bytes in hex, text. */
static const struct {
    const char *prefix, *hex, *text;
} vectors[] = {
    {"A", "", "A12UEL5L"},
    {"a", "", "a12uel5l"},
    {"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio", "",
     "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs"},
    {"abcdef", "00443214c74254b635cf84653a56d7c675be77df",
     "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"},
    {"1",
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000",
     "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j"},
    {"split", "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d",
     "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"},
    {"?", "", "?1ezyfcl"},
};

TEST(vectors_of_the_standard)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        unsigned char bytes[MOST], back[MOST];
        char text[2 * MOST];
        size_t length = 0;
        const char *hex = vectors[i].hex, *prefix = vectors[i].prefix;
        CHECK_EQ_INT(sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &length, NULL), 0);
        bech32_encode(prefix, bytes, length, text);
        CHECK_STR(text, vectors[i].text);
        CHECK_EQ_INT(strlen(text) + 1, BECH32_SIZE(strlen(prefix), length));
        CHECK_EQ_INT(bech32_decode(span_of(text), prefix, back, length), 0);
        CHECK_MEM(back, bytes, length);
    }
}

TEST(what_is_not_bech32_is_refused)
{
    static const struct {
        const char *prefix, *text;
    } cases[] = {
        {"a", "A12UEL5L"},    /* the other case */
        {"A", "a12uel5l"},    /* the same */
        {"A", "A12UEl5L"},    /* mixed */
        {"A", "A1G7SGD8"},    /* the sum of the prefix in upper case */
        {"a", "a12uel5m"},    /* another sum */
        {"a", "a1lqfn3a"},    /* Bech32m (BIP-350) */
        {"a", "a12uel5"},     /* short */
        {"a", "a12uel5ll"},   /* long */
        {"a", "a02uel5l"},    /* no separator */
        {"a", "a12uel5b"},    /* a letter that there is not */
        {"a", "a12uel5\xcc"}, /* no ASCII */
        {"b", "a12uel5l"},    /* another prefix */
        {"", ""},             /* nothing at all */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (bech32_decode(span_of(cases[i].text), cases[i].prefix, NULL, 0) != -EINVAL)
            check_fail(__FILE__, __LINE__, "%s is taken", cases[i].text);
}

/* One byte is two letters with two bits over, which must be zero even where the sum is right. */
TEST(bits_left_over_are_zero)
{
    static const char *const others[] = {"a1lacwuu8k", "a1l7kaf2ff", "a1llttal5m"};
    unsigned char back;
    CHECK_EQ_INT(bech32_decode(span_of("a1lu9cgf6y"), "a", &back, 1), 0);
    CHECK_EQ_INT(back, 0xff);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK_EQ_INT(bech32_decode(span_of(others[i]), "a", &back, 1), -EINVAL);
}

TEST(each_other_letter_is_found_out)
{
    unsigned char bytes[32], back[32], zeros[32] = {0};
    char text[BECH32_SIZE(3, 32)];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(7 * i + 1);
    bech32_encode("age", bytes, sizeof bytes, text);
    for (size_t i = 0; i < strlen(text); i++)
        for (int other = 0; other < 256; other++) {
            char kept = text[i];
            if ((char)other == kept)
                continue;
            text[i] = (char)other;
            memset(back, 0xaa, sizeof back);
            CHECK_EQ_INT(
                bech32_decode((struct span){text, sizeof text - 1}, "age", back, sizeof back),
                -EINVAL);
            CHECK_MEM(back, zeros, sizeof back);
            text[i] = kept;
        }
    CHECK_EQ_INT(bech32_decode(span_of(text), "age", back, sizeof back), 0);
    CHECK_MEM(back, bytes, sizeof back);
}

CHECK_MAIN
