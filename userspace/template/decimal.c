/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/decimal.h"

#include <string.h>

#include "template/leading.h"

#define GROUP 1000000000u /* as many digits as go through one word: GROUP_DIGITS */
#define GROUP_DIGITS 9
#define WORD 32
#define POINT 34  /* words behind the binary point: 1076 bits */
#define WORDS 67  /* with those before it: 1024 bits, and a word that takes what is shifted out */
#define GROUPS 35 /* of a number of 1024 bits */
#define ROUND_TRIP 17 /* digits are always enough to tell a double from all others */

/* A fixed-point number, lowest word first. Words outside of [low, high) are zero. */
struct fixed {
    uint32_t words[WORDS];
    int low, high;
};

static void fixed_set(struct fixed *fixed, uint64_t mantissa, int exponent)
{
    int bit = exponent + POINT * WORD, shift = bit % WORD;
    memset(fixed, 0, sizeof *fixed);
    fixed->low = bit / WORD;
    fixed->high = fixed->low + 3;
    uint32_t *at = fixed->words + fixed->low;
    uint64_t lower = (mantissa & UINT32_MAX) << shift;
    uint64_t upper = ((mantissa >> WORD) << shift) + (lower >> WORD);
    at[0] = (uint32_t)lower;
    at[1] = (uint32_t)upper;
    at[2] = (uint32_t)(upper >> WORD);
}

/* Leave out zero words at both ends of what is behind the point. */
static void trim_fraction(struct fixed *fixed)
{
    if (fixed->high > POINT)
        fixed->high = POINT;
    while (fixed->low < fixed->high && fixed->words[fixed->low] == 0)
        fixed->low++;
    while (fixed->low < fixed->high && fixed->words[fixed->high - 1] == 0)
        fixed->high--;
}

/* The next nine digits behind the point, which are taken off. */
static uint32_t take_fraction(struct fixed *fixed)
{
    uint64_t carry = 0;
    for (int i = fixed->low; i < fixed->high; i++) {
        carry += (uint64_t)fixed->words[i] * GROUP;
        fixed->words[i] = (uint32_t)carry;
        carry >>= WORD;
    }
    if (fixed->high < POINT) {
        fixed->words[fixed->high++] = (uint32_t)carry;
        carry = 0;
    }
    trim_fraction(fixed);
    return (uint32_t)carry;
}

/* The last nine digits before the point, which are taken off. */
static uint32_t take_integer(struct fixed *fixed)
{
    uint64_t rest = 0;
    for (int i = fixed->high; i-- > POINT;) {
        rest = rest << WORD | fixed->words[i];
        fixed->words[i] = (uint32_t)(rest / GROUP);
        rest %= GROUP;
    }
    while (fixed->high > POINT && fixed->words[fixed->high - 1] == 0)
        fixed->high--;
    return (uint32_t)rest;
}

static void put_group(struct decimal *ret, uint32_t group)
{
    for (uint32_t unit = GROUP / 10; unit > 0; unit /= 10) {
        unsigned char digit = (unsigned char)(group / unit % 10);
        if (ret->count == 0 && digit == 0)
            ret->point--;
        else
            ret->digits[ret->count++] = digit;
    }
}

static void drop_zeros(struct decimal *decimal)
{
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == 0)
        decimal->count--;
}

/* NUMBER * 10^scale, and something behind it when MORE. */
static void set_number(struct decimal *ret, uint64_t number, int scale, int more)
{
    unsigned char digits[20]; /* of UINT64_MAX */
    int i = sizeof digits;
    for (; number > 0; number /= 10)
        digits[--i] = (unsigned char)(number % 10);
    ret->count = (int)sizeof digits - i;
    ret->point = scale + ret->count;
    ret->more = more;
    memcpy(ret->digits, digits + i, (size_t)ret->count);
    explicit_bzero(digits, sizeof digits);
    if (!more)
        drop_zeros(ret);
}

/* All digits, or MOST and a few, whatever it takes: some microseconds for the largest numbers. */
static void set_exact(struct decimal *ret, uint64_t mantissa, int exponent, int most)
{
    struct fixed fixed;
    uint32_t groups[GROUPS];
    int count = 0;
    ret->count = 0;
    fixed_set(&fixed, mantissa, exponent);
    while (fixed.high > POINT)
        groups[count++] = take_integer(&fixed);
    ret->point = count * GROUP_DIGITS;
    for (int i = count; i-- > 0;)
        put_group(ret, groups[i]);
    trim_fraction(&fixed);
    while (fixed.low < fixed.high && ret->count < most)
        put_group(ret, take_fraction(&fixed));
    ret->more = fixed.low < fixed.high;
    if (!ret->more)
        drop_zeros(ret);
    explicit_bzero(groups, sizeof groups);
    explicit_bzero(&fixed, sizeof fixed);
}

void decimal_exact(struct decimal *ret, uint64_t mantissa, int exponent, int most)
{
    uint64_t digits;
    int scale;
    if (mantissa == 0)
        set_number(ret, 0, 0, 0);
    else if (most <= LEADING_DIGITS && leading_find(mantissa, exponent, &digits, &scale))
        set_number(ret, digits, scale, 1);
    else
        set_exact(ret, mantissa, exponent, most);
}

/* ---- rounding -------------------------------------------------------------------------------- */

/* Is what stands behind the first COUNT digits more than half of the last of them? IS_ODD decides
 * when it is exactly half. */
static int is_above_half(const struct decimal *decimal, int count, int is_odd)
{
    if (count >= decimal->count)
        return 0;
    if (decimal->digits[count] != 5)
        return decimal->digits[count] > 5;
    return count + 1 < decimal->count || decimal->more || is_odd;
}

void decimal_round(struct decimal *decimal, int count)
{
    if (count >= decimal->count)
        return;
    int up = count >= 0 &&
             is_above_half(decimal, count, count > 0 && decimal->digits[count - 1] % 2 != 0);
    decimal->count = count < 0 ? 0 : count;
    decimal->more = 0;
    if (!up) {
        drop_zeros(decimal);
        return;
    }
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == 9)
        decimal->count--;
    if (decimal->count == 0) {
        decimal->digits[decimal->count++] = 1;
        decimal->point++;
    } else {
        decimal->digits[decimal->count - 1]++;
    }
}

/* ---- the shortest ---------------------------------------------------------------------------- */

/* Where a decimal number begins that is written below another with a higher point. */
struct aligned {
    struct decimal decimal;
    int shift;
    uint64_t prefix; /* its first digits, in this alignment, as a number */
};

static void extend(struct aligned *aligned, int at)
{
    int i = at - aligned->shift;
    int digit = i >= 0 && i < aligned->decimal.count ? aligned->decimal.digits[i] : 0;
    aligned->prefix = aligned->prefix * 10 + (unsigned)digit;
}

/* Is there anything but zeros behind its first COUNT digits? */
static int goes_on(const struct aligned *aligned, int count)
{
    return aligned->decimal.more || aligned->decimal.count > count - aligned->shift;
}

void decimal_shortest(struct decimal *ret, uint64_t mantissa, int exponent, int is_edge)
{
    /* Quarters, so that half-ways to the neighbours are whole: low < here < high. */
    struct aligned low, here, high;
    decimal_exact(&low.decimal, 4 * mantissa - (is_edge ? 1 : 2), exponent - 2, ROUND_TRIP + 1);
    decimal_exact(&here.decimal, 4 * mantissa, exponent - 2, ROUND_TRIP + 1);
    decimal_exact(&high.decimal, 4 * mantissa + 2, exponent - 2, ROUND_TRIP + 1);
    int point = high.decimal.point, count = 0, is_down = 0, is_up = 0;
    low.shift = point - low.decimal.point;
    here.shift = point - here.decimal.point;
    high.shift = 0;
    low.prefix = here.prefix = high.prefix = 0;
    /* What lies half-way is read back as the number whose mantissa is even. */
    int is_even = mantissa % 2 == 0;
    while (!is_down && !is_up) {
        extend(&low, count);
        extend(&here, count);
        extend(&high, count);
        count++;
        is_down = here.prefix > low.prefix || (is_even && !goes_on(&low, count));
        is_up = high.prefix > here.prefix + 1 ||
                (high.prefix == here.prefix + 1 && (is_even || goes_on(&high, count)));
    }
    if (is_down && is_up)
        is_up = is_above_half(&here.decimal, count - here.shift, here.prefix % 2 != 0);
    set_number(ret, here.prefix + (is_up ? 1 : 0), point - count, 0);
    explicit_bzero(&low, sizeof low);
    explicit_bzero(&here, sizeof here);
    explicit_bzero(&high, sizeof high);
}
