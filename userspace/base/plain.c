/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/plain.h"

#include <stdint.h>
#include <string.h>

#define EACH(byte) (UINT64_MAX / 0xff * (byte))

/*
 * Zero when all eight are plain. Each term sets the top bit of a byte that it is about, and as long
 * as there is none, nothing is borrowed or carried from one byte to the next.
 */
static uint64_t others(uint64_t eight)
{
    uint64_t control = (eight - EACH(' ')) | (eight + EACH(1)); /* below the blank; DEL */
    uint64_t quote = (eight ^ EACH('"')) - EACH(1);
    uint64_t backslash = (eight ^ EACH('\\')) - EACH(1);
    return (eight | control | quote | backslash) & EACH(0x80);
}

static int is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

size_t plain_run(const char *data, size_t length)
{
    size_t at = 0;
    for (uint64_t eight; length - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, data + at, sizeof eight);
        if (others(eight))
            break;
    }
    while (at < length && is_plain(data[at]))
        at++;
    return at;
}
