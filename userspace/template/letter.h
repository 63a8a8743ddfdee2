/* SPDX-License-Identifier: BSD-2-Clause */
/* Which runes are letters or digits, as Go's unicode.IsLetter and unicode.IsDigit have it. */
#ifndef VSECM_TEMPLATE_LETTER_H
#define VSECM_TEMPLATE_LETTER_H

#include <stdint.h>

/* Non-zero for Unicode's category L. */
int letter_is(uint32_t rune);

/* Non-zero for its category Nd, the decimal digits of every script. */
int letter_is_digit(uint32_t rune);

#endif
