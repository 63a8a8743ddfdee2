/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/target_file.h"

#include "base/error.h"
#include "cli/guard.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* statfs(2) has these. */
#define TMPFS 0x01021994
#define RAMFS 0x858458f6

/* A file on its way: ".NAME.new" beside it. */
#define BEFORE "."
#define BEHIND ".new"
#define AROUND (sizeof BEFORE BEHIND - 1)

int target_file_directory(const char *path, bool allow_disk, struct error *error)
{
    struct statfs fs;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, -errno, "%s", path);
    if (fstatfs(fd, &fs) < 0) {
        int r = error_errno(error, -errno, "%s", path);
        close(fd);
        return r;
    }
    unsigned type = (unsigned)fs.f_type;
    if (type == TMPFS || type == RAMFS || allow_disk)
        return fd;
    close(fd);
    return error_set(error, -EXDEV,
                     "%s is not in memory (tmpfs), so a secret would reach a disk; use an emptyDir "
                     "with medium: Memory, or /dev/shm, or say --allow-disk",
                     path);
}

static int fill(int fd, const struct target_file_kind *kind, const void *data, size_t length)
{
    int r = output_write(fd, data, length);
    if (r)
        return r;
    if ((kind->owner != (uid_t)-1 || kind->group != (gid_t)-1) &&
        fchown(fd, kind->owner, kind->group) < 0)
        return -errno;
    return fchmod(fd, kind->mode) < 0 ? -errno : 0;
}

/* FD, which is closed, becomes a whole file. 0 or -errno. */
static int make_whole(int fd, const struct target_file_kind *kind, const void *data, size_t length)
{
    int r = fill(fd, kind, data, length);
    if (!r && kind->allow_disk && fsync(fd) < 0)
        r = -errno;
    /* Some file systems report only here that there was no room. */
    if (close(fd) < 0 && !r)
        r = -errno;
    return r;
}

int target_file_create(int directory, const char *name, const char *shown,
                       const struct target_file_kind *kind, const void *data, size_t length,
                       struct error *error)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(error, -errno, "%s", shown);
    int r = kind->guard ? guard_file(kind->guard, fd, error) : 0;
    if (r) {
        close(fd);
    } else {
        r = make_whole(fd, kind, data, length);
        if (r)
            error_errno(error, r, "%s", shown);
    }
    if (r)
        unlinkat(directory, name, 0);
    return r;
}

int target_file_open(const char *path, const struct target_file_kind *kind, struct target_file *ret,
                     struct error *error)
{
    struct target_file file = {.kind = *kind};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char directory[PATH_MAX];
    size_t before = slash == path ? 1 : (size_t)(name - path);
    if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return error_set(error, -EINVAL, "%s names no file", path);
    if (before >= sizeof directory || strlen(name) + AROUND > NAME_MAX)
        return error_set(error, -ENAMETOOLONG, "the name of the file is too long");
    memcpy(directory, path, before);
    directory[before] = '\0';
    memcpy(file.name, name, strlen(name) + 1);
    file.directory = target_file_directory(before ? directory : ".", kind->allow_disk, error);
    if (file.directory < 0)
        return file.directory;
    struct stat st;
    if (fstatat(file.directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
        target_file_close(&file);
        return error_set(error, -EISDIR, "%s is a directory; --per-key writes into one", path);
    }
    *ret = file;
    return 0;
}

int target_file_write(const struct target_file *file, const void *data, size_t length,
                      struct error *error)
{
    char temporary[NAME_MAX + 1];
    snprintf(temporary, sizeof temporary, BEFORE "%.*s" BEHIND, (int)(NAME_MAX - AROUND),
             file->name);
    /* What one that was killed left behind. */
    if (unlinkat(file->directory, temporary, 0) < 0 && errno != ENOENT)
        return error_errno(error, -errno, "%s", temporary);
    int r = target_file_create(file->directory, temporary, file->name, &file->kind, data, length,
                               error);
    if (r)
        return r;
    if (renameat(file->directory, temporary, file->directory, file->name) == 0)
        return 0;
    r = error_errno(error, -errno, "%s", file->name);
    unlinkat(file->directory, temporary, 0);
    return r;
}

int target_file_remove(const struct target_file *file, struct error *error)
{
    if (unlinkat(file->directory, file->name, 0) == 0 || errno == ENOENT)
        return 0;
    return error_errno(error, -errno, "%s", file->name);
}

void target_file_close(struct target_file *file)
{
    if (file->directory >= 0)
        close(file->directory);
    file->directory = -1;
}
