/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/bearer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "limits.h"

#define FIELD "Authorization: Bearer "

void bearer_release(struct bearer *bearer)
{
    if (!bearer || --bearer->references)
        return;
    explicit_bzero(bearer->field, bearer->size);
    free(bearer);
}

/* What a field's value may hold (RFC 6750: b64token). Anything else could end the field. */
static int is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return 0;
    return length > 0;
}

static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t n = read(fd, data + length, size - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        length += (size_t)n;
    }
    return (ssize_t)length;
}

/* The SIZE bytes behind FD, as a field. */
static int read_field(int fd, size_t size, const char *path, struct bearer **ret,
                      struct error *error)
{
    struct bearer *bearer = malloc(sizeof *bearer + sizeof FIELD + size);
    if (!bearer)
        return error_set(error, -ENOMEM, "out of memory");
    *bearer = (struct bearer){.references = 1, .size = sizeof FIELD + size};
    char *token = bearer->field + sizeof FIELD - 1;
    memcpy(bearer->field, FIELD, sizeof FIELD);
    ssize_t n = read_all(fd, token, size);
    size_t length = n < 0 ? 0 : (size_t)n;
    while (length && (token[length - 1] == '\n' || token[length - 1] == '\r'))
        length--;
    int r = 0;
    if (n < 0)
        r = error_errno(error, (int)n, "%s", path);
    else if (!is_token(token, length))
        r = error_set(error, -EINVAL, "%s holds no token", path);
    if (r < 0) {
        bearer_release(bearer);
        return r;
    }
    token[length] = '\0';
    *ret = bearer;
    return 0;
}

static int read_file(struct bearer_file *file, struct error *error)
{
    size_t size = 0;
    struct stat st;
    struct bearer *bearer = NULL;
    int fd = file_open(file->path, LIMIT_WIRE_TOKEN, &size, error);
    if (fd < 0)
        return fd;
    int r = fstat(fd, &st) < 0 ? error_errno(error, -errno, "%s", file->path)
                               : read_field(fd, size, file->path, &bearer, error);
    close(fd);
    if (r < 0)
        return r;
    bearer_release(file->bearer);
    file->bearer = bearer;
    file->inode = st.st_ino;
    file->changed = st.st_mtim;
    file->read_ms = clock_mono_ms();
    return 0;
}

static int is_current(const struct bearer_file *file)
{
    struct stat st;
    return file->bearer && clock_mono_ms() - file->read_ms < LIMIT_TOKEN_MS &&
           stat(file->path, &st) == 0 && st.st_ino == file->inode &&
           st.st_mtim.tv_sec == file->changed.tv_sec && st.st_mtim.tv_nsec == file->changed.tv_nsec;
}

int bearer_take(struct bearer_file *file, int is_refused, struct bearer **ret, struct error *error)
{
    if (is_refused || !is_current(file)) {
        int r = read_file(file, error);
        if (r < 0 && !file->bearer)
            return r;
    }
    file->bearer->references++;
    *ret = file->bearer;
    return 0;
}

void bearer_close(struct bearer_file *file)
{
    bearer_release(file->bearer);
    file->bearer = NULL;
}
