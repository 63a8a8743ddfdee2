/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as Go's strconv writes them. */
#ifndef VSECM_TEMPLATE_NUMBER_H
#define VSECM_TEMPLATE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

struct text;

#define NUMBER_SHORTEST (-1) /* precision: as many digits as are needed to read VALUE back */

/*
 * strconv.FormatFloat. VERB is one of e E f g G (decimal), b (mantissa and exponent of two), x X
 * (hexadecimal). PRECISION counts digits behind the point, for g and G all digits. BITS is 64, or
 * 32 for VALUE taken as a float.
 */
void number_format(struct text *out, double value, char verb, int precision, int bits);

/* VALUE to BASE (2 to 16) with DIGITS for its digits, and zeros in front up to LEAST digits. */
void number_unsigned(struct text *out, uint64_t value, unsigned base, const char *digits,
                     size_t least);

/* For number_unsigned(). */
#define NUMBER_LOWER "0123456789abcdef"
#define NUMBER_UPPER "0123456789ABCDEF"

#endif
