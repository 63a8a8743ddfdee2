/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"

static int read_all(int fd, char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t)n;
    }
    return 0;
}

int root_copy_read(int dir, const char *name, char **ret, size_t *length)
{
    struct stat st;
    char *text = NULL;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int r = fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode))
        r = -EINVAL;
    if (r == 0 && st.st_size > (off_t)LIMIT_WIRE_SEALED)
        r = -EFBIG;
    if (r == 0 && !(text = malloc((size_t)st.st_size + 1)))
        r = -ENOMEM;
    if (r == 0)
        r = read_all(fd, text, (size_t)st.st_size);
    close(fd);
    if (r < 0) {
        free(text);
        return r;
    }
    *ret = text;
    *length = (size_t)st.st_size;
    return 0;
}

static int write_all(int fd, struct span text)
{
    while (text.length) {
        ssize_t n = write(fd, text.data, text.length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text.data += n;
        text.length -= (size_t)n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

int root_copy_write(int dir, const char *name, struct span text)
{
    char fresh[LIMIT_PATH];
    if (snprintf(fresh, sizeof fresh, "%s.new", name) >= (int)sizeof fresh)
        return -ENAMETOOLONG;
    unlinkat(dir, fresh, 0);
    int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, text);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && renameat(dir, fresh, dir, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir, fresh, 0);
    else if (fsync(dir) < 0)
        r = -errno;
    return r;
}
