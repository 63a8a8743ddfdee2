/* SPDX-License-Identifier: BSD-2-Clause */
/* Which runes can be seen, as Go's unicode.IsPrint has it: letters, marks, numbers, punctuation,
 * symbols, and of the blanks only U+0020. */
#ifndef VSECM_TEMPLATE_PRINTABLE_H
#define VSECM_TEMPLATE_PRINTABLE_H

#include <stdint.h>

/* Non-zero when RUNE, any number, is printable. */
int printable_rune(uint32_t rune);

#endif
