/* SPDX-License-Identifier: BSD-2-Clause */
#include "attack.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

struct attack_verdict *attack_verdict;

/* ---- the attacker's side ----------------------------------------------------------------------
 */

static int say(int word, const char *format, va_list args)
{
    vsnprintf(attack_verdict->text, sizeof attack_verdict->text, format, args);
    return word;
}

int attack_refused(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int word = say(ATTACK_REFUSED, format, args);
    va_end(args);
    return word;
}

int attack_failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int word = say(ATTACK_FAILED, format, args);
    va_end(args);
    return word;
}

int attack_absent(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int word = say(ATTACK_ABSENT, format, args);
    va_end(args);
    return word;
}

bool attack_is_denial(int result)
{
    return result == -EPERM || result == -EACCES;
}

int attack_errno(const char *what)
{
    int error = errno;

    return attack_is_denial(-error) ? -error : attack_failed("%s: %s", what, strerror(error));
}

int attack_read_value(int fd)
{
    char value[1024];
    int status = client_get(fd, "/v1/value", value, sizeof value);

    close(fd);
    if (status < 0)
        return attack_failed("no answer: %s", strerror(-status));
    if (status == 200 && !strcmp(value, WORLD_VALUE))
        return 0;
    if (status == 403)
        return attack_refused("403");
    if (status == 200)
        return attack_refused("got its own value");
    return attack_failed("status %d", status);
}

int attack_read_page(int page)
{
    const char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, page, 0);

    if (map == MAP_FAILED)
        return attack_errno("mmap");
    return memmem(map, 4096, WORLD_VALUE, strlen(WORLD_VALUE))
               ? 0
               : attack_failed("the page has not the value");
}
