/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_stanza.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_base64.h"

#define COLUMNS AGE_BASE64(AGE_BASE64_LINE)

int age_stanza_line(struct span *rest, struct span *ret)
{
    const char *end = rest->length ? memchr(rest->data, '\n', rest->length) : NULL;
    if (!end)
        return -EAGAIN;
    *ret = (struct span){rest->data, (size_t)(end - rest->data)};
    rest->data += ret->length + 1;
    rest->length -= ret->length + 1;
    return 0;
}

/* An argument is one or more visible characters (VCHAR of RFC 5234). */
static bool is_argument(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '!' || text.data[i] > '~')
            return false;
    return text.length > 0;
}

static int read_arguments(struct span line, struct age_stanza *ret, struct error *error)
{
    if (line.length < 3 || memcmp(line.data, "-> ", 3) != 0)
        return error_set(error, -EINVAL, "a stanza does not begin with \"-> \"");
    line.data += 2;
    line.length -= 2;
    while (line.length) { /* at the blank before an argument */
        struct span one = {line.data + 1, line.length - 1};
        const char *blank = one.length ? memchr(one.data, ' ', one.length) : NULL;
        if (blank)
            one.length = (size_t)(blank - one.data);
        if (!is_argument(one))
            return error_set(error, -EINVAL, "a stanza has a malformed argument");
        if (ret->count < AGE_STANZA_ARGUMENTS)
            ret->arguments[ret->count] = one;
        ret->count++;
        line.data += one.length + 1;
        line.length -= one.length + 1;
    }
    return 0;
}

static int read_body_line(struct span line, struct age_stanza *ret, struct error *error)
{
    unsigned char bytes[AGE_BASE64_LINE];
    size_t length = 0;
    if (line.length > COLUMNS)
        return error_set(error, -EINVAL, "a stanza has a line of more than %u columns", COLUMNS);
    if (age_base64_read(line, bytes, sizeof bytes, &length))
        return error_set(error, -EINVAL, "a stanza's body is not canonical base64");
    if (ret->length < AGE_STANZA_BODY) {
        size_t room = AGE_STANZA_BODY - ret->length;
        memcpy(ret->body + ret->length, bytes, length < room ? length : room);
    }
    ret->length += length;
    return 0;
}

int age_stanza_read(struct span *rest, struct age_stanza *ret, struct error *error)
{
    struct span line;
    *ret = (struct age_stanza){.count = 0};
    int r = age_stanza_line(rest, &line);
    if (!r)
        r = read_arguments(line, ret, error);
    if (r)
        return r;
    do {
        r = age_stanza_line(rest, &line);
        if (!r)
            r = read_body_line(line, ret, error);
    } while (!r && line.length == COLUMNS);
    return r;
}

void age_stanza_write(struct writer *writer, const struct span *arguments, size_t count,
                      const void *body, size_t length)
{
    writer_literal(writer, "->");
    for (size_t i = 0; i < count; i++) {
        writer_literal(writer, " ");
        writer_span(writer, arguments[i]);
    }
    writer_literal(writer, "\n");
    age_base64_write(writer, body, length);
    writer_literal(writer, "\n");
}
