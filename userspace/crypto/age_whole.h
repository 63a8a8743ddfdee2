/* SPDX-License-Identifier: BSD-2-Clause */
/* Age files that are in memory as a whole: sealed and armoured, and opened, in one go. */
#ifndef VSECM_CRYPTO_AGE_WHOLE_H
#define VSECM_CRYPTO_AGE_WHOLE_H

#include <stddef.h>

#include "base/span.h"
#include "crypto/age.h"
#include "crypto/age_key.h"

struct arena;
struct error;

/* What sealing takes besides: the caller's, in the arena or in locked memory. */
struct age_whole_seal {
    struct age_writer writer;
    struct age_armor_writer armor;
    unsigned char file_key[AGE_FILE_KEY];
};

/* Bytes of the armoured file of LENGTH bytes for one recipient, at most. */
size_t age_whole_size(size_t length);

/*
 * PLAIN as an armoured age file for TO in RET, which has age_whole_size() bytes, no NUL. WORK is
 * wiped. 0 with *length, or -EINVAL when nothing can be sealed to TO.
 */
int age_whole_seal(struct age_whole_seal *work, struct span plain, const struct age_recipient *to,
                   char *ret, size_t *length);

/*
 * PLAIN as an armoured age file for COUNT recipients. 0 with *ret, *length bytes and a NUL, to be
 * freed; -EINVAL: as age_header_write(); -ENOSPC: the arena is full; -ENOMEM.
 */
int age_whole_make(struct arena *arena, struct span plain, const struct age_recipient *to,
                   size_t count, char **ret, size_t *length);

/*
 * Open SEALED, a whole age file, armoured or not, with one of COUNT identities: *ret of *length
 * bytes in the arena, to be arena_free()d, and the MARK in its header (may be NULL). -EINVAL or
 * -EBADMSG, -ENOKEY (sealed to others) with *error, -ENOSPC.
 */
int age_whole_open(struct arena *arena, struct span sealed, const struct age_identity *identities,
                   size_t count, char **ret, size_t *length, char mark[AGE_MARK + 1],
                   struct error *error);

#endif
