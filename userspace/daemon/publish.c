/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/sock.h"
#include "limits.h"

#define TEMPORARY "." PUBLISH_NAME ".new"

static int copy_all(int from, int to, size_t size)
{
    while (size) {
        ssize_t sent = sendfile(to, from, NULL, size);
        if (sent < 0 && errno != EINTR)
            return -errno;
        if (sent == 0)
            return -EIO; /* it has become shorter */
        if (sent > 0)
            size -= (size_t)sent;
    }
    return fchmod(to, 0755) < 0 ? -errno : 0;
}

/* Write SIZE bytes of FROM into the directory IN, beside their place, then put them there. */
static int replace(int in, int from, size_t size)
{
    unlinkat(in, TEMPORARY, 0); /* of a daemon that was killed */
    int to = openat(in, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return -errno;
    int r = copy_all(from, to, size);
    if (close(to) < 0 && r == 0)
        r = -errno;
    if (r == 0 && renameat(in, TEMPORARY, in, PUBLISH_NAME) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(in, TEMPORARY, 0);
    return r;
}

int publish_helper(const char *from, const char *directory, struct error *error)
{
    size_t size = 0;
    int in = -1, program = file_open(from, LIMIT_HELPER, &size, error);
    if (program < 0)
        return program;
    int r = sock_directories(directory, 0755, error);
    if (r == 0) {
        in = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = in < 0 ? -errno : replace(in, program, size);
        if (r < 0)
            error_errno(error, r, "%s/%s", directory, PUBLISH_NAME);
    }
    if (in >= 0)
        close(in);
    close(program);
    return r;
}
