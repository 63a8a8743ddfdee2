/* SPDX-License-Identifier: BSD-2-Clause */
/* What server.c, the parts of conn.c and restraint.c share; nobody else includes it. */
#ifndef VSECM_SERVE_SERVER_STATE_H
#define VSECM_SERVE_SERVER_STATE_H

#include "base/loop.h"
#include "serve/line.h"
#include "serve/outbox.h"
#include "serve/remains.h"
#include "serve/restraint.h"
#include "serve/server.h"

struct attest;
struct conn;
struct peers;
struct who;

/* Received into first: most rounds take a few requests of some 100 bytes. */
#define SERVER_SCRATCH (64u * 1024u)

struct listener {
    struct loop_source source; /* fd -1: none */
    struct server *server;
    enum door door;
};

struct server {
    struct loop *loop;
    struct service *service;
    struct attest *attest;
    struct who *who;
    struct peers *peers;
    struct server_options options;
    struct listener listeners[2];
    struct loop_timer sweep;
    uint64_t now_ms; /* as of the last sweep: connections' deadlines are no finer */
    struct conn *conns;
    struct lines lines; /* of connections with more to do in the next turn */
    struct conn *unsent;
    unsigned unsent_fresh; /* of those, the first: since connections were settled last */
    char *scratch;         /* in the arena */
    int was_working;       /* service->working at the last sweep */
    int looks_again;       /* requests that wait for a pod or a secret are looked at in this turn */
    int draining;
    uint64_t drain_by_ms;
    struct server_stats stats;
    struct outbox_pool pool;
    struct remains remains; /* each with its peer, of which it is still a connection */
    struct restraint restraint;
};

#endif
