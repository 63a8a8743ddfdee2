/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/leading.h"

#include "template/decimal.h"
#include "tests/unit/check.h"

/* The first digits of MANTISSA * 2^EXPONENT, all of which DECIMAL knows, against leading_find().
 * Non-zero when that was certain. */
static int compare(uint64_t mantissa, int exponent)
{
    static struct decimal exact;
    uint64_t digits;
    int scale;
    if (!leading_find(mantissa, exponent, &digits, &scale))
        return 0;
    decimal_exact(&exact, mantissa, exponent, LEADING_DIGITS + 2); /* so many are never guessed */
    int count = exact.point - scale;
    CHECK(count == LEADING_DIGITS || count == LEADING_DIGITS + 1);
    uint64_t wanted = 0;
    for (int i = 0; i < count; i++)
        wanted = wanted * 10 + (i < exact.count ? exact.digits[i] : 0);
    if (digits != wanted)
        check_fail(__FILE__, __LINE__, "%llu * 2^%d begins with %llu, not %llu",
                   (unsigned long long)mantissa, exponent, (unsigned long long)digits,
                   (unsigned long long)wanted);
    /* What is certain goes on behind these digits. */
    CHECK(exact.more || exact.count > count);
    return 1;
}

TEST(what_is_certain_is_right)
{
    int certain = 0, all = 0;
    for (int exponent = -1076; exponent <= 969; exponent++) {
        for (int i = 0; i < 20; i++, all++)
            certain +=
                compare((uint64_t)check_random(SIZE_MAX) % (UINT64_C(1) << 55) + 1, exponent);
        compare(1, exponent);
        compare((UINT64_C(1) << 55) - 1, exponent);
    }
    /* Only those near 2^0 are short enough to end. */
    CHECK(certain > all * 9 / 10);
}

/* Digits that end are not told from those that go on far behind: these are not certain. */
TEST(what_ends_is_not_certain)
{
    uint64_t digits, power = 1;
    int scale;
    for (int i = 0; i < 23; i++, power *= 5) {
        CHECK(!leading_find(power, i, &digits, &scale));
        CHECK(!leading_find(power, 0, &digits, &scale));
        CHECK(i < 3 || !leading_find(power, -3, &digits, &scale));
    }
    CHECK(leading_find(power + 2, 60, &digits, &scale));
    CHECK(!leading_find(1, -16, &digits, &scale));
    CHECK(leading_find(1, -100, &digits, &scale) && digits == 788860905221011805 && scale == -48);
}

CHECK_MAIN
