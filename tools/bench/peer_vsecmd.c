/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecmd itself, among those that people would use instead of it. */
#include "bench/peer.h"

#include "bench/peer_version.h"
#include "bench/pin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It keeps track of the process and of its own directories. */
static int start(struct peer_server *server, struct error *error)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));

    if (!daemon)
        return error_errno(error, -ENOMEM, "vsecmd");
    server->own = daemon;
    int r = daemon_start(daemon, server->stage->daemon, server->stage->pod, error);
    if (r)
        return r;
    server->process[server->processes++] = daemon->pid;
    snprintf(server->path, sizeof(server->path), "%s", daemon->socket);
    r = pin_process(daemon->pid, server->stage->server_cpu);
    return r ? error_errno(error, r, "cannot pin vsecmd") : 0;
}

static int ready(struct peer_server *server, struct error *error)
{
    (void)server;
    (void)error;
    return 0; /* as daemon_start() waits for it */
}

static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    struct probe *probe = server->stage->probe;

    (void)row;
    int r = probe_prepare(probe, server->own, PEER_VALUE, server->stage->pod, error);
    if (r)
        return r;
    if (probe->reply.length > PEER_REPLY_MAX)
        return error_set(error, -EMSGSIZE, "a reply of %zu bytes", probe->reply.length);
    load->request = HTTP_GET_SECRET;
    load->request_length = strlen(HTTP_GET_SECRET);
    memcpy(reply, probe->reply.bytes, probe->reply.length);
    *length = probe->reply.length;
    return 0;
}

static void stop(struct peer_server *server)
{
    if (!server->own)
        return;
    daemon_stop(server->own);
    server->processes = 0;
}

static int tell_version(const struct peer_server *server, char *ret, size_t size,
                        struct error *error)
{
    return peer_version_ask(server->stage->daemon->program, "--version", ret, size, error);
}

#define LIMITS                                                                                 \
    "The client is identified by the kernel, what it may have is decided and noted for every " \
    "request, and values are in locked memory."

static const struct peer_row rows[] = {
    {"vsecmd", "vsecmd, Unix socket", load_one, load_one, 1, 500, 8000, LIMITS},
    {"vsecmd-connect", "vsecmd: connect, GET, close", load_connect, load_connect, 1, 200, 2000,
     LIMITS},
    {"vsecmd-50", "vsecmd: 50 clients", load_many, load_many, 50, 2000, 15000, LIMITS},
};

const struct peer peer_vsecmd = {
    .id = "vsecmd",
    .is_ours = true,
    .start = start,
    .ready = ready,
    .prepare = prepare,
    .stop = stop,
    .tell_version = tell_version,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
