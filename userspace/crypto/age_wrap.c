/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_wrap.h"

#include <assert.h>
#include <errno.h>
#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/crypto_pwhash_scryptsalsa208sha256.h>
#include <sodium/crypto_scalarmult.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/writer.h"
#include "crypto/age_base64.h"
#include "crypto/age_key.h"
#include "crypto/age_stanza.h"
#include "crypto/hkdf.h"

#define WRAP_KEY 32u
#define SALT 16u

static_assert(AGE_FILE_KEY + crypto_aead_chacha20poly1305_ietf_ABYTES == AGE_STANZA_BODY,
              "a wrapped file key");

/* A wrapping key is used once, so its nonce is zero. */
static const unsigned char nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

static void wrap(const unsigned char key[WRAP_KEY], const unsigned char file_key[AGE_FILE_KEY],
                 unsigned char ret[AGE_STANZA_BODY])
{
    crypto_aead_chacha20poly1305_ietf_encrypt(ret, NULL, file_key, AGE_FILE_KEY, NULL, 0, NULL,
                                              nonce, key);
}

static int unwrap(const unsigned char key[WRAP_KEY], const struct age_stanza *stanza,
                  unsigned char ret[AGE_FILE_KEY])
{
    return crypto_aead_chacha20poly1305_ietf_decrypt(ret, NULL, NULL, stanza->body, AGE_STANZA_BODY,
                                                     NULL, 0, nonce, key)
               ? -ENOKEY
               : 0;
}

/* ---- X25519 ---------------------------------------------------------------------------------- */

/*
 * The wrapping key that SCALAR and POINT agree on; SHARE and RECIPIENT are the two points of it.
 * -EINVAL when they agree on zero.
 */
static int agree(const unsigned char scalar[32], const unsigned char point[32],
                 const unsigned char share[32], const unsigned char recipient[32],
                 unsigned char ret[WRAP_KEY])
{
    static const struct span info = SPAN_LITERAL("age-encryption.org/v1/X25519");
    unsigned char shared[32], salt[64];
    int r = crypto_scalarmult(shared, scalar, point) ? -EINVAL : 0;
    memcpy(salt, share, 32);
    memcpy(salt + 32, recipient, 32);
    if (!r)
        hkdf_sha256(hkdf_bytes(shared, sizeof shared), hkdf_bytes(salt, sizeof salt), info, ret,
                    WRAP_KEY);
    sodium_memzero(shared, sizeof shared);
    return r;
}

int age_wrap_recipient(struct writer *writer, const struct age_recipient *to,
                       const unsigned char file_key[AGE_FILE_KEY])
{
    unsigned char scalar[32], share[32], key[WRAP_KEY], body[AGE_STANZA_BODY];
    char text[AGE_BASE64(sizeof share)];
    struct writer share_text = writer_on(text, sizeof text);
    randombytes_buf(scalar, sizeof scalar);
    crypto_scalarmult_base(share, scalar);
    int r = agree(scalar, to->point, share, to->point, key);
    if (!r) {
        wrap(key, file_key, body);
        age_base64_write(&share_text, share, sizeof share);
        const struct span arguments[] = {SPAN_LITERAL("X25519"), {text, sizeof text}};
        age_stanza_write(writer, arguments, 2, body, sizeof body);
    }
    sodium_memzero(scalar, sizeof scalar);
    sodium_memzero(key, sizeof key);
    return r;
}

int age_wrap_check_recipient(const struct age_stanza *stanza, struct error *error)
{
    unsigned char share[32];
    if (stanza->count != 2 ||
        age_base64_read_exactly(stanza->arguments[1], share, sizeof share) != 0)
        return error_set(error, -EINVAL, "an X25519 stanza must have one share of 32 bytes");
    if (stanza->length != AGE_STANZA_BODY)
        return error_set(error, -EINVAL, "an X25519 stanza must have a body of %u bytes",
                         AGE_STANZA_BODY);
    return 0;
}

int age_wrap_open(const struct age_stanza *stanza, const struct age_identity *identity,
                  unsigned char ret[AGE_FILE_KEY], struct error *error)
{
    unsigned char share[32] = {0}, key[WRAP_KEY];
    age_base64_read_exactly(stanza->arguments[1], share, sizeof share);
    if (agree(identity->scalar, share, share, identity->recipient.point, key))
        return error_set(error, -EINVAL, "an X25519 stanza has a share of low order");
    int r = unwrap(key, stanza, ret);
    sodium_memzero(key, sizeof key);
    return r;
}

/* ---- scrypt ---------------------------------------------------------------------------------- */

/* 0 or -ENOMEM. */
static int stretch(struct span passphrase, const unsigned char salt[SALT], unsigned log_n,
                   unsigned char ret[WRAP_KEY])
{
    static const char label[] = "age-encryption.org/v1/scrypt";
    unsigned char labelled[sizeof label - 1 + SALT];
    memcpy(labelled, label, sizeof label - 1);
    memcpy(labelled + sizeof label - 1, salt, SALT);
    return crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)passphrase.data,
                                                 passphrase.length, labelled, sizeof labelled,
                                                 UINT64_C(1) << log_n, 8, 1, ret, WRAP_KEY)
               ? -ENOMEM
               : 0;
}

int age_wrap_passphrase(struct writer *writer, struct span passphrase, unsigned log_n,
                        const unsigned char file_key[AGE_FILE_KEY])
{
    unsigned char salt[SALT], key[WRAP_KEY], body[AGE_STANZA_BODY];
    char salt_text[AGE_BASE64(SALT)], work_text[20];
    struct writer salt_writer = writer_on(salt_text, sizeof salt_text);
    struct writer work_writer = writer_on(work_text, sizeof work_text);
    randombytes_buf(salt, sizeof salt);
    int r = stretch(passphrase, salt, log_n, key);
    if (!r) {
        wrap(key, file_key, body);
        age_base64_write(&salt_writer, salt, sizeof salt);
        writer_u64(&work_writer, log_n);
        const struct span arguments[] = {
            SPAN_LITERAL("scrypt"), {salt_text, sizeof salt_text}, {work_text, work_writer.used}};
        age_stanza_write(writer, arguments, 3, body, sizeof body);
    }
    sodium_memzero(key, sizeof key);
    return r;
}

/* Decimal without a zero in front. What is too large to be read is too much work in any case. */
static int read_work(struct span text, uint64_t *ret)
{
    if (!text.length || text.data[0] == '0')
        return -EINVAL;
    int r = str_u64(text, UINT64_MAX, ret);
    if (r == -ERANGE)
        *ret = UINT64_MAX;
    return r == -EINVAL ? r : 0;
}

int age_wrap_check_passphrase(const struct age_stanza *stanza, struct error *error)
{
    unsigned char salt[SALT];
    uint64_t work;
    if (stanza->count != 3 || age_base64_read_exactly(stanza->arguments[1], salt, sizeof salt) ||
        read_work(stanza->arguments[2], &work))
        return error_set(error, -EINVAL,
                         "a scrypt stanza must have a salt of %u bytes and a work factor", SALT);
    if (stanza->length != AGE_STANZA_BODY)
        return error_set(error, -EINVAL, "a scrypt stanza must have a body of %u bytes",
                         AGE_STANZA_BODY);
    return 0;
}

int age_wrap_open_passphrase(const struct age_stanza *stanza, struct span passphrase,
                             unsigned max_log_n, unsigned char ret[AGE_FILE_KEY],
                             struct error *error)
{
    unsigned char salt[SALT] = {0}, key[WRAP_KEY];
    uint64_t work = UINT64_MAX;
    age_base64_read_exactly(stanza->arguments[1], salt, sizeof salt);
    read_work(stanza->arguments[2], &work);
    if (work > max_log_n)
        return error_set(error, -EINVAL,
                         "the passphrase asks for more work than is accepted (2^%u)", max_log_n);
    if (stretch(passphrase, salt, (unsigned)work, key))
        return error_set(error, -ENOMEM, "scrypt needs %llu MiB of memory",
                         (1ull << work) / 1024 + 1);
    int r = unwrap(key, stanza, ret);
    sodium_memzero(key, sizeof key);
    return r ? error_set(error, r, "the passphrase is wrong") : 0;
}
