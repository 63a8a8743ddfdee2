/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/value.h"

#include "base/error.h"
#include "base/file.h"
#include "cli/terminal.h"
#include "client/locked.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Start small: a low limit on locked memory still covers a usual value. No more than a terminal's
 * longest line, see cli/terminal.h.
 */
#define FIRST_SIZE 4096u

static int grow(struct value *value, size_t max)
{
    size_t size = value->size ? value->size * 4 : FIRST_SIZE;
    /* One byte more than the limit shows that there is too much. */
    if (size > max + 1)
        size = max + 1;
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

/* Read FD, which people know as NAME, to its end. */
static int read_all(int fd, const char *name, size_t max, struct value *value, struct error *error)
{
    for (;;) {
        if (value->length > max)
            return error_set(error, -EFBIG, "%s is larger than %zu bytes", name, max);
        if (value->length == value->size && grow(value, max))
            return error_set(error, -ENOMEM, "out of memory");
        ssize_t got = read(fd, value->data + value->length, value->size - value->length);
        if (!got)
            return 0;
        if (got > 0)
            value->length += (size_t)got;
        else if (errno != EINTR)
            return error_errno(error, -errno, "reading %s", name);
    }
}

static int read_terminal(int in, int out, const char *prompt, struct value *value,
                         struct error *error)
{
    if (grow(value, FIRST_SIZE))
        return error_set(error, -ENOMEM, "out of memory");
    ssize_t got = terminal_read_line(in, out, prompt, value->data, value->size);
    if (got == -EFBIG)
        return error_set(error, -EFBIG, "a terminal cuts lines of %zu bytes; use a pipe or a file",
                         value->size - 1);
    if (got < 0)
        return error_errno(error, (int)got, "reading from the terminal");
    value->length = (size_t)got;
    return 0;
}

static int ask_for(const struct value_source *source, struct value *value, struct error *error)
{
    char prompt[LIMIT_KEY + 48];
    snprintf(prompt, sizeof prompt, "%s (not shown): ", source->what);
    return read_terminal(STDIN_FILENO, STDERR_FILENO, prompt, value, error);
}

static int read_file(const struct value_source *source, struct value *value, struct error *error)
{
    int fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_errno(error, -errno, "%s", source->file);
    int r = read_all(fd, source->what, source->limit, value, error);
    close(fd);
    return r;
}

/* *VALUE becomes *ret, unless R says that it is none. */
static int hand_over(int r, struct value *value, struct value *ret)
{
    if (r)
        value_clear(value);
    else
        *ret = *value;
    return r;
}

int value_read(const struct value_source *source, struct value *ret, struct error *error)
{
    struct value value = {.data = NULL};
    int r;
    if (source->file && strcmp(source->file, "-") != 0)
        r = read_file(source, &value, error);
    else if (isatty(STDIN_FILENO))
        r = ask_for(source, &value, error);
    else
        r = read_all(STDIN_FILENO, source->what, source->limit, &value, error);
    return hand_over(r, &value, ret);
}

int value_read_kept(const char *file, size_t max, struct value *ret, struct error *error)
{
    struct value value = {.data = NULL};
    if (!file)
        return hand_over(read_all(STDIN_FILENO, "standard input", max, &value, error), &value, ret);
    size_t size;
    int fd = file_open(file, max, &size, error);
    if (fd < 0)
        return fd;
    int r = read_all(fd, file, max, &value, error);
    close(fd);
    return hand_over(r, &value, ret);
}

int value_ask(const char *prompt, struct value *ret, struct error *error)
{
    struct value value = {.data = NULL};
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(error, -ENXIO, "there is no terminal to ask at");
    int r = read_terminal(fd, fd, prompt, &value, error);
    close(fd);
    return hand_over(r, &value, ret);
}

void value_clear(struct value *value)
{
    locked_free(value->data, value->size);
    *value = (struct value){.data = NULL};
}
