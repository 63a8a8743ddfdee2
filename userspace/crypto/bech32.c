/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/bech32.h"

#include <errno.h>
#include <sodium/utils.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char lower[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char upper[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/* PREFIX has letters of upper case, and none of lower. */
static bool is_upper(const char *prefix)
{
    bool any = false;
    for (; *prefix; prefix++) {
        if (*prefix >= 'a' && *prefix <= 'z')
            return false;
        any = any || (*prefix >= 'A' && *prefix <= 'Z');
    }
    return any;
}

/* ---- the checksum ---------------------------------------------------------------------------- */

static uint32_t step(uint32_t sum, unsigned five)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                         0x2a1462b3};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ five;
    for (unsigned i = 0; i < 5; i++)
        sum ^= top >> i & 1 ? generator[i] : 0;
    return sum;
}

/* The sum behind PREFIX, which is always taken in lower case. */
static uint32_t begin(const char *prefix)
{
    uint32_t sum = 1;
    for (int part = 5; part >= 0; part -= 5) {
        for (const char *c = prefix; *c; c++) {
            unsigned code = (unsigned char)*c;
            if (code >= 'A' && code <= 'Z')
                code += 'a' - 'A';
            sum = step(sum, part ? code >> 5 : code & 31);
        }
        if (part)
            sum = step(sum, 0);
    }
    return sum;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct encoder {
    const char *letters;
    char *at;
    uint32_t sum;
};

static void put(struct encoder *encoder, unsigned five)
{
    encoder->sum = step(encoder->sum, five);
    *encoder->at++ = encoder->letters[five];
}

static void put_checksum(struct encoder *encoder)
{
    for (unsigned i = 0; i < BECH32_CHECKSUM; i++)
        encoder->sum = step(encoder->sum, 0);
    uint32_t sum = encoder->sum ^ 1;
    for (unsigned i = BECH32_CHECKSUM; i--;)
        *encoder->at++ = encoder->letters[sum >> 5 * i & 31];
}

void bech32_encode(const char *prefix, const unsigned char *data, size_t length, char *ret)
{
    size_t named = strlen(prefix);
    struct encoder encoder = {is_upper(prefix) ? upper : lower, ret + named + 1, begin(prefix)};
    memcpy(ret, prefix, named);
    ret[named] = '1';
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | data[i];
        for (held += 8; held >= 5; held -= 5)
            put(&encoder, bits >> (held - 5) & 31);
    }
    if (held)
        put(&encoder, bits << (5 - held) & 31);
    put_checksum(&encoder);
    *encoder.at = '\0';
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The data part of TEXT with its checksum, or an empty span when TEXT is not PREFIX1... of SIZE. */
static struct span data_part(struct span text, const char *prefix, size_t size)
{
    size_t named = strlen(prefix);
    if (text.length + 1 != size || memcmp(text.data, prefix, named) != 0 || text.data[named] != '1')
        return (struct span){NULL, 0};
    return (struct span){text.data + named + 1, text.length - named - 1};
}

static int decode(struct span text, const char *prefix, unsigned char *ret)
{
    const char *letters = is_upper(prefix) ? upper : lower;
    uint32_t sum = begin(prefix), bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.length; i++) {
        const char *letter = text.data[i] ? strchr(letters, text.data[i]) : NULL;
        if (!letter)
            return -EINVAL;
        unsigned five = (unsigned)(letter - letters);
        sum = step(sum, five);
        if (i + BECH32_CHECKSUM >= text.length)
            continue;
        bits = bits << 5 | five;
        held += 5;
        if (held >= 8) {
            held -= 8;
            *ret++ = (unsigned char)(bits >> held);
        }
    }
    /* What fills up the last five bits is zero: each key has one text. */
    return sum == 1 && !(bits & ((1u << held) - 1)) ? 0 : -EINVAL;
}

int bech32_decode(struct span text, const char *prefix, unsigned char *ret, size_t length)
{
    struct span part = data_part(text, prefix, BECH32_SIZE(strlen(prefix), length));
    int r = part.length ? decode(part, prefix, ret) : -EINVAL;
    if (r < 0)
        sodium_memzero(ret, length);
    return r;
}
