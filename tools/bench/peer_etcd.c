/* SPDX-License-Identifier: BSD-2-Clause */
/* etcd by gRPC over a Unix socket (etcd.io/docs/v3.6/op-guide/configuration). */
#include "bench/peer_built.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct etcd {
    struct load_go go; /* first */
    char target[PEER_PATH + 8];
};

static int start(struct peer_server *server, struct error *error)
{
    char config[PEER_PATH];
    const char *const arguments[] = {"etcd", "--config-file", config, NULL};
    struct etcd *etcd = malloc(sizeof(*etcd));

    if (!etcd)
        return error_errno(error, -ENOMEM, "etcd");
    server->own = etcd;
    /* What it takes for a host and port is the socket's name in its directory. */
    snprintf(server->path, sizeof(server->path), "%s/localhost:2379", server->dir);
    snprintf(etcd->target, sizeof(etcd->target), "unix:%s", server->path);
    etcd->go = (struct load_go){"etcd", server->value, server->dir, etcd->target};
    int r = peer_configure(server, config, error);
    return r ? r : peer_spawn(server, arguments[0], arguments, error);
}

#define LIMITS                                                                               \
    "One member alone, no TLS, no users, its log in memory: faster than in production. The " \
    "client is etcd's own, in Go, and so is that of the echo beside it. "

static const struct peer_row rows[] = {
    {"etcd", "etcd get, gRPC, kept", load_go_many, load_go_echo, 1, 500, 4000,
     LIMITS "Reads are linearizable, the default."},
    {"etcd-connect", "etcd get, gRPC, new each time", load_go_connect, load_go_echo_connect, 1, 50,
     500, LIMITS "A new client each time."},
};

const struct peer peer_etcd = {
    .id = "etcd",
    .program = "etcd",
    .version = "--version",
    .config = "etcd.yaml",
    .start = start,
    .ready = peer_listens,
    .prepare = peer_built_prepare,
    .tell_version = peer_built_version,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
