/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sock.h"

#include <errno.h>
#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "limits.h"

int sock_directory(const char *path, mode_t mode, struct error *error)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return error_errno(error, -errno, "cannot make directory %s", path);
    struct stat st;
    if (lstat(path, &st) < 0)
        return error_errno(error, -errno, "%s", path);
    if (!S_ISDIR(st.st_mode))
        return error_set(error, -ENOTDIR, "%s is not a directory", path);
    if (st.st_uid != geteuid())
        return error_set(error, -EPERM, "%s belongs to uid %u, not to ours (%u)", path, st.st_uid,
                         geteuid());
    /* One that guards hold for the next daemon has its mode, and nobody may set it now. */
    if ((st.st_mode & 07777) != mode && chmod(path, mode) < 0)
        return error_errno(error, -errno, "cannot set the mode of %s", path);
    return 0;
}

int sock_directories(const char *path, mode_t mode, struct error *error)
{
    char copy[LIMIT_PATH];
    if (strlen(path) >= sizeof copy)
        return error_set(error, -ENAMETOOLONG, "%s", path);
    memcpy(copy, path, strlen(path) + 1);
    const char *above = dirname(copy);
    if (mkdir(above, 0700) == 0 && chmod(above, 0755) < 0)
        return error_errno(error, -errno, "%s", above);
    return sock_directory(path, mode, error);
}

static int address(const char *path, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof ret->sun_path)
        return -ENAMETOOLONG;
    memcpy(ret->sun_path, path, length + 1);
    return 0;
}

int sock_connect(const char *path)
{
    struct sockaddr_un to;
    int r = address(path, &to);
    if (r < 0)
        return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

/* 0 when PATH is free or stale, -EADDRINUSE when somebody listens, -EEXIST when it is no socket. */
static int check_free(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    int fd = sock_connect(path);
    if (fd >= 0)
        close(fd);
    return fd == -ECONNREFUSED || fd == -ENOENT ? 0 : fd >= 0 ? -EADDRINUSE : fd;
}

#define PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

static int temporary_name(const char *path, char ret[PATH_SIZE])
{
    int n = snprintf(ret, PATH_SIZE, "%s.new", path);
    return n < 0 || (size_t)n >= PATH_SIZE ? -ENAMETOOLONG : 0;
}

static int bind_unseen(int fd, const char *path, mode_t mode, int backlog)
{
    char temporary[PATH_SIZE];
    struct sockaddr_un at;
    int r = temporary_name(path, temporary);
    if (r == 0)
        r = address(temporary, &at);
    if (r < 0)
        return r;
    if (unlink(temporary) < 0 && errno != ENOENT)
        return -errno;
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        return -errno;
    if (chmod(temporary, mode) == 0 && listen(fd, backlog) == 0)
        return 0;
    r = -errno;
    unlink(temporary);
    return r;
}

int sock_listen_unseen(const char *path, mode_t mode, int backlog, struct error *error)
{
    int r = check_free(path);
    if (r == -EADDRINUSE)
        return error_set(error, r, "%s: another daemon is serving there; it was left alone", path);
    if (r == -EEXIST)
        return error_set(error, r, "%s exists and is no socket; remove it or choose another", path);
    if (r < 0)
        return error_errno(error, r, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_errno(error, -errno, "socket");
    r = bind_unseen(fd, path, mode, backlog);
    if (r < 0) {
        close(fd);
        return error_errno(error, r, "cannot listen at %s", path);
    }
    return fd;
}

int sock_publish(const char *path, struct error *error)
{
    char temporary[PATH_SIZE];
    int r = temporary_name(path, temporary);
    if (r == 0 && rename(temporary, path) < 0) {
        r = -errno;
        unlink(temporary);
    }
    return r < 0 ? error_errno(error, r, "cannot listen at %s", path) : 0;
}

int sock_listen(const char *path, mode_t mode, int backlog, struct error *error)
{
    int fd = sock_listen_unseen(path, mode, backlog, error);
    int r = fd < 0 ? fd : sock_publish(path, error);
    if (r < 0 && fd >= 0)
        close(fd);
    return r < 0 ? r : fd;
}
