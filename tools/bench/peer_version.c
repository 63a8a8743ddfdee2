/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peer_version.h"

#include "bench/capture.h"
#include "bench/peer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void peer_version_of(const char *text, char *ret, size_t size)
{
    ret[0] = '\0';
    for (; *text; text++) {
        size_t digits = strspn(text, "0123456789");
        if (digits && text[digits] == '.' && is_digit(text[digits + 1])) {
            snprintf(ret, size, "%.*s", (int)strcspn(text, " ,\t\r\n"), text);
            return;
        }
        text += digits ? digits - 1 : 0;
    }
}

int peer_version_ask(const char *program, const char *argument, char *ret, size_t size,
                     struct error *error)
{
    char path[512], said[4096];
    const char *const arguments[] = {path, argument, NULL};
    int r = peer_find(program, path, sizeof(path), error);

    if (r)
        return r;
    ssize_t length = capture_output(arguments, true, said, sizeof(said), error);
    if (length < 0)
        return (int)length;
    peer_version_of(said, ret, size);
    return ret[0] ? 0 : error_set(error, -EBADMSG, "%s %s told no version", path, argument);
}
