/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_base64.h"

#include <errno.h>
#include <sodium/utils.h>

#include "base/writer.h"

#define VARIANT sodium_base64_VARIANT_ORIGINAL_NO_PADDING

void age_base64_write(struct writer *writer, const void *data, size_t length)
{
    char text[AGE_BASE64(AGE_BASE64_LINE) + 1];
    sodium_bin2base64(text, sizeof text, data, length, VARIANT);
    writer_bytes(writer, text, AGE_BASE64(length));
}

int age_base64_read(struct span text, void *ret, size_t size, size_t *length)
{
    return sodium_base642bin(ret, size, text.data, text.length, NULL, length, NULL, VARIANT)
               ? -EINVAL
               : 0;
}

int age_base64_read_exactly(struct span text, void *ret, size_t length)
{
    size_t got = 0;
    if (text.length != AGE_BASE64(length) || age_base64_read(text, ret, length, &got))
        return -EINVAL;
    return got == length ? 0 : -EINVAL;
}
