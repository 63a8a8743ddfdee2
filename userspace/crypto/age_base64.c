/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_base64.h"

#include <errno.h>
#include <sodium/utils.h>
#include <stdbool.h>

#include "base/writer.h"

#define UNPADDED sodium_base64_VARIANT_ORIGINAL_NO_PADDING
#define PADDED sodium_base64_VARIANT_ORIGINAL

void age_base64_write(struct writer *writer, const void *data, size_t length)
{
    char text[AGE_BASE64(AGE_BASE64_LINE) + 1];
    sodium_bin2base64(text, sizeof text, data, length, UNPADDED);
    writer_bytes(writer, text, AGE_BASE64(length));
}

/* libsodium 1.0.18 takes some bytes above 0x7f for letters. */
static bool is_ascii(struct span text)
{
    unsigned char any = 0;
    for (size_t i = 0; i < text.length; i++)
        any |= (unsigned char)text.data[i];
    return any < 0x80;
}

static int decode(struct span text, void *ret, size_t size, size_t *length, int variant)
{
    if (!is_ascii(text) ||
        sodium_base642bin(ret, size, text.data, text.length, NULL, length, NULL, variant))
        return -EINVAL;
    return 0;
}

int age_base64_read(struct span text, void *ret, size_t size, size_t *length)
{
    return decode(text, ret, size, length, UNPADDED);
}

int age_base64_read_padded(struct span text, void *ret, size_t size, size_t *length)
{
    return decode(text, ret, size, length, PADDED);
}

int age_base64_read_exactly(struct span text, void *ret, size_t length)
{
    size_t got = 0;
    /* So many characters are so many bytes. */
    return text.length == AGE_BASE64(length) ? age_base64_read(text, ret, length, &got) : -EINVAL;
}
