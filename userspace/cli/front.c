/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/front.h"

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_armor.h"
#include "crypto/age_header.h"

#include <errno.h>

/* An age_sink. */
static int keep(void *context, const void *data, size_t length)
{
    writer_bytes(context, data, length);
    return 0;
}

static int read_header(struct span text, struct front *ret, struct error *error)
{
    size_t length = 0;
    int r = age_header_measure(text, &length, error);
    if (r == -EAGAIN)
        return error_set(error, -EINVAL, "it is cut short, or its header is too long");
    if (r)
        return -EINVAL;
    ret->wants_passphrase = age_header_wants_passphrase((struct span){text.data, length});
    return 0;
}

int front_read(struct span text, struct front *ret, struct error *error)
{
    char bare[FRONT_SIZE];
    struct writer writer = writer_on(bare, sizeof bare);
    struct age_armor_reader armor;
    if (!text.length)
        return error_set(error, -EINVAL, "it is empty");
    ret->is_armored = age_armor_begins_with((unsigned char)text.data[0]);
    if (!ret->is_armored)
        return read_header(text, ret, error);
    age_armor_reader_begin(&armor, keep, &writer);
    if (age_armor_reader_write(&armor, text.data, text.length, error))
        return -EINVAL;
    return read_header((struct span){bare, writer.used}, ret, error);
}
