/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash against a second writing of it, byte by byte, whose 2-4 variant is checked against the
 * vectors of the paper: so what is compared with is SipHash, and not the same mistake twice.
 */
#include "base/hash.h"

#include "tests/unit/check.h"

struct sip {
    uint64_t a, b, c, d;
};

static void turn(uint64_t *x, unsigned bits)
{
    *x = (*x << bits) | (*x >> (64 - bits));
}

static void rounds(struct sip *s, unsigned count)
{
    while (count--) {
        s->a += s->b, turn(&s->b, 13), s->b ^= s->a, turn(&s->a, 32);
        s->c += s->d, turn(&s->d, 16), s->d ^= s->c;
        s->a += s->d, turn(&s->d, 21), s->d ^= s->a;
        s->c += s->b, turn(&s->b, 17), s->b ^= s->c, turn(&s->c, 32);
    }
}

/* SipHash-COMPRESS-FINAL of LENGTH bytes with the key K0, K1. */
static uint64_t reference(unsigned compress, unsigned final, uint64_t k0, uint64_t k1,
                          const unsigned char *data, size_t length)
{
    struct sip s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                    k1 ^ 0x7465646279746573u};
    uint64_t word = 0;
    for (size_t i = 0; i < length / 8 * 8 + 8; i++) {
        uint64_t byte = i < length ? data[i] : i % 8 == 7 ? length & 0xff : 0;
        word |= byte << (8 * (i % 8));
        if (i % 8 != 7)
            continue;
        s.d ^= word;
        rounds(&s, compress);
        s.a ^= word;
        word = 0;
    }
    s.c ^= 0xff;
    rounds(&s, final);
    return s.a ^ s.b ^ s.c ^ s.d;
}

static void count_up(unsigned char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        data[i] = (unsigned char)i;
}

TEST(the_reference_is_siphash)
{
    unsigned char data[15];
    count_up(data, sizeof data);
    const uint64_t k0 = 0x0706050403020100u, k1 = 0x0f0e0d0c0b0a0908u;
    CHECK(reference(2, 4, k0, k1, data, 0) == 0x726fdb47dd0e0e31u);
    CHECK(reference(2, 4, k0, k1, data, 8) == 0x93f5f5799a932462u);
    CHECK(reference(2, 4, k0, k1, data, 15) == 0xa129ca6149be45e5u);
}

/* Must come before a key is drawn. */
TEST(same_as_the_reference)
{
    unsigned char data[300];
    count_up(data, sizeof data);
    for (size_t length = 0; length <= sizeof data; length++)
        CHECK(hash_bytes(data, length) == reference(1, 3, 0, 0, data, length));
}

TEST(alignment_does_not_matter)
{
    unsigned char data[64], moved[72];
    count_up(data, sizeof data);
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(moved + shift, data, sizeof data);
        CHECK(hash_bytes(moved + shift, sizeof data) == hash_bytes(data, sizeof data));
    }
}

TEST(a_key_changes_it)
{
    uint64_t before = hash_bytes("pod", 3);
    CHECK_EQ_INT(hash_seed(), 0);
    uint64_t first = hash_bytes("pod", 3);
    CHECK(first != before);
    CHECK(hash_bytes("pod", 3) == first);
    CHECK_EQ_INT(hash_seed(), 0);
    CHECK(hash_bytes("pod", 3) != first);
}

CHECK_MAIN
