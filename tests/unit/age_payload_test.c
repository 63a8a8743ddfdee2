/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_payload.h"

#include <errno.h>
#include <sodium/crypto_aead_chacha20poly1305.h>

#include "tests/unit/age_files.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CHUNK ((size_t)AGE_PAYLOAD_CHUNK)
#define MOST (3 * CHUNK)

static const unsigned char *const file_key = (const unsigned char *)AGE_FILES_KEY;
static unsigned char plain[MOST], sealed[MOST + 256], opened[MOST];

static const size_t lengths[] = {
    0,        1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1,
    3 * CHUNK};

static void begin(void)
{
    for (size_t i = 0; i < MOST; i++)
        plain[i] = (unsigned char)(i * 7 + i / CHUNK);
}

static void check_wiped(size_t length)
{
    for (size_t i = 0; i < length; i++)
        CHECK(opened[i] == 0);
}

TEST(payload_that_age_wrote)
{
    static const char theirs[] = AGE_FILES_PAYLOAD;
    size_t length = 0;
    CHECK_EQ_INT(age_payload_plain(sizeof theirs - 1, &length), 0);
    CHECK_EQ_INT(length, strlen(AGE_FILES_PLAIN));
    CHECK_EQ_INT(
        age_payload_open(file_key, (const unsigned char *)theirs, sizeof theirs - 1, opened), 0);
    CHECK_MEM(opened, AGE_FILES_PLAIN, length);
}

TEST(sizes_there_and_back)
{
    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t back = 99, size = age_payload_sealed(lengths[i]);
        size_t chunks = lengths[i] ? (lengths[i] + CHUNK - 1) / CHUNK : 1;
        CHECK_EQ_INT(size, 16 + lengths[i] + 16 * chunks);
        CHECK_EQ_INT(age_payload_plain(size, &back), 0);
        CHECK_EQ_INT(back, lengths[i]);
    }
    /* Of all sizes up to two chunks those that are taken are those that are made. */
    size_t made = 0;
    for (size_t size = 0; size < 2 * CHUNK; size++) {
        size_t back = 0;
        if (age_payload_plain(size, &back) == 0) {
            CHECK_EQ_INT(back, made);
            CHECK_EQ_INT(age_payload_sealed(made), size);
            made++;
        }
    }
    CHECK(age_payload_sealed(made) >= 2 * CHUNK);
}

TEST(round_trips)
{
    begin();
    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t size = age_payload_sealed(lengths[i]);
        memset(sealed, 0xaa, sizeof sealed);
        memset(opened, 0xaa, sizeof opened);
        age_payload_seal(file_key, plain, lengths[i], sealed);
        CHECK(sealed[size] == 0xaa && (size + 1 == sizeof sealed || sealed[size + 1] == 0xaa));
        CHECK_EQ_INT(age_payload_open(file_key, sealed, size, opened), 0);
        CHECK_MEM(opened, plain, lengths[i]);
        CHECK(lengths[i] == MOST || opened[lengths[i]] == 0xaa);
    }
}

TEST(sealed_twice_is_never_alike)
{
    unsigned char one[64], other[64];
    age_payload_seal(file_key, "x", 1, one);
    age_payload_seal(file_key, "x", 1, other);
    CHECK(memcmp(one, other, AGE_PAYLOAD_NONCE) != 0);
    CHECK(memcmp(one + AGE_PAYLOAD_NONCE, other + AGE_PAYLOAD_NONCE, 17) != 0);
}

TEST(each_flipped_bit_and_each_cut_of_a_small_one_is_refused)
{
    enum { LENGTH = 24, SIZE = 16 + LENGTH + 16 };
    begin();
    age_payload_seal(file_key, plain, LENGTH, sealed);
    for (size_t i = 0; i < 8 * SIZE; i++) {
        sealed[i / 8] ^= (unsigned char)(1 << i % 8);
        memset(opened, 0xaa, LENGTH);
        CHECK_EQ_INT(age_payload_open(file_key, sealed, SIZE, opened), -EBADMSG);
        check_wiped(LENGTH);
        sealed[i / 8] ^= (unsigned char)(1 << i % 8);
    }
    for (size_t size = 0; size < SIZE; size++)
        CHECK_EQ_INT(age_payload_open(file_key, sealed, size, opened),
                     size < 32 ? -EINVAL : -EBADMSG);
    CHECK_EQ_INT(age_payload_open(file_key, sealed, SIZE + 1, opened), -EBADMSG);
    CHECK_EQ_INT(age_payload_open(file_key, sealed, SIZE, opened), 0);
    CHECK_EQ_INT(age_payload_open(plain, sealed, SIZE, opened), -EBADMSG); /* another key */
}

TEST(chunks_have_their_places)
{
    const size_t one = AGE_PAYLOAD_SEALED_CHUNK, size = age_payload_sealed(MOST);
    static unsigned char swapped[sizeof sealed];
    begin();
    age_payload_seal(file_key, plain, MOST, sealed);
    /* Without its last chunk, or its first; the whole of it is the control. */
    CHECK_EQ_INT(age_payload_open(file_key, sealed, size - one, opened), -EBADMSG);
    check_wiped(2 * CHUNK);
    memcpy(swapped, sealed, size);
    memmove(swapped + 16, swapped + 16 + one, 2 * one);
    CHECK_EQ_INT(age_payload_open(file_key, swapped, size - one, opened), -EBADMSG);
    memcpy(swapped, sealed, size);
    memcpy(swapped + 16, sealed + 16 + one, one);
    memcpy(swapped + 16 + one, sealed + 16, one);
    CHECK_EQ_INT(age_payload_open(file_key, swapped, size, opened), -EBADMSG);
    check_wiped(MOST);
    CHECK_EQ_INT(age_payload_open(file_key, sealed, size, opened), 0);
    CHECK_MEM(opened, plain, MOST);
}

/* Whoever has the key could seal it; no reader may take it. */
TEST(last_chunk_is_empty_only_in_an_empty_payload)
{
    struct age_payload payload;
    begin();
    memset(sealed, 7, AGE_PAYLOAD_NONCE);
    age_payload_begin(&payload, file_key, sealed);
    age_payload_seal_chunk(&payload, plain, CHUNK, false, sealed + 16);
    age_payload_seal_chunk(&payload, plain, 0, true, sealed + 16 + CHUNK + 16);
    CHECK_EQ_INT(age_payload_open(file_key, sealed, 16 + CHUNK + 32, opened), -EINVAL);
    age_payload_begin(&payload, file_key, sealed);
    CHECK_EQ_INT(age_payload_open_chunk(&payload, sealed + 16, CHUNK + 16, false, opened), 0);
    CHECK_EQ_INT(age_payload_open_chunk(&payload, sealed + 16 + CHUNK + 16, 16, true, opened),
                 -EBADMSG);
    age_payload_begin(&payload, file_key, sealed);
    age_payload_seal_chunk(&payload, plain, 0, true, sealed + 16);
    CHECK_EQ_INT(age_payload_open(file_key, sealed, 32, opened), 0);
    age_payload_wipe(&payload);
    age_payload_wipe(NULL);
}

/* Chunk 0x0102, opened with the nonce that the specification says it has. */
TEST(counter_is_big_endian)
{
    static const unsigned char nonces[2][12] = {{[9] = 1, [10] = 2}, {[9] = 1, [10] = 3, [11] = 1}};
    struct age_payload payload;
    unsigned char chunk[17], back;
    memset(sealed, 7, AGE_PAYLOAD_NONCE);
    age_payload_begin(&payload, file_key, sealed);
    payload.next = 0x0102;
    for (unsigned last = 0; last < 2; last++) {
        age_payload_seal_chunk(&payload, "x", 1, last, chunk);
        CHECK_EQ_INT(crypto_aead_chacha20poly1305_ietf_decrypt(&back, NULL, NULL, chunk,
                                                               sizeof chunk, NULL, 0, nonces[last],
                                                               payload.key),
                     0);
        CHECK_EQ_INT(back, 'x');
    }
}

CHECK_MAIN
