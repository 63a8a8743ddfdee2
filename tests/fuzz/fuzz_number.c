/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point numbers as text against the C library: with a precision digit for digit, without
 * one the text is read back as the same number and no shorter one is. The input is the bits of
 * numbers, each with a byte that is a precision.
 */
#include <math.h>

#include "template/number.h"
#include "template/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pools.h"

#define OUTPUT 2048u

/* NUL-terminated. */
static const char *format(struct pool *pool, double value, char verb, int precision)
{
    struct text text = text_in(pool, OUTPUT);
    number_format(&text, value, verb, precision, 64);
    text_byte(&text, '\0');
    MUST(!text.error);
    return text.data;
}

static void must_be_exact(struct pool *pool, double value, int precision)
{
    char wanted[OUTPUT];
    snprintf(wanted, sizeof wanted, "%.*e", precision, value);
    MUST(strcmp(format(pool, value, 'e', precision), wanted) == 0);
    snprintf(wanted, sizeof wanted, "%.*f", precision, value);
    MUST(strcmp(format(pool, value, 'f', precision), wanted) == 0);
}

static void must_be_shortest(struct pool *pool, double value)
{
    const char *text = format(pool, value, 'e', NUMBER_SHORTEST);
    MUST(strtod(text, NULL) == value);
    MUST(strtod(format(pool, value, 'f', NUMBER_SHORTEST), NULL) == value);
    MUST(strtod(format(pool, value, 'g', NUMBER_SHORTEST), NULL) == value);
    MUST(strtod(format(pool, value, 'x', NUMBER_SHORTEST), NULL) == value);
    const char *point = strchr(text, '.');
    int digits = point ? (int)strcspn(point + 1, "e") : 0;
    if (digits == 0)
        return;
    MUST(digits <= 16);
    char shorter[64];
    snprintf(shorter, sizeof shorter, "%.*e", digits - 1, value);
    MUST(strtod(shorter, NULL) != value);
}

static void try_one(double value, int precision)
{
    struct pool *pool = pools_new(1 << 20);
    MUST(pool);
    if (isfinite(value)) {
        must_be_exact(pool, value, precision);
        must_be_shortest(pool, value);
    }
    for (const char *verb = "eEfgGbxX"; *verb; verb++)
        MUST(format(pool, value, *verb, precision)[0] != '\0');
    pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double value;
    for (; size > sizeof value; data += sizeof value + 1, size -= sizeof value + 1) {
        memcpy(&value, data, sizeof value);
        try_one(value, data[sizeof value]);
    }
    return 0;
}
