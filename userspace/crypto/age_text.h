/* SPDX-License-Identifier: BSD-2-Clause */
/* Small age files as a whole: plaintext in the arena on one side, sealed bytes on the other. */
#ifndef VSECM_CRYPTO_AGE_TEXT_H
#define VSECM_CRYPTO_AGE_TEXT_H

#include <stddef.h>

#include "base/span.h"
#include "crypto/age_header.h"

struct age_identity;
struct age_recipient;
struct arena;
struct error;

/*
 * Seal PLAIN to the COUNT recipients TO, armoured. 0 with *ret, *length bytes and a NUL, to be
 * freed; -EINVAL: as age_header_write(); -ENOSPC: the arena is full; -ENOMEM.
 */
int age_text_seal(struct arena *arena, const struct age_recipient *to, size_t count,
                  struct span plain, char **ret, size_t *length);

/*
 * Open SEALED, a whole age file, armoured or not, with one of COUNT identities: *ret of *length
 * bytes in the arena and a NUL, to be arena_free()d, and the mark in its header. As
 * age_reader_end() returns, or -ENOSPC: the arena is full.
 */
int age_text_open(struct arena *arena, const struct age_identity *identities, size_t count,
                  struct span sealed, char **ret, size_t *length, char mark[AGE_MARK + 1],
                  struct error *error);

#endif
