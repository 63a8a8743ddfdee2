/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/hkdf.h"

#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/utils.h>
#include <string.h>

#define BLOCK crypto_auth_hmacsha256_BYTES

static void update(crypto_auth_hmacsha256_state *state, struct span text)
{
    if (text.length)
        crypto_auth_hmacsha256_update(state, (const unsigned char *)text.data, text.length);
}

/* RFC 5869, 2.2. An empty salt is the same as one of zeros, since HMAC pads its key with them. */
static void extract(struct span key, struct span salt, unsigned char ret[BLOCK])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)(salt.length ? salt.data : ""),
                                salt.length);
    update(&state, key);
    crypto_auth_hmacsha256_final(&state, ret);
    sodium_memzero(&state, sizeof state);
}

/* RFC 5869, 2.3. */
static void expand(const unsigned char key[BLOCK], struct span info, unsigned char *ret,
                   size_t length)
{
    unsigned char block[BLOCK];
    for (unsigned char number = 1; length; number++) {
        crypto_auth_hmacsha256_state state;
        crypto_auth_hmacsha256_init(&state, key, BLOCK);
        update(&state, hkdf_bytes(block, number > 1 ? BLOCK : 0));
        update(&state, info);
        crypto_auth_hmacsha256_update(&state, &number, 1);
        crypto_auth_hmacsha256_final(&state, block);
        sodium_memzero(&state, sizeof state);
        size_t taken = length < BLOCK ? length : BLOCK;
        memcpy(ret, block, taken);
        ret += taken;
        length -= taken;
    }
    sodium_memzero(block, sizeof block);
}

void hkdf_sha256(struct span key, struct span salt, struct span info, unsigned char *ret,
                 size_t length)
{
    unsigned char extracted[BLOCK];
    extract(key, salt, extracted);
    expand(extracted, info, ret, length);
    sodium_memzero(extracted, sizeof extracted);
}
