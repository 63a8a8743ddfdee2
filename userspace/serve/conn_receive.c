/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/arena.h"
#include "serve/conn_state.h"
#include "serve/server_state.h"
#include "serve/who.h"

/* Such requests are few, so nobody counts them as they come and go. */
int conn_receive_may_bring(const struct conn *conn, struct call *call, struct reply *reply)
{
    unsigned all = 0, of_peer = 0;
    for (const struct conn *other = conn->server->conns; other; other = other->next) {
        all += other->received.max > 0;
        of_peer += other->received.max > 0 && other->peer == conn->peer;
    }
    if (all < LIMIT_GUARD_BODIES && of_peer < LIMIT_GUARD_BODIES_PER_POD)
        return 1;
    service_malformed(conn->server->service, call, 503,
                      "too many requests with descriptors are under way; try again", reply);
    return 0;
}

ssize_t conn_receive_bytes(struct conn *conn, char *data, size_t size, struct refusal *refusal)
{
    const struct server *server = conn->server;
    uint64_t sender = 0;
    uint64_t *asks = server->options.checks_sender ? &sender : NULL;
    ssize_t n = receive_bytes(conn->source.fd, data, size, &conn->received, asks);
    *refusal = (struct refusal){0};
    if (n <= 0)
        return n;
    if (conn->received.is_cut)
        *refusal = (struct refusal){400, RECEIVE_CUT};
    else if (asks && !who_may_send(server->who, &conn->subject, sender))
        *refusal = (struct refusal){403, "this connection was made by somebody else, or its maker "
                                         "has moved: make one of your own"};
    if (refusal->status)
        arena_wipe(data, (size_t)n);
    return n;
}
