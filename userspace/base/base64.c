/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long base64_decode(struct span text, char *ret)
{
    if (text.length % 4)
        return -EINVAL;
    long used = 0;
    for (size_t i = 0; i < text.length; i += 4) {
        int last = i + 4 == text.length;
        int padding = last ? (text.data[i + 3] == '=') + (text.data[i + 2] == '=') : 0;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            int digit = k + (size_t)padding >= 4 ? 0 : digit_of(text.data[i + k]);
            if (digit < 0)
                return -EINVAL;
            bits = bits << 6 | (uint32_t)digit;
        }
        /* Bits that no byte takes must be zero, so that each value has one spelling. */
        if ((padding == 1 && bits & 0xff) || (padding == 2 && bits & 0xffff))
            return -EINVAL;
        for (int k = 0; k < 3 - padding; k++)
            ret[used++] = (char)(bits >> (16 - 8 * k) & 0xff);
    }
    return used;
}
