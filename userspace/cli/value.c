/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/value.h"

#include "base/error.h"
#include "cli/terminal.h"
#include "client/locked.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Start small: a low limit on locked memory still covers a usual value. No more than a terminal's
 * longest line, see cli/terminal.h.
 */
#define FIRST_SIZE 4096u

static int grow(struct value *value)
{
    size_t size = value->size ? value->size * 4 : FIRST_SIZE;
    /* One byte more than the limit shows that there is too much. */
    if (size > LIMIT_VALUE + 1)
        size = LIMIT_VALUE + 1;
    char *data = locked_alloc(size);
    if (!data)
        return -ENOMEM;
    if (value->length)
        memcpy(data, value->data, value->length);
    locked_free(value->data, value->size);
    value->data = data;
    value->size = size;
    return 0;
}

/* Read FD to its end. */
static int read_all(int fd, struct value *value, struct error *error)
{
    for (;;) {
        if (value->length > LIMIT_VALUE)
            return error_set(error, -EFBIG, "the value is larger than %u bytes", LIMIT_VALUE);
        if (value->length == value->size && grow(value))
            return error_set(error, -ENOMEM, "out of memory");
        ssize_t got = read(fd, value->data + value->length, value->size - value->length);
        if (!got)
            return 0;
        if (got > 0)
            value->length += (size_t)got;
        else if (errno != EINTR)
            return error_errno(error, -errno, "reading the value");
    }
}

static int read_terminal(const char *name, struct value *value, struct error *error)
{
    if (grow(value))
        return error_set(error, -ENOMEM, "out of memory");
    ssize_t got = terminal_read_line(name, value->data, value->size);
    if (got == -EFBIG)
        return error_set(error, -EFBIG,
                         "a terminal cuts lines of %zu bytes; use a pipe or "
                         "--from-file",
                         value->size - 1);
    if (got < 0)
        return error_errno(error, (int)got, "reading from the terminal");
    value->length = (size_t)got;
    return 0;
}

static int read_file(const char *file, struct value *value, struct error *error)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_errno(error, -errno, "%s", file);
    int r = read_all(fd, value, error);
    close(fd);
    return r;
}

int value_read(const char *file, const char *name, struct value *ret, struct error *error)
{
    struct value value = {.data = NULL};
    int r;
    if (file && strcmp(file, "-") != 0)
        r = read_file(file, &value, error);
    else if (isatty(STDIN_FILENO))
        r = read_terminal(name, &value, error);
    else
        r = read_all(STDIN_FILENO, &value, error);
    if (r)
        value_clear(&value);
    else
        *ret = value;
    return r;
}

void value_clear(struct value *value)
{
    locked_free(value->data, value->size);
    *value = (struct value){.data = NULL};
}
