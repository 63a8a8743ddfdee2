/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decimal digits of a binary floating-point number: all that it has, or the fewest that tell it
 * from its neighbours (Steele and White, "How to print floating-point numbers accurately", 1990).
 * Exact: where the first digits by approximation are not certain, fixed-point numbers with room for
 * every bit decide.
 */
#ifndef VSECM_TEMPLATE_DECIMAL_H
#define VSECM_TEMPLATE_DECIMAL_H

#include <stdint.h>

/* Digits of the longest double are 767; they come in groups of nine. */
#define DECIMAL_DIGITS 784

/* 0.DIGITS * 10^point; no digits at all for 0. */
struct decimal {
    int count, point;
    int more;                             /* non-zero: it goes on behind the digits that are here */
    unsigned char digits[DECIMAL_DIGITS]; /* 0 to 9; the first is not 0, nor the last if !more */
};

/*
 * The digits of MANTISSA * 2^EXPONENT, as many as there are, or MOST and a few. MANTISSA has at
 * most 55 bits, EXPONENT is from -1076 to 971.
 */
void decimal_exact(struct decimal *ret, uint64_t mantissa, int exponent, int most);

/*
 * The fewest digits that are read back as MANTISSA * 2^EXPONENT, and of those the nearest to it.
 * MANTISSA, which is not 0, has at most 53 bits. IS_EDGE: the number below is half as far as the
 * one above, so MANTISSA is a power of two, and not the smallest of them.
 */
void decimal_shortest(struct decimal *ret, uint64_t mantissa, int exponent, int is_edge);

/* Round to COUNT digits, to the even one when two are as near; below 0 there are none. */
void decimal_round(struct decimal *decimal, int count);

#endif
