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
#include "bench/counter.h"
#include "bench/hist.h"
#include "bench/pod.h"
#include "bench/turn.h"
#include "bench/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOAD_RECEIVE (64u * 1024u) /* taken at a time; a reply may be longer */
#define LOAD_CONNECTIONS_MAX 1024u
#define LOAD_PERIOD_NS 1000000u /* of load_paced */

struct load {
    /* what to do */
    char path[108]; /* the server's socket */
    pid_t server;   /* whose usage is taken, and that of all it started; 0: nobody's */
    const char *request;
    size_t request_length;
    size_t reply_length;    /* of each reply, exactly */
    const char *success;    /* how a reply that counts begins; NULL: HTTP_SUCCESS */
    const void *context;    /* what else a kind of load needs */
    unsigned connections;   /* of load_many */
    const struct pod *pods; /* of load_many: connection I is made in pod I, if not NULL */
    unsigned warmup;        /* requests before the timed ones */
    unsigned requests;      /* timed ones */
    struct turn *turn;      /* with another load; NULL: it is alone */
    bool never_sleeps;      /* load_many: it looks for replies until there are some */

    /* what came of it: the timed part only */
    struct hist latency;
    uint64_t elapsed_ns; /* in our turns */
    struct usage used;   /* by the server */
    long rss_kib;        /* the server's at the end, its connections still open */

    /* between load_begin() and load_end() */
    uint64_t began_ns;
    struct usage before;
    struct counter counter;
};

/* The kinds, each a job_work on a struct load. -errno with ERROR filled. */
int load_one(void *load, struct error *error);     /* one connection, kept alive */
int load_connect(void *load, struct error *error); /* connect, one request, close */
int load_many(void *load, struct error *error);    /* `connections` at once, one process */
int load_file(void *load, struct error *error);    /* the path is that of a file: no server */
int load_paced(void *load, struct error *error);   /* at a fixed rate, timed from when it was due */

/* Ask COUNT times and record each in the load's latency; CLIENT as given to load_run(). */
typedef int load_ask(struct load *load, void *client, unsigned count, struct error *error);

/* Ask once. */
typedef int load_once(struct load *load, void *client, struct error *error);

/*
 * What the kinds have in common: the warm-up, then the timed part, in turn with the other load's.
 * load_repeat() asks time after time and records how long each took. -errno with ERROR filled.
 */
int load_run(struct load *load, load_ask *ask, void *client, struct error *error);
int load_repeat(struct load *load, load_once *once, void *client, struct error *error);

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
