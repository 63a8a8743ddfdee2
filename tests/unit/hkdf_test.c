/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/hkdf.h"

#include <sodium/utils.h>

#include "tests/unit/check.h"

#define MOST 128

struct bytes {
    unsigned char data[MOST];
    size_t length;
};

static struct span unhex(const char *hex, struct bytes *ret)
{
    CHECK_EQ_INT(sodium_hex2bin(ret->data, MOST, hex, strlen(hex), NULL, &ret->length, NULL), 0);
    return hkdf_bytes(ret->data, ret->length);
}

/* RFC 5869, appendix A, test cases 1 to 3. */
TEST(vectors_of_the_standard)
{
    static const struct {
        const char *key, *salt, *info, *okm;
    } vectors[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
         "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
         "2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
         "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b"
         "8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
         "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb"
         "dcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
         "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct bytes key, salt, info, okm;
        unsigned char ret[MOST] = {0};
        unhex(vectors[i].okm, &okm);
        hkdf_sha256(unhex(vectors[i].key, &key), unhex(vectors[i].salt, &salt),
                    unhex(vectors[i].info, &info), ret, okm.length);
        CHECK_MEM(ret, okm.data, okm.length);
        CHECK_EQ_INT(ret[okm.length], 0);
    }
}

TEST(shorter_is_a_front_of_longer)
{
    static unsigned char longest[HKDF_MAX], ret[HKDF_MAX];
    static const size_t lengths[] = {1, 31, 32, 33, 64, HKDF_MAX - 1, HKDF_MAX};
    const struct span key = span_of("key"), salt = span_of("salt"), info = span_of("info");
    hkdf_sha256(key, salt, info, longest, sizeof longest);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(ret, 0, sizeof ret);
        hkdf_sha256(key, salt, info, ret, lengths[i]);
        CHECK_MEM(ret, longest, lengths[i]);
        CHECK(lengths[i] == HKDF_MAX || ret[lengths[i]] == 0);
    }
}

CHECK_MAIN
