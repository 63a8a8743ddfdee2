/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_payload.h"

#include <assert.h>
#include <errno.h>
#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <string.h>

#include "crypto/hkdf.h"

#define NONCE crypto_aead_chacha20poly1305_ietf_NPUBBYTES

static_assert(AGE_PAYLOAD_TAG == crypto_aead_chacha20poly1305_ietf_ABYTES, "a chunk's tag");

/* ---- chunk by chunk -------------------------------------------------------------------------- */

void age_payload_begin(struct age_payload *payload, const unsigned char file_key[AGE_FILE_KEY],
                       const unsigned char nonce[AGE_PAYLOAD_NONCE])
{
    static const struct span info = SPAN_LITERAL("payload");
    payload->next = 0;
    hkdf_sha256(hkdf_bytes(file_key, AGE_FILE_KEY), hkdf_bytes(nonce, AGE_PAYLOAD_NONCE), info,
                payload->key, sizeof payload->key);
}

/* Eleven bytes of a big-endian counter, and one that is 1 for the last chunk. */
static void take_nonce(struct age_payload *payload, bool is_last, unsigned char ret[NONCE])
{
    uint64_t number = payload->next++;
    memset(ret, 0, NONCE);
    for (size_t i = NONCE - 1; number; number >>= 8)
        ret[--i] = (unsigned char)number;
    ret[NONCE - 1] = is_last;
}

void age_payload_seal_chunk(struct age_payload *payload, const void *plain, size_t length,
                            bool is_last, unsigned char *ret)
{
    unsigned char nonce[NONCE];
    take_nonce(payload, is_last, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(ret, NULL, plain, length, NULL, 0, NULL, nonce,
                                              payload->key);
}

int age_payload_open_chunk(struct age_payload *payload, const unsigned char *sealed, size_t length,
                           bool is_last, void *ret)
{
    unsigned char nonce[NONCE];
    bool is_empty = length == AGE_PAYLOAD_TAG && payload->next > 0;
    take_nonce(payload, is_last, nonce);
    if (length < AGE_PAYLOAD_TAG || is_empty ||
        crypto_aead_chacha20poly1305_ietf_decrypt(ret, NULL, NULL, sealed, length, NULL, 0, nonce,
                                                  payload->key))
        return -EBADMSG;
    return 0;
}

void age_payload_wipe(struct age_payload *payload)
{
    if (payload)
        sodium_memzero(payload, sizeof *payload);
}

/* ---- in one go ------------------------------------------------------------------------------- */

size_t age_payload_sealed(size_t plain)
{
    size_t chunks = plain ? (plain - 1) / AGE_PAYLOAD_CHUNK + 1 : 1;
    return AGE_PAYLOAD_NONCE + plain + chunks * AGE_PAYLOAD_TAG;
}

int age_payload_plain(size_t sealed, size_t *plain)
{
    if (sealed < AGE_PAYLOAD_NONCE + AGE_PAYLOAD_TAG)
        return -EINVAL;
    size_t chunks = (sealed - AGE_PAYLOAD_NONCE - 1) / AGE_PAYLOAD_SEALED_CHUNK + 1;
    size_t overhead = AGE_PAYLOAD_NONCE + chunks * AGE_PAYLOAD_TAG;
    size_t before = (chunks - 1) * AGE_PAYLOAD_CHUNK;
    /* The last of several chunks has a byte at least. */
    if (sealed < overhead + before + (chunks > 1))
        return -EINVAL;
    *plain = sealed - overhead;
    return 0;
}

void age_payload_seal(const unsigned char file_key[AGE_FILE_KEY], const void *plain, size_t length,
                      unsigned char *ret)
{
    struct age_payload payload;
    const unsigned char *from = plain;
    randombytes_buf(ret, AGE_PAYLOAD_NONCE);
    age_payload_begin(&payload, file_key, ret);
    ret += AGE_PAYLOAD_NONCE;
    for (; length > AGE_PAYLOAD_CHUNK; length -= AGE_PAYLOAD_CHUNK) {
        age_payload_seal_chunk(&payload, from, AGE_PAYLOAD_CHUNK, false, ret);
        from += AGE_PAYLOAD_CHUNK;
        ret += AGE_PAYLOAD_SEALED_CHUNK;
    }
    age_payload_seal_chunk(&payload, from, length, true, ret);
    age_payload_wipe(&payload);
}

int age_payload_open(const unsigned char file_key[AGE_FILE_KEY], const unsigned char *sealed,
                     size_t length, void *ret)
{
    struct age_payload payload;
    size_t plain = 0;
    int r = age_payload_plain(length, &plain);
    if (r < 0)
        return r;
    age_payload_begin(&payload, file_key, sealed);
    sealed += AGE_PAYLOAD_NONCE;
    length -= AGE_PAYLOAD_NONCE;
    unsigned char *to = ret;
    for (; !r && length > AGE_PAYLOAD_SEALED_CHUNK; length -= AGE_PAYLOAD_SEALED_CHUNK) {
        r = age_payload_open_chunk(&payload, sealed, AGE_PAYLOAD_SEALED_CHUNK, false, to);
        sealed += AGE_PAYLOAD_SEALED_CHUNK;
        to += AGE_PAYLOAD_CHUNK;
    }
    if (!r)
        r = age_payload_open_chunk(&payload, sealed, length, true, to);
    if (r < 0)
        sodium_memzero(ret, plain);
    age_payload_wipe(&payload);
    return r;
}
