/* SPDX-License-Identifier: BSD-2-Clause */
/* No peer: the yardstick asked by the Go client, beside the same asked by ours. */
#include "bench/peer_built.h"

#include "bench/echo.h"
#include "bench/pin.h"

#include <errno.h>
#include <string.h>

static int start(struct peer_server *server, struct error *error)
{
    pid_t pid = echo_start(server->path, NULL, server->value, PEER_VALUE, error);

    if (pid < 0)
        return (int)pid;
    server->process[server->processes++] = pid;
    int r = pin_process(pid, server->stage->server_cpu);
    return r ? error_errno(error, r, "cannot pin the echo") : 0;
}

static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    (void)row;
    (void)error;
    memcpy(reply, server->value, PEER_VALUE);
    *length = PEER_VALUE;
    load->request = server->value;
    load->request_length = PEER_VALUE;
    load->success = "";
    return 0;
}

#define LIMITS                                                                              \
    "No peer: what a client in Go costs, which those of etcd, SPIRE and OpenBao have. One " \
    "processor (GOMAXPROCS=1), garbage collected as is usual (GOGC=100)."

static const struct peer_row rows[] = {
    {"echo-go", "raw echo, client in Go, kept", load_go_echo, load_one, 1, 2000, 16000, LIMITS},
    {"echo-go-connect", "raw echo, client in Go, new each time", load_go_echo_connect, load_connect,
     1, 500, 4000, LIMITS},
};

const struct peer peer_echo_go = {
    .id = "echo-go",
    .program = LOAD_GO_PROGRAM,
    .version = "version",
    .start = start,
    .ready = peer_listens,
    .prepare = prepare,
    .tell_version = peer_built_version,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
