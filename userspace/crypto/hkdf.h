/* SPDX-License-Identifier: BSD-2-Clause */
/* HKDF with SHA-256 (RFC 5869): keys made of a key. */
#ifndef VSECM_CRYPTO_HKDF_H
#define VSECM_CRYPTO_HKDF_H

#include <stddef.h>

#include "base/span.h"

#define HKDF_MAX (255u * 32u) /* bytes that one key gives */

/* LENGTH bytes as they come into HKDF. */
static inline struct span hkdf_bytes(const void *data, size_t length)
{
    return (struct span){data, length};
}

/*
 * LENGTH bytes (at most HKDF_MAX) to RET from KEY, the input keying material. SALT and INFO may be
 * empty. What comes up in between is wiped.
 */
void hkdf_sha256(struct span key, struct span salt, struct span info, unsigned char *ret,
                 size_t length);

#endif
