/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection that is kept alive. */
#include "bench/load.h"

#include <unistd.h>

static int exchange(struct load *load, void *client, struct error *error)
{
    const int *fd = client;
    return load_exchange(load, *fd, error);
}

int load_one(void *shared, struct error *error)
{
    int fd = load_open(shared, error);

    if (fd < 0)
        return fd;
    int r = load_repeat(shared, exchange, &fd, error);
    close(fd);
    return r;
}
