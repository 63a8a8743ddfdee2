/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/mark.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "template/utf8.h"

#define TEXT 256 /* bytes of one reason */

int mark_error(struct error *error, int code, struct span source, size_t at, const char *format,
               ...)
{
    char text[TEXT];
    size_t line = 1, start = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (size_t i = 0; i < at && i < source.length; i++)
        if (source.data[i] == '\n') {
            line++;
            start = i + 1;
        }
    size_t column = 1 + utf8_count((struct span){source.data + start, at - start});
    return error_set(error, code, "%zu:%zu: %s", line, column, text);
}
