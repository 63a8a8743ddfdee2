/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/encode.h"

#include "base/str.h"
#include "base/writer.h"
#include "client/locked.h"

#include <errno.h>
#include <string.h>

int encode_with(void (*write)(struct writer *writer, const void *argument), const void *argument,
                struct encode *ret)
{
    struct writer count = writer_on(NULL, 0);
    write(&count, argument);
    char *data = locked_alloc(count.needed);
    if (!data)
        return -ENOMEM;
    struct writer writer = writer_on(data, count.needed);
    write(&writer, argument);
    *ret = (struct encode){.data = data, .length = count.needed};
    return 0;
}

static void write_name(struct writer *writer, const char *name)
{
    writer_text(writer, "\"");
    writer_text(writer, name);
    writer_text(writer, "\":");
}

void encode_base64(struct writer *writer, const char *name, const char *data, size_t length)
{
    write_name(writer, name);
    writer_text(writer, "\"");
    writer_base64(writer, data, length);
    writer_text(writer, "\"");
}

void encode_value(struct writer *writer, const char *name, const char *data, size_t length)
{
    if (str_is_utf8(data, length) && !memchr(data, '\0', length)) {
        write_name(writer, name);
        writer_json(writer, data, length);
        return;
    }
    encode_base64(writer, name, data, length);
    writer_text(writer, ",\"encoding\":\"base64\"");
}

void encode_option(struct writer *writer, const char *name, const char *text)
{
    if (!text)
        return;
    writer_text(writer, ",");
    write_name(writer, name);
    writer_json_unsafe(writer, text, strlen(text));
}

void encode_clear(struct encode *encode)
{
    locked_free(encode->data, encode->length);
    *encode = (struct encode){.data = NULL};
}
