/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/load.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The end of a verifier log says why; all of it can be megabytes. */
#define TAIL 640

/* libbpf's print function has no argument of ours, so this cannot be anywhere else. */
static char tail[TAIL + 1];

static void tail_add(const char *text, size_t n)
{
    size_t used = strlen(tail);
    if (n > TAIL) {
        text += n - TAIL;
        n = TAIL;
    }
    size_t drop = used + n > TAIL ? used + n - TAIL : 0;
    memmove(tail, tail + drop, used - drop);
    memcpy(tail + used - drop, text, n);
    tail[used - drop + n] = 0;
}

__attribute__((format(printf, 2, 0))) static int keep_warning(enum libbpf_print_level level,
                                                              const char *format, va_list args)
{
    if (level != LIBBPF_WARN)
        return 0;
    char *text;
    int n = vasprintf(&text, format, args);
    if (n < 0)
        return 0;
    tail_add(text, (size_t)n);
    free(text);
    return n;
}

void load_begin(void)
{
    tail[0] = 0;
    libbpf_set_print(keep_warning);
}

void load_end(void)
{
    tail[0] = 0;
    libbpf_set_print(NULL);
    malloc_trim(0);
}

int load_failed(struct error *error, int code, const char *what)
{
    error_errno(error, code, "%s", what);
    if (tail[0])
        error_add(error, "%s", tail);
    return code;
}

int load_keep(const struct load_kept *kept, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *kept[i].to = fcntl(kept[i].from, F_DUPFD_CLOEXEC, 0);
        if (*kept[i].to < 0)
            return -errno;
    }
    return 0;
}
