/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of an age file (age-encryption.org/v1, "Payload"): a nonce, then chunks of 64 KiB,
 * each sealed with ChaCha20-Poly1305. The last chunk says that it is; it is empty only when the
 * whole payload is.
 */
#ifndef VSECM_CRYPTO_AGE_PAYLOAD_H
#define VSECM_CRYPTO_AGE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/age_header.h"

#define AGE_PAYLOAD_CHUNK 65536u
#define AGE_PAYLOAD_NONCE 16u
#define AGE_PAYLOAD_TAG 16u
#define AGE_PAYLOAD_SEALED_CHUNK (AGE_PAYLOAD_CHUNK + AGE_PAYLOAD_TAG)

/* ---- in one go ------------------------------------------------------------------------------- */

/* Bytes of a payload, its nonce included, of PLAIN bytes (at most SIZE_MAX / 2). */
size_t age_payload_sealed(size_t plain);

/* The reverse: 0 with *PLAIN, or -EINVAL when no payload has SEALED bytes. */
int age_payload_plain(size_t sealed, size_t *plain);

/*
 * Seal LENGTH bytes at PLAIN into RET of age_payload_sealed(LENGTH) bytes, which must not overlap.
 * The nonce is new and random each time and gives each payload a key of its own, so one file key
 * may seal many.
 */
void age_payload_seal(const unsigned char file_key[AGE_FILE_KEY], const void *plain, size_t length,
                      unsigned char *ret);

/*
 * Open a payload of LENGTH bytes into RET, which has as many bytes as age_payload_plain() says and
 * must not overlap. 0, -EINVAL (no payload has that size; RET is left alone), or -EBADMSG (changed,
 * or another key; RET is wiped).
 */
int age_payload_open(const unsigned char file_key[AGE_FILE_KEY], const unsigned char *sealed,
                     size_t length, void *ret);

/* ---- chunk by chunk -------------------------------------------------------------------------- */

/* A payload under way: secret. */
struct age_payload {
    unsigned char key[32];
    uint64_t next; /* number of the next chunk */
};

void age_payload_begin(struct age_payload *payload, const unsigned char file_key[AGE_FILE_KEY],
                       const unsigned char nonce[AGE_PAYLOAD_NONCE]);

/*
 * Seal the next chunk, LENGTH bytes, into RET of LENGTH + AGE_PAYLOAD_TAG bytes, which may begin
 * where PLAIN does. Every chunk but the last has AGE_PAYLOAD_CHUNK bytes.
 */
void age_payload_seal_chunk(struct age_payload *payload, const void *plain, size_t length,
                            bool is_last, unsigned char *ret);

/*
 * Open the next chunk, LENGTH bytes with its tag, into RET, which may begin where SEALED does. 0,
 * or -EBADMSG: changed, out of place, or not the last where it should be; nothing of it is in RET.
 */
int age_payload_open_chunk(struct age_payload *payload, const unsigned char *sealed, size_t length,
                           bool is_last, void *ret);

/* NULL is fine. */
void age_payload_wipe(struct age_payload *payload);

#endif
