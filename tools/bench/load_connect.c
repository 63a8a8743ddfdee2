/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection for every request; what is timed is connect(), the exchange and close(). */
#include "bench/load.h"

#include "base/clock.h"

#include <unistd.h>

static int visit(struct load *load, unsigned count, struct error *error)
{
    int r = 0;

    for (unsigned i = 0; i < count && r == 0; i++) {
        uint64_t began = clock_mono_ns();
        int fd = load_open(load, error);
        if (fd < 0)
            return fd;
        r = load_exchange(load, fd, error);
        close(fd);
        if (r == 0)
            hist_add(&load->latency, clock_mono_ns() - began);
    }
    return r;
}

int load_connect(void *shared, struct error *error)
{
    struct load *load = shared;
    int r = visit(load, load->warmup, error);

    if (r == 0)
        r = load_begin(load, error);
    if (r == 0)
        r = visit(load, load->requests, error);
    if (r == 0)
        r = load_end(load, error);
    return r;
}
