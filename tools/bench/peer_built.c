/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peer_built.h"

#include "bench/peer_version.h"

#include <errno.h>
#include <string.h>

/* For the yardstick, to which it means nothing: about as long as what the peers are sent. */
#define BUILT_REQUEST \
    "GET /v1/secret/data/bench/w0 HTTP/1.1 Host: peer User-Agent: Go-http-client/1.1"

int peer_built_version(const struct peer_server *server, char *ret, size_t size,
                       struct error *error)
{
    const struct peer *peer = server->peer;
    char path[512];

    if (peer_find(LOAD_GO_PROGRAM, path, sizeof(path), NULL))
        return error_set(error, -ENOENT,
                         "its client " LOAD_GO_PROGRAM " was not built: it needs a Go and, once, "
                         "a Go module proxy (go env GOPROXY)");
    if (peer_find(peer->program, path, sizeof(path), NULL))
        return error_set(error, -ENOENT, "not built: make bench-peers (docs/BENCHMARKS.md, Peers)");
    return peer_version_ask(peer->program, peer->version, ret, size, error);
}

int peer_built_prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                       char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    const struct load_go *go = server->own;
    ssize_t got = load_go_keep(go, reply, PEER_REPLY_MAX, error);

    (void)row;
    if (got < 0)
        return (int)got;
    load->request = BUILT_REQUEST;
    load->request_length = strlen(BUILT_REQUEST);
    load->context = go;
    *length = (size_t)got;
    return 0;
}
