/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of age files (age-encryption.org/v1, "The X25519 recipient type"): X25519 (RFC 7748),
 * written in Bech32. A recipient is public, an identity is secret: it belongs in locked memory.
 */
#ifndef VSECM_CRYPTO_AGE_KEY_H
#define VSECM_CRYPTO_AGE_KEY_H

#include <stddef.h>

#include "base/span.h"

struct age_recipient {
    unsigned char point[32];
};

struct age_identity {
    unsigned char scalar[32];
    struct age_recipient recipient;
};

#define AGE_KEY_IDENTITY_TEXT 75  /* "AGE-SECRET-KEY-1..." with its NUL */
#define AGE_KEY_RECIPIENT_TEXT 63 /* "age1..." with its NUL */

/* A new random identity. */
void age_key_generate(struct age_identity *ret);

/* Read one key, nothing before or behind it. 0, or -EINVAL and *ret zeroed. */
int age_key_read_identity(struct span text, struct age_identity *ret);

/* Points of low order are refused too: what is sealed to them is open to everybody. */
int age_key_read_recipient(struct span text, struct age_recipient *ret);

void age_key_write_identity(const struct age_identity *identity, char ret[AGE_KEY_IDENTITY_TEXT]);
void age_key_write_recipient(const struct age_recipient *recipient,
                             char ret[AGE_KEY_RECIPIENT_TEXT]);

/*
 * An identity file as age-keygen writes it: lines that begin with '#' and empty ones mean nothing,
 * every other is one identity. 0 with *COUNT of them (at most MAX) in RET, or: -EINVAL with *LINE,
 * from 1, being none, -E2BIG when there are more than MAX, -ENOENT when there is none. On failure
 * *COUNT is 0 and RET holds nothing.
 */
int age_key_read_file(struct span text, struct age_identity *ret, size_t max, size_t *count,
                      unsigned *line);

/* NULL is fine. */
void age_key_wipe(struct age_identity *identity);

#endif
