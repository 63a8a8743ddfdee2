/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first digits of a binary number in constant time, by an approximation whose error is known.
 * It either is sure of them or says that it is not.
 */
#ifndef VSECM_TEMPLATE_LEADING_H
#define VSECM_TEMPLATE_LEADING_H

#include <stdint.h>

#define LEADING_DIGITS 18 /* at least so many are found, at most one more */

/*
 * MANTISSA * 2^EXPONENT (MANTISSA not 0, EXPONENT from -1100 to 1100) lies between *digits *
 * 10^*scale and (*digits + 1) * 10^*scale, and is neither. Non-zero when that is certain. Numbers
 * that do end after a few digits are not certain, and one in 10^17 others.
 */
int leading_find(uint64_t mantissa, int exponent, uint64_t *digits, int *scale);

#endif
