/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_key.h"

#include <assert.h>
#include <errno.h>
#include <sodium/crypto_scalarmult.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <string.h>

#include "base/str.h"
#include "crypto/bech32.h"

#define IDENTITY_PREFIX "AGE-SECRET-KEY-"
#define RECIPIENT_PREFIX "age"

static_assert(AGE_KEY_IDENTITY_TEXT == BECH32_SIZE(sizeof IDENTITY_PREFIX - 1, 32),
              "an identity's text");
static_assert(AGE_KEY_RECIPIENT_TEXT == BECH32_SIZE(sizeof RECIPIENT_PREFIX - 1, 32),
              "a recipient's text");

void age_key_generate(struct age_identity *ret)
{
    randombytes_buf(ret->scalar, sizeof ret->scalar);
    crypto_scalarmult_base(ret->recipient.point, ret->scalar);
}

int age_key_read_identity(struct span text, struct age_identity *ret)
{
    *ret = (struct age_identity){.scalar = {0}};
    if (bech32_decode(text, IDENTITY_PREFIX, ret->scalar, sizeof ret->scalar))
        return -EINVAL;
    crypto_scalarmult_base(ret->recipient.point, ret->scalar);
    return 0;
}

int age_key_read_recipient(struct span text, struct age_recipient *ret)
{
    /* Every scalar is a multiple of eight, which takes a point of low order to zero. */
    static const unsigned char any[32] = {8};
    unsigned char shared[32];
    int r = bech32_decode(text, RECIPIENT_PREFIX, ret->point, sizeof ret->point);
    if (!r && crypto_scalarmult(shared, any, ret->point)) {
        *ret = (struct age_recipient){.point = {0}};
        r = -EINVAL;
    }
    return r;
}

void age_key_write_identity(const struct age_identity *identity, char ret[AGE_KEY_IDENTITY_TEXT])
{
    bech32_encode(IDENTITY_PREFIX, identity->scalar, sizeof identity->scalar, ret);
}

void age_key_write_recipient(const struct age_recipient *recipient,
                             char ret[AGE_KEY_RECIPIENT_TEXT])
{
    bech32_encode(RECIPIENT_PREFIX, recipient->point, sizeof recipient->point, ret);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int read_lines(struct span text, struct age_identity *ret, size_t max, size_t *count,
                      unsigned *line)
{
    while (text.length) {
        struct span one = str_cut_line(&text);
        ++*line;
        if (!one.length || one.data[0] == '#')
            continue;
        if (*count == max)
            return -E2BIG;
        if (age_key_read_identity(one, &ret[*count]))
            return -EINVAL;
        ++*count;
    }
    return *count ? 0 : -ENOENT;
}

int age_key_read_file(struct span text, struct age_identity *ret, size_t max, size_t *count,
                      unsigned *line)
{
    *count = *line = 0;
    int r = read_lines(text, ret, max, count, line);
    if (r < 0) {
        sodium_memzero(ret, *count * sizeof *ret);
        *count = 0;
    }
    return r;
}

void age_key_wipe(struct age_identity *identity)
{
    if (identity)
        sodium_memzero(identity, sizeof *identity);
}
