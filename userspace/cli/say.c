/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program = "vsecm";

void say_as(const char *name)
{
    program = name;
}

enum verb_exit say_failure(enum verb_exit status, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

void say_notice(const char *notice)
{
    fprintf(stderr, "%s: %s\n", program, notice);
}
