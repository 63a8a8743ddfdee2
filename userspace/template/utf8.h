/* SPDX-License-Identifier: BSD-2-Clause */
/* Runes as Go's unicode/utf8 reads and writes them. */
#ifndef VSECM_TEMPLATE_UTF8_H
#define VSECM_TEMPLATE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define UTF8_ERROR 0xfffdu /* what stands for a byte that belongs to no rune */
#define UTF8_MAX 4u        /* bytes of the longest rune */

/* The rune at the front of TEXT (not empty), and its bytes; UTF8_ERROR and 1 where there is none.
 */
size_t utf8_decode(struct span text, uint32_t *rune);

/* Write RUNE to RET, which has room for UTF8_MAX bytes; what is no rune is written as UTF8_ERROR.
 * The bytes written. */
size_t utf8_encode(uint32_t rune, char *ret);

/* Runes in TEXT, each byte that belongs to none counted as one. */
size_t utf8_count(struct span text);

#endif
