/* SPDX-License-Identifier: BSD-2-Clause */
/* Redis over a Unix socket (redis.io/docs/reference/protocol-spec). */
#include "bench/peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REDIS_PING "*1\r\n$4\r\nPING\r\n"
#define REDIS_GET "*2\r\n$3\r\nGET\r\n$6\r\nsecret\r\n"

static int start(struct peer_server *server, struct error *error)
{
    char config[PEER_PATH];
    const char *const arguments[] = {"redis-server", config, NULL};
    int r = peer_configure(server, config, error);

    return r ? r : peer_spawn(server, arguments[0], arguments, error);
}

static int ready(struct peer_server *server, struct error *error)
{
    char reply[PEER_REPLY_MAX];
    size_t length;

    (void)error;
    return peer_ask(server, REDIS_PING, "+PONG\r\n", reply, &length, NULL) ? -EAGAIN : 0;
}

static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    char set[PEER_VALUE + 128], end[PEER_VALUE + 3];

    (void)row;
    snprintf(set, sizeof(set), "*3\r\n$3\r\nSET\r\n$6\r\nsecret\r\n$%u\r\n%.*s\r\n", PEER_VALUE,
             (int)PEER_VALUE, server->value);
    snprintf(end, sizeof(end), "%.*s\r\n", (int)PEER_VALUE, server->value);
    int r = peer_ask(server, set, "+OK\r\n", reply, length, error);
    if (r)
        return r;
    load->request = REDIS_GET;
    load->request_length = strlen(REDIS_GET);
    load->success = "$64\r\n";
    return peer_ask(server, REDIS_GET, end, reply, length, error);
}

#define LIMITS                                                                                 \
    "Whoever reaches the socket has every value: no caller is identified, none is kept from "  \
    "another's. Values are plain in memory that may be swapped; nothing is noted, nothing is " \
    "stored."

static const struct peer_row rows[] = {
    {"redis", "Redis, Unix socket", load_one, load_one, 1, 500, 8000, LIMITS},
    {"redis-connect", "Redis: connect, GET, close", load_connect, load_connect, 1, 200, 2000,
     LIMITS},
    {"redis-50", "Redis: 50 clients", load_many, load_many, 50, 2000, 15000, LIMITS},
};

const struct peer peer_redis = {
    .id = "redis",
    .program = "redis-server",
    .version = "--version",
    .config = "redis.conf",
    .start = start,
    .ready = ready,
    .prepare = prepare,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
