/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static int read_all(int fd, char *data, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t n = read(fd, data + *length, size - *length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        *length += (size_t)n;
    }
    return -EFBIG;
}

/* What FD is, before a byte of it is read. */
static int check_file(int fd, const char *path, size_t max, size_t *size, struct error *error)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_errno(error, -errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return error_set(error, -EINVAL, "%s: not a regular file", path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return error_set(error, -EPERM, "%s belongs to uid %u; it must be root's", path, st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return error_set(error, -EPERM, "%s can be written by others than its owner (mode %04o)",
                         path, st.st_mode & 07777u);
    if ((size_t)st.st_size > max)
        return error_errno(error, -EFBIG, "%s (at most %zu bytes)", path, max);
    *size = (size_t)st.st_size;
    return 0;
}

int file_open(const char *path, size_t max, size_t *size, struct error *error)
{
    /* O_NONBLOCK: a fifo in the file's place must not hang the daemon. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return error_errno(error, -errno, "%s", path);
    int r = check_file(fd, path, max, size, error);
    if (r < 0)
        close(fd);
    return r < 0 ? r : fd;
}

static int read_text(int fd, const char *path, size_t size, size_t max, char **ret, size_t *length,
                     struct error *error)
{
    char *data = malloc(size + 2); /* a byte more than there should be, and the NUL */
    if (!data)
        return error_set(error, -ENOMEM, "out of memory");
    int r = read_all(fd, data, size + 1, length);
    if (r < 0)
        error_errno(error, r, "%s (at most %zu bytes)", path, max);
    else if (memchr(data, '\0', *length))
        r = error_set(error, -EINVAL, "%s: has a NUL byte; a text file is expected", path);
    if (r < 0) {
        free(data);
        return r;
    }
    data[*length] = '\0';
    *ret = data;
    return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *length, struct error *error)
{
    size_t size = 0;
    int fd = file_open(path, max, &size, error);
    if (fd < 0)
        return fd;
    int r = read_text(fd, path, size, max, ret, length, error);
    close(fd);
    return r;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span text)
{
    while (text.length && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

int file_next_line(struct file_lines *lines, struct span *ret)
{
    while (lines->rest.length) {
        const char *end = memchr(lines->rest.data, '\n', lines->rest.length);
        size_t length = end ? (size_t)(end - lines->rest.data) : lines->rest.length;
        struct span line = {lines->rest.data, length};
        size_t taken = length + (end != NULL);
        lines->rest.data += taken;
        lines->rest.length -= taken;
        lines->number++;
        const char *comment = memchr(line.data, '#', line.length);
        if (comment)
            line.length = (size_t)(comment - line.data);
        *ret = trim(line);
        if (ret->length)
            return 1;
    }
    return 0;
}

int file_next_word(struct span *line, struct span *ret)
{
    *line = trim(*line);
    if (!line->length)
        return 0;
    size_t length = 0;
    while (length < line->length && !is_blank(line->data[length]))
        length++;
    *ret = (struct span){line->data, length};
    line->data += length;
    line->length -= length;
    return 1;
}
