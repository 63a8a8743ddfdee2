/* SPDX-License-Identifier: BSD-2-Clause */
/* No server: what is timed is open(), the reading of the whole file, and close(). */
#include "bench/load.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* One read(): a file this small comes whole. */
static int read_whole(struct load *load, void *none, struct error *error)
{
    static char content[LOAD_RECEIVE];
    (void)none;
    int fd = open(load->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(error, -errno, "%s", load->path);
    ssize_t got = read(fd, content, sizeof(content));
    int r = load_check(load, content, 0, got, error);
    close(fd);
    if (r == 0)
        return error_set(error, -EBADMSG, "%s has only %zd bytes", load->path, got);
    return r < 0 ? r : 0;
}

int load_file(void *load, struct error *error)
{
    return load_repeat(load, read_whole, NULL, error);
}
