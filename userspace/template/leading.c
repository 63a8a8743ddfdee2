/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/leading.h"

typedef unsigned __int128 wide;

#define POWERS 9
/*
 * More than a product is wrong, in units of the last of its 128 bits. A multiplication adds three
 * and a half: three that multiply() leaves out, half of one by which a power is off. The product
 * that this is added to is a quarter of all or more, so after normalization that is fourteen at
 * most; nine times.
 */
#define ERROR 128u

struct power {
    uint64_t high, low; /* 128 bits, the first of them set */
    int exponent;       /* of two, of the last of them */
};

/* 10^(2^i), and 10^-(2^i), to the nearest. */
static const struct power powers[2][POWERS] = {
    {
        {0xa000000000000000, 0x0000000000000000, -124},
        {0xc800000000000000, 0x0000000000000000, -121},
        {0x9c40000000000000, 0x0000000000000000, -114},
        {0xbebc200000000000, 0x0000000000000000, -101},
        {0x8e1bc9bf04000000, 0x0000000000000000, -74},
        {0x9dc5ada82b70b59d, 0xf020000000000000, -21},
        {0xc2781f49ffcfa6d5, 0x3cbf6b71c76b25fb, 85},
        {0x93ba47c980e98cdf, 0xc66f336c36b10137, 298},
        {0xaa7eebfb9df9de8d, 0xddbb901b98feeab8, 723},
    },
    {
        {0xcccccccccccccccc, 0xcccccccccccccccd, -131},
        {0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a4, -134},
        {0xd1b71758e219652b, 0xd3c36113404ea4a9, -141},
        {0xabcc77118461cefc, 0xfdc20d2b36ba7c3d, -154},
        {0xe69594bec44de15b, 0x4c2ebe687989a9b4, -181},
        {0xcfb11ead453994ba, 0x67de18eda5814af2, -234},
        {0xa87fea27a539e9a5, 0x3f2398d747b36224, -340},
        {0xddd0467c64bce4a0, 0xac7cb3f6d05ddbdf, -553},
        {0xc0314325637a1939, 0xfa911155fefb5309, -978},
    },
};

/* The upper 128 bits of A * B, or up to three less. */
static wide multiply(wide a, wide b)
{
    uint64_t a_high = (uint64_t)(a >> 64), a_low = (uint64_t)a;
    uint64_t b_high = (uint64_t)(b >> 64), b_low = (uint64_t)b;
    return (wide)a_high * b_high + ((wide)a_high * b_low >> 64) + ((wide)a_low * b_high >> 64);
}

/* NUMBER times 10^SCALE, normalized; its power of two goes to *exponent. */
static wide multiply_by_power(wide number, int scale, int *exponent)
{
    const struct power *power = powers[scale < 0];
    for (int rest = scale < 0 ? -scale : scale; rest > 0; rest >>= 1, power++) {
        if (rest % 2 == 0)
            continue;
        number = multiply(number, (wide)power->high << 64 | power->low);
        *exponent += power->exponent + 128;
        if (number >> 127 == 0) {
            number <<= 1;
            --*exponent;
        }
    }
    return number;
}

int leading_find(uint64_t mantissa, int exponent, uint64_t *digits, int *scale)
{
    int shift = __builtin_clzll(mantissa);
    wide number = (wide)(mantissa << shift) << 64;
    exponent -= shift + 64;
    /* floor(log10(2^n)), n the power of the first bit. 18 digits stand before the point then. */
    int log = (exponent + 127) * 30103;
    *scale = (log < 0 ? -((-log + 99999) / 100000) : log / 100000) - (LEADING_DIGITS - 1);
    number = multiply_by_power(number, -*scale, &exponent);
    /* Now it has 57 to 61 bits before the point, so -exponent is 67 to 71. */
    wide fraction = number & (((wide)1 << -exponent) - 1);
    *digits = (uint64_t)(number >> -exponent);
    return fraction > ERROR && fraction < ((wide)1 << -exponent) - ERROR;
}
