/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/probe.h"

#include "base/sock.h"
#include "bench/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void probe_make_value(char *ret, size_t value_bytes, unsigned seed)
{
    for (size_t i = 0; i < value_bytes; i++) {
        seed = seed * 1103515245u + 12345u;
        ret[i] = (char)('a' + (seed >> 16) % 26u);
    }
    ret[value_bytes] = '\0';
}

static int fetch(void *shared, struct error *error)
{
    struct probe *probe = shared;
    int fd = sock_connect(probe->path);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", probe->path);
    int r = http_exchange(fd, HTTP_GET_SECRET, strlen(HTTP_GET_SECRET), &probe->reply, error);
    close(fd);
    if (r == 0 && !strstr(probe->reply.bytes + probe->reply.head, probe->value))
        r = error_set(error, -EBADMSG, "the reply does not hold the value that was stored");
    return r;
}

int probe_admin(struct probe *probe, const struct daemon *daemon, const char *request,
                size_t length, struct error *error)
{
    int fd = sock_connect(daemon->admin);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", daemon->admin);
    int r = http_exchange(fd, request, length, &probe->reply, error);
    close(fd);
    return r;
}

int probe_verify(struct probe *probe, const struct daemon *daemon, const struct pod *pod,
                 struct error *error)
{
    snprintf(probe->path, sizeof(probe->path), "%s", daemon->socket);
    return job_run(fetch, probe, JOB_ANY_CPU, pod, error);
}

int probe_prepare(struct probe *probe, const struct daemon *daemon, size_t value_bytes,
                  const struct pod *pod, struct error *error)
{
    int fd = sock_connect(daemon->admin);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", daemon->admin);
    probe_make_value(probe->value, value_bytes, (unsigned)value_bytes);
    int r = daemon_put(fd, DAEMON_WORKLOAD, probe->value, error);
    close(fd);
    return r ? r : probe_verify(probe, daemon, pod, error);
}
