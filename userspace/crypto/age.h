/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole age files (age-encryption.org/v1), streaming, in bounded memory. Both structs are plain
 * memory of the caller's and hold plaintext and keys: they belong in the arena or in locked memory.
 * They need no set-up before and nothing after a _begin() but a _wipe().
 */
#ifndef VSECM_CRYPTO_AGE_H
#define VSECM_CRYPTO_AGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "crypto/age_armor.h"
#include "crypto/age_header.h"
#include "crypto/age_payload.h"

struct age_identity;
struct error;

/* ---- writing --------------------------------------------------------------------------------- */

struct age_writer {
    age_sink *sink;
    void *context;
    int failed; /* what ended the work */
    struct age_payload payload;
    size_t used;
    unsigned char chunk[AGE_PAYLOAD_SEALED_CHUNK];
};

/*
 * Begin a file of HEADER, made of FILE_KEY by age_header_write(). A file key is for one file. The
 * sink gets the header and the nonce. 0 or what the sink returned. For an armoured file the sink is
 * age_armor_writer_write().
 */
int age_writer_begin(struct age_writer *writer, struct span header,
                     const unsigned char file_key[AGE_FILE_KEY], age_sink *sink, void *context);

/* Seal LENGTH bytes more. 0 or what the sink returned, then and ever after. */
int age_writer_write(struct age_writer *writer, const void *data, size_t length);

/* Write the last chunk, without which nothing can be read, and wipe. 0 or what the sink returned.
 */
int age_writer_end(struct age_writer *writer);

/* NULL is fine, and twice is. */
void age_writer_wipe(struct age_writer *writer);

/* ---- reading --------------------------------------------------------------------------------- */

/* Asked for a passphrase: 0 with *RET, which stays the callee's, or -errno with *error set. */
typedef int age_ask(void *context, struct span *ret, struct error *error);

/* What a file may be opened with. All of it is the caller's and must live as long as the reader. */
struct age_keys {
    const struct age_identity *identities;
    size_t count;
    struct span passphrase; /* empty: none */
    age_ask *ask;           /* called at most once, when a file needs a passphrase; may be NULL */
    void *context;          /* of ask */
};

struct age_reader {
    struct age_keys keys;
    age_sink *sink;
    void *context;
    int state;
    int failed; /* what ended the work */
    bool is_armored;
    struct age_armor_reader armor;
    struct error *error; /* of the call under way */
    struct age_payload payload;
    size_t used;
    size_t line;             /* where the line of the header that is being read begins */
    char mark[AGE_MARK + 1]; /* of the header, once it is open; "" for none */
    unsigned char chunk[AGE_PAYLOAD_SEALED_CHUNK];
};

/* Read a file, armoured or not. The sink gets plaintext, each chunk once it has been verified. */
void age_reader_begin(struct age_reader *reader, const struct age_keys *keys, age_sink *sink,
                      void *context);

/*
 * Read LENGTH bytes more of the file. 0, or, with *error set: what age_header_open() and
 * age_header_open_passphrase() return, -EBADMSG (a chunk was changed), or -EINVAL (the armour is
 * malformed); or what the sink or `ask` returned. The first failure ends the work and is
 * returned ever after.
 */
int age_reader_write(struct age_reader *reader, const void *data, size_t length,
                     struct error *error);

/*
 * The file has ended: verify and give out the last chunk, and wipe. 0, -EINVAL or -EBADMSG when the
 * file was cut short or goes on behind its last chunk; then what was given out is only its front.
 */
int age_reader_end(struct age_reader *reader, struct error *error);

/* NULL is fine, and twice is. */
void age_reader_wipe(struct age_reader *reader);

#endif
