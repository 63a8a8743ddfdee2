/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/unbase64.h"

#include <errno.h>
#include <stdint.h>

/* -1: C is no digit. */
static int32_t digit_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* COUNT digits at TEXT, as so many that zeros fill up to four; -1 when one is none. */
static int32_t read_group(const char *text, size_t count)
{
    int32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int32_t digit = i < count ? digit_of(text[i]) : 0;
        if (digit < 0)
            return -1;
        bits = bits << 6 | digit;
    }
    return bits;
}

ssize_t unbase64_read(const char *text, size_t length, char *ret)
{
    ssize_t used = 0;
    if (length % 4)
        return -EINVAL;
    for (size_t at = 0; at < length; at += 4) {
        size_t count = 4;
        if (at + 4 == length && text[at + 3] == '=')
            count = text[at + 2] == '=' ? 2 : 3;
        int32_t bits = read_group(text + at, count);
        /* What no byte takes must be zero: of two spellings one would be somebody's mistake. */
        if (bits < 0 || bits & ((1 << 8 * (4 - count)) - 1))
            return -EINVAL;
        for (size_t i = 0; i + 1 < count; i++)
            ret[used++] = (char)(bits >> (16 - 8 * i) & 0xff);
    }
    return used;
}
