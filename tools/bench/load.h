/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Closed-loop clients: the next request of a connection leaves when the reply to its last one has
 * come whole. Every reply's length and status are checked, so an error never counts as speed.
 * One struct load is one measurement: it is filled, given to a kind of load in a process of its
 * own, and holds the results afterwards. The same code drives the echo and the daemon.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "base/error.h"
#include "bench/hist.h"
#include "bench/usage.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOAD_REPLY_MAX (64u * 1024u)
#define LOAD_CONNECTIONS_MAX 256u

struct load {
    /* what to do */
    char path[108]; /* the server's socket */
    pid_t server;   /* whose usage is taken */
    const char *request;
    size_t request_length;
    size_t reply_length;  /* of each reply, exactly */
    unsigned connections; /* of load_many */
    unsigned warmup;      /* requests before the timed ones */
    unsigned requests;    /* timed ones */

    /* what came of it: the timed part only */
    struct hist latency;
    uint64_t elapsed_ns;
    struct usage used; /* by the server */

    /* between load_begin() and load_end() */
    uint64_t began_ns;
    struct usage before;
};

/* The kinds, each a job_work on a struct load. -errno with ERROR filled. */
int load_one(void *load, struct error *error);     /* one connection, kept alive */
int load_connect(void *load, struct error *error); /* connect, one request, close */
int load_many(void *load, struct error *error);    /* `connections` at once, one process */

/* Around the timed part: forget what was recorded before; take the server's usage. -errno. */
int load_begin(struct load *load, struct error *error);
int load_end(struct load *load, struct error *error);

/* Connect to the load's server. A descriptor, or -errno with ERROR filled. */
int load_open(const struct load *load, struct error *error);

/* Send the request on FD. -errno with ERROR filled. */
int load_send(const struct load *load, int fd, struct error *error);

/*
 * Judge a part of a reply: GOT bytes at PART, as recv() returned it, after HAVE bytes before it.
 * 1 when the reply is whole and good, 0 when more must come, -errno with ERROR filled.
 */
int load_check(const struct load *load, const char *part, size_t have, ssize_t got,
               struct error *error);

/* One request and its whole reply over blocking FD, not recorded. -errno with ERROR filled. */
int load_exchange(const struct load *load, int fd, struct error *error);

#endif
