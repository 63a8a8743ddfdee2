/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/crc32c.h"

#include "tests/unit/check.h"

/* Bit by bit, as the polynomial says. */
static uint32_t slow(const unsigned char *data, size_t length)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static void fill_random(unsigned char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        data[i] = (unsigned char)check_random(256);
}

/* RFC 3720, B.4 */
TEST(vectors_of_the_rfc)
{
    static const unsigned char command[48] = {
        0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
        0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2,    0, 0, 0, 0, 0, 0, 0};
    unsigned char text[32];
    memset(text, 0, sizeof text);
    CHECK_EQ_INT(crc32c_update(0, text, sizeof text), 0x8a9136aa);
    memset(text, 0xff, sizeof text);
    CHECK_EQ_INT(crc32c_update(0, text, sizeof text), 0x62a8ab43);
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)i;
    CHECK_EQ_INT(crc32c_update(0, text, sizeof text), 0x46dd794e);
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)(31 - i);
    CHECK_EQ_INT(crc32c_update(0, text, sizeof text), 0x113fdb5c);
    CHECK_EQ_INT(crc32c_update(0, command, sizeof command), 0xd9963a56);
}

TEST(known_words)
{
    CHECK_EQ_INT(crc32c_update(0, "", 0), 0);
    CHECK_EQ_INT(crc32c_update(0, NULL, 0), 0);
    CHECK_EQ_INT(crc32c_update(0, "123456789", 9), 0xe3069283);
}

TEST(every_length_and_start_against_the_slow_way)
{
    unsigned char data[80];
    fill_random(data, sizeof data);
    for (size_t start = 0; start < 9; start++)
        for (size_t length = 0; length + start <= sizeof data; length++)
            CHECK_EQ_INT(crc32c_update(0, data + start, length), slow(data + start, length));
}

TEST(pieces_make_the_whole)
{
    unsigned char data[1000];
    fill_random(data, sizeof data);
    uint32_t whole = crc32c_update(0, data, sizeof data);
    for (int round = 0; round < 500; round++) {
        uint32_t crc = 0;
        for (size_t at = 0, piece; at < sizeof data; at += piece) {
            piece = check_random(sizeof data - at + 1);
            crc = crc32c_update(crc, data + at, piece);
        }
        CHECK_EQ_INT(crc, whole);
    }
}

CHECK_MAIN
