/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection that is kept alive. */
#include "bench/load.h"

#include "base/clock.h"

#include <unistd.h>

static int exchange(struct load *load, int fd, unsigned count, struct error *error)
{
    int r = 0;

    for (unsigned i = 0; i < count && r == 0; i++) {
        uint64_t began = clock_mono_ns();
        r = load_exchange(load, fd, error);
        hist_add(&load->latency, clock_mono_ns() - began);
    }
    return r;
}

int load_one(void *shared, struct error *error)
{
    struct load *load = shared;
    int fd = load_open(load, error);

    if (fd < 0)
        return fd;
    int r = exchange(load, fd, load->warmup, error);
    if (r == 0)
        r = load_begin(load, error);
    if (r == 0)
        r = exchange(load, fd, load->requests, error);
    if (r == 0)
        r = load_end(load, error);
    close(fd);
    return r;
}
