/* SPDX-License-Identifier: BSD-2-Clause */
/* A vsecmd of our own: private directories, one known pod, no trace once it has stopped. */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include "base/error.h"
#include "bench/pod.h"
#include "bench/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DAEMON_NAMESPACE "bench"
#define DAEMON_WORKLOAD "w0" /* who the pod is */
#define DAEMON_NEIGHBOUR "w1"

struct daemon {
    pid_t pid;
    char dir[64];           /* what it writes, but its log; removed with it */
    char state[STATE_PATH]; /* its log and root key; likewise */
    char socket[96];        /* for workloads */
    char admin[96];         /* for us */
    uint64_t ready_ns;      /* from fork() to both sockets answering */
};

struct daemon_options {
    const char *program;      /* path of vsecmd */
    const char *attest;       /* option attest: "auto", "cgroup", "lsm" */
    const char *guards;       /* option guards; NULL: "auto" */
    bool on_disk;             /* the log; else in memory */
    const struct pod *others; /* who are w1, w2, ...: the first of them DAEMON_NEIGHBOUR */
    unsigned other_count;
    bool is_limited;    /* pods have the rate that is the default; else any */
    const char *config; /* further options, a line each; NULL: none */
};

/*
 * Start it and wait until both of its sockets answer. -errno, with ERROR filled by the end of what
 * it printed; daemon_stop() is due either way.
 */
int daemon_start(struct daemon *daemon, const struct daemon_options *options, const struct pod *pod,
                 struct error *error);

/* SIGTERM, and start it again with the files it has. As daemon_start(). */
int daemon_restart(struct daemon *daemon, const struct daemon_options *options,
                   struct error *error);

/* Whether it has ended by itself; if so, how, and its last words are added to ERROR. */
bool daemon_ended(struct daemon *daemon, struct error *error);

/* Store VALUE (plain text) for WORKLOAD in DAEMON_NAMESPACE over connection FD. -errno. */
int daemon_put(int fd, const char *workload, const char *value, struct error *error);

/* Stop it and remove its files. An all-zero DAEMON is fine. */
void daemon_stop(struct daemon *daemon);

#endif
