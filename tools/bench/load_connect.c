/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection for every request; what is timed is connect(), the exchange and close(). */
#include "bench/load.h"

#include <unistd.h>

static int visit(struct load *load, void *none, struct error *error)
{
    int fd = load_open(load, error);

    (void)none;
    if (fd < 0)
        return fd;
    int r = load_exchange(load, fd, error);
    close(fd);
    return r;
}

int load_connect(void *load, struct error *error)
{
    return load_repeat(load, visit, NULL, error);
}
