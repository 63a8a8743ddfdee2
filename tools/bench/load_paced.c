/* SPDX-License-Identifier: BSD-2-Clause */
/* A request every LOAD_PERIOD_NS on one connection, whatever became of the one before. */
#include "base/clock.h"
#include "bench/load.h"
#include "bench/pace.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#define PACED_PRIORITY 10

/* Those that are late leave at once, and their time began when they were due. */
static int ask(struct load *load, void *client, unsigned count, struct error *error)
{
    const int *fd = client;
    uint64_t due = clock_mono_ns();
    int r = 0;

    for (unsigned i = 0; i < count && r == 0; i++) {
        due += LOAD_PERIOD_NS;
        pace_sleep(due);
        r = load_exchange(load, *fd, error);
        hist_add(&load->latency, clock_mono_ns() - due);
    }
    return r;
}

int load_paced(void *shared, struct error *error)
{
    struct load *load = shared;
    struct sched_param priority = {.sched_priority = PACED_PRIORITY};

    if (sched_setscheduler(0, SCHED_FIFO, &priority))
        return error_errno(error, -errno, "cannot have a real-time priority");
    int fd = load_open(load, error);
    if (fd < 0)
        return fd;
    int r = load_run(load, ask, &fd, error);
    close(fd);
    return r;
}
