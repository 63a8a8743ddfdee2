/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients in Go, of the program peers-go in $PATH (tools/bench/peers_go), for peers whose own
 * clients are. It is bound as its job is, with one thread that runs Go at a time (GOMAXPROCS=1),
 * and collects garbage as Go does unless told otherwise (GOGC=100).
 */
#ifndef BENCH_LOAD_GO_H
#define BENCH_LOAD_GO_H

#include "bench/load.h"

#include <sys/types.h>

#define LOAD_GO_PROGRAM "peers-go"

/* The load's context, but for the yardstick's. */
struct load_go {
    const char *kind;   /* "etcd", "spire", "openbao" */
    const char *value;  /* what each reply must hold */
    const char *dir;    /* where its other files are */
    const char *target; /* "unix:PATH", HOST:PORT */
};

/* The kinds, each a job_work on a struct load. -errno with ERROR filled. */
int load_go_many(void *load, struct error *error);    /* `connections` that are kept */
int load_go_connect(void *load, struct error *error); /* a connection for every request */

/* Likewise, of the yardstick: the load's request, and a reply of its length. */
int load_go_echo(void *load, struct error *error);
int load_go_echo_connect(void *load, struct error *error);

/*
 * Untimed: have the peer keep the value. One whole reply is in REPLY; its length, or -errno with
 * ERROR filled.
 */
ssize_t load_go_keep(const struct load_go *go, char *reply, size_t size, struct error *error);

/*
 * Read what the program says of the timed part, NUL-terminated TEXT: the nanoseconds of all, those
 * of each of LOAD->requests, "end"; a line each. They are added to the load. -EBADMSG for anything
 * else, ERROR filled.
 */
int load_go_read(struct load *load, const char *text, struct error *error);

#endif
