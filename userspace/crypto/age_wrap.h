/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file key in a stanza (age-encryption.org/v1, "The X25519 recipient type", "The scrypt recipient
 * type").
 */
#ifndef VSECM_CRYPTO_AGE_WRAP_H
#define VSECM_CRYPTO_AGE_WRAP_H

#include <stddef.h>

#include "base/span.h"
#include "crypto/age_header.h"

struct age_identity;
struct age_recipient;
struct age_stanza;
struct error;
struct writer;

/* Write the X25519 stanza for one recipient. 0, or -EINVAL: a point of low order. */
int age_wrap_recipient(struct writer *writer, const struct age_recipient *to,
                       const unsigned char file_key[AGE_FILE_KEY]);

/* Write the scrypt stanza. 0 or -ENOMEM. */
int age_wrap_passphrase(struct writer *writer, struct span passphrase, unsigned log_n,
                        const unsigned char file_key[AGE_FILE_KEY]);

/* Check the form of a stanza whose first argument is "X25519", "scrypt". 0 or -EINVAL. */
int age_wrap_check_recipient(const struct age_stanza *stanza, struct error *error);
int age_wrap_check_passphrase(const struct age_stanza *stanza, struct error *error);

/*
 * Open an X25519 stanza of good form. 0, -ENOKEY: for somebody else, or -EINVAL: its share is a
 * point of low order.
 */
int age_wrap_open(const struct age_stanza *stanza, const struct age_identity *identity,
                  unsigned char ret[AGE_FILE_KEY], struct error *error);

/*
 * Open a scrypt stanza of good form. 0, -ENOKEY: another passphrase, -EINVAL: more work than
 * 2^MAX_LOG_N, or -ENOMEM.
 */
int age_wrap_open_passphrase(const struct age_stanza *stanza, struct span passphrase,
                             unsigned max_log_n, unsigned char ret[AGE_FILE_KEY],
                             struct error *error);

#endif
