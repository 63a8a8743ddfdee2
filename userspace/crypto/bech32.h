/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bech32 (BIP-173): bytes as text with a checksum, without the length limit of 90, as age wants it.
 * The text has the case of its human-readable part: upper case with "AGE-SECRET-KEY-", else lower.
 */
#ifndef VSECM_CRYPTO_BECH32_H
#define VSECM_CRYPTO_BECH32_H

#include <stddef.h>

#include "base/span.h"

#define BECH32_CHECKSUM 6u

/* Characters of LENGTH bytes behind a human-readable part of PREFIX characters, with the NUL. */
#define BECH32_SIZE(prefix, length) ((prefix) + 1u + ((length)*8u + 4u) / 5u + BECH32_CHECKSUM + 1u)

/* Write LENGTH bytes at DATA behind PREFIX; RET has BECH32_SIZE(strlen(PREFIX), LENGTH) bytes. */
void bech32_encode(const char *prefix, const unsigned char *data, size_t length, char *ret);

/*
 * Read TEXT, which must be PREFIX, in its case, and exactly LENGTH bytes. 0, or -EINVAL and RET
 * zeroed. No copy is left behind.
 */
int bech32_decode(struct span text, const char *prefix, unsigned char *ret, size_t length);

#endif
