/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64 as an age file has it: RFC 4648, section 4, and one text only for the same bytes (section
 * 3.5). Headers have no padding, the armour has.
 */
#ifndef VSECM_CRYPTO_AGE_BASE64_H
#define VSECM_CRYPTO_AGE_BASE64_H

#include <stddef.h>

#include "base/span.h"

struct writer;

/* Characters of LENGTH bytes. */
#define AGE_BASE64(length) (((length)*4u + 2u) / 3u)

/* Bytes that one call takes: a line of a stanza's body. */
#define AGE_BASE64_LINE 48u

/* Write LENGTH bytes, at most AGE_BASE64_LINE. Not for secrets. */
void age_base64_write(struct writer *writer, const void *data, size_t length);

/* Read TEXT into RET of SIZE bytes. 0 with *LENGTH, or -EINVAL: not canonical, or too long. */
int age_base64_read(struct span text, void *ret, size_t size, size_t *length);

/* The same with padding, which must be there: as the armour has it. */
int age_base64_read_padded(struct span text, void *ret, size_t size, size_t *length);

/* age_base64_read() for exactly LENGTH bytes. 0 or -EINVAL. */
int age_base64_read_exactly(struct span text, void *ret, size_t length);

#endif
