/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/fill.h"

#include "base/sock.h"
#include "bench/stop.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int fill_daemon_from(const struct daemon *daemon, unsigned first, unsigned count,
                     size_t value_bytes, struct probe *probe, struct error *error)
{
    char workload[32];
    int r = 0;
    int fd = sock_connect(daemon->admin);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", daemon->admin);
    for (unsigned i = first + count; i-- > first && r == 0;) {
        snprintf(workload, sizeof(workload), "w%u", i);
        probe_make_value(probe->value, value_bytes, i);
        r = daemon_put(fd, workload, probe->value, error);
        if (r == 0 && stop_wanted())
            r = error_set(error, -EINTR, "stopped");
    }
    close(fd);
    return r;
}

int fill_daemon(const struct daemon *daemon, unsigned count, size_t value_bytes,
                struct probe *probe, struct error *error)
{
    return fill_daemon_from(daemon, 0, count, value_bytes, probe, error);
}
