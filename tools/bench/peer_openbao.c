/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBao, engine KV v2, over a Unix socket and by TLS (openbao.org/docs/configuration). */
#include "bench/peer_built.h"

#include "bench/peer_pki.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENBAO_UNIX "openbao" /* the row that is not by TLS */

struct openbao {
    struct load_go go; /* first */
    char target[PEER_PATH + 8];
};

static int start(struct peer_server *server, struct error *error)
{
    char config[PEER_PATH];
    const char *const arguments[] = {"bao", "server", "-config", config, NULL};
    struct openbao *openbao = malloc(sizeof(*openbao));

    if (!openbao)
        return error_errno(error, -ENOMEM, "openbao");
    server->own = openbao;
    openbao->go = (struct load_go){"openbao", server->value, server->dir, openbao->target};
    int r = peer_pki_make(server->dir, error);
    if (r == 0)
        r = peer_configure(server, config, error);
    return r ? r : peer_spawn(server, arguments[0], arguments, error);
}

/* The client unseals it, and keeps the value, the first time. */
static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    struct openbao *openbao = server->own;

    if (strcmp(row->id, OPENBAO_UNIX) == 0)
        snprintf(openbao->target, sizeof(openbao->target), "unix:%s", server->path);
    else
        snprintf(openbao->target, sizeof(openbao->target), "127.0.0.1:%u", server->port);
    return peer_built_prepare(server, row, load, reply, length, error);
}

#define LIMITS                                                                                   \
    "Its storage is memory and no audit device is on: faster than in production. The token may " \
    "read this path only. Its client is Go's HTTP, as is that of the echo. "

static const struct peer_row rows[] = {
    {OPENBAO_UNIX, "OpenBao KV v2, Unix socket", load_go_many, load_go_echo, 1, 300, 2000, LIMITS},
    {"openbao-tls", "OpenBao KV v2, TLS, kept", load_go_many, load_go_echo, 1, 300, 2000,
     LIMITS "TLS 1.3 on loopback."},
    {"openbao-connect", "OpenBao KV v2, TLS, new each time", load_go_connect, load_go_echo_connect,
     1, 30, 300, LIMITS "P-256; no session is resumed."},
};

const struct peer peer_openbao = {
    .id = "openbao",
    .program = "bao",
    .version = "version",
    .config = "openbao.hcl",
    .start = start,
    .ready = peer_listens,
    .prepare = prepare,
    .tell_version = peer_built_version,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
