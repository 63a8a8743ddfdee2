/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const char *program = "vsecmd";
static enum log_level threshold = LOG_LEVEL_INFO;

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_name(const char *name)
{
    program = name;
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

int log_parse_level(const char *name, enum log_level *ret)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *ret = (enum log_level)i;
            return 0;
        }
    return -EINVAL;
}

static void write_one(enum log_level level, const char *text, size_t length)
{
    char stamp[CLOCK_RFC3339];
    clock_format(clock_wall_us(), stamp);
    char line[2304];
    int n = snprintf(line, sizeof line, "%s %-5s %s: %.*s\n", stamp, level_names[level], program,
                     (int)length, text);
    if (n < 0)
        return;
    size_t size = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    /* A log that cannot be written must not stop the daemon: there is nobody left to tell. */
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > threshold)
        return;
    int saved = errno;
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "\n");
        write_one(level, at, length);
        at += length + (at[length] == '\n');
    }
    errno = saved;
}
