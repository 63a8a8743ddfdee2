/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/new_file.h"

#include "base/error.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_output(struct new_file *file, struct error *error)
{
    if (isatty(STDOUT_FILENO))
        return error_set(error, -ENOTTY, "standard output is a terminal; name a file by -o");
    file->path = NULL;
    file->fd = STDOUT_FILENO;
    return 0;
}

/* A device or a directory must not be replaced by a file of its name. */
static int check_place(const char *path, struct error *error)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : error_errno(error, -errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return error_set(error, -EEXIST, "%s is there and is no regular file; - is standard output",
                         path);
    return 0;
}

static bool is_same_file(int fd, const char *path)
{
    struct stat here, there;
    return fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

/*
 * Make FD, opened at the temporary path, ours alone. Whoever has the lock on what stands at that
 * path may rename it; a file that was renamed between open() and here is somebody's finished one.
 */
static int own(const struct new_file *file, struct error *error)
{
    struct stat st;
    if (fstat(file->fd, &st) < 0)
        return error_errno(error, -errno, "%s", file->temporary);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink > 1)
        return error_set(error, -EEXIST, "%s is there and is not ours; remove it", file->temporary);
    if (flock(file->fd, LOCK_EX | LOCK_NB) < 0 || !is_same_file(file->fd, file->temporary))
        return error_set(error, -EBUSY, "another process is writing %s", file->temporary);
    if (fchmod(file->fd, 0600) < 0 || ftruncate(file->fd, 0) < 0)
        return error_errno(error, -errno, "%s", file->temporary);
    return 0;
}

static int open_file(struct new_file *file, struct error *error)
{
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.tmp", file->path);
    if (length < 0 || (size_t)length >= sizeof file->temporary)
        return error_set(error, -ENAMETOOLONG, "the name of the file is too long");
    int r = check_place(file->path, error);
    if (r)
        return r;
    /* O_NONBLOCK: a fifo of that name must not hang us. */
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    file->fd = open(file->temporary, flags, 0600);
    if (file->fd < 0)
        return error_errno(error, -errno, "%s", file->temporary);
    r = own(file, error);
    if (r) {
        close(file->fd);
        file->fd = -1;
    }
    return r;
}

int new_file_open(const char *path, struct new_file *ret, struct error *error)
{
    *ret = (struct new_file){.fd = -1, .path = path};
    return strcmp(path, "-") == 0 ? open_output(ret, error) : open_file(ret, error);
}

static const char *name_of(const struct new_file *file)
{
    return file->path ? file->temporary : "standard output";
}

int new_file_write(struct new_file *file, const void *data, size_t length, struct error *error)
{
    int r = output_write(file->fd, data, length);
    return r ? error_errno(error, r, "%s", name_of(file)) : 0;
}

/* A rename is on the disk when its directory is. */
static int sync_directory(const char *path, struct error *error)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) < 0 ? error_errno(error, -errno, "the directory of %s", path) : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

int new_file_finish(struct new_file *file, struct error *error)
{
    if (!file->path)
        return 0;
    if (fsync(file->fd) < 0)
        return error_errno(error, -errno, "%s", file->temporary);
    if (rename(file->temporary, file->path) < 0)
        return error_errno(error, -errno, "%s", file->path);
    close(file->fd);
    file->fd = -1;
    return sync_directory(file->path, error);
}

void new_file_drop(struct new_file *file)
{
    if (file->fd >= 0 && file->path) {
        unlink(file->temporary);
        close(file->fd);
    }
    file->fd = -1;
}
