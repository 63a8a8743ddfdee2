/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people would use instead of vsecmd: one program (or several), started, asked and stopped by
 * us, in a private directory. A peer is a table of what is particular to it; the rounds, the
 * yardstick beside them, the reading of memory and the removal of its files are peers.c's.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "base/error.h"
#include "bench/job.h"
#include "bench/load.h"
#include "bench/probe.h"
#include "bench/stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PEER_VALUE 64u /* bytes of the value that all of them keep */
#define PEER_PATH 108u /* bytes of a path with its NUL; that of a Unix socket */
#define PEER_PROCESSES_MAX 8u
#define PEER_ROWS_MAX 6u
#define PEER_REPLY_MAX 4096u

struct peer;

/* A peer that runs, or is about to. */
struct peer_server {
    const struct stage *stage;
    const struct peer *peer;
    char value[PROBE_VALUE_MAX + 1]; /* PEER_VALUE letters: what must come back */
    char dir[STATE_PATH];            /* private, on a tmpfs; removed with all that is in it */
    char path[PEER_PATH];            /* DIR/socket: where it is to listen, if on a Unix socket */
    unsigned port;                   /* of 127.0.0.1, free when we looked: likewise */
    size_t processes;                /* what peer_spawn() started, in that order */
    pid_t process[PEER_PROCESSES_MAX];
    void *own; /* of the peer's module: start() may allocate it, peers.c frees it */
};

/* How it is asked: one row of the table. */
struct peer_row {
    const char *id, *title;
    job_work *work;       /* asks the peer: a kind of load, in a process of its own */
    job_work *echo;       /* asks the yardstick in the same way, over its Unix socket */
    unsigned connections; /* at once */
    unsigned warmup, requests;
    const char *limits; /* what the row does not show; Markdown, one paragraph */
};

struct peer {
    const char *id;
    bool is_ours;        /* its failure is the run's */
    const char *program; /* in $PATH, or a path; NULL: it has none */
    const char *version; /* the argument that makes it tell; NULL: it has none */
    const char *config;  /* the file below the directory of configurations; NULL: it has none */

    /*
     * Start it on processor SERVER->stage->server_cpu where it can be told to: by peer_configure()
     * and peer_spawn(). -ENOENT with ERROR filled where what it needs is not on this machine.
     */
    int (*start)(struct peer_server *server, struct error *error);

    /* Whether it answers: 0, -EAGAIN to be asked again soon, -errno with ERROR filled. */
    int (*ready)(struct peer_server *server, struct error *error);

    /*
     * Once for each row, in our own process and untimed: keep SERVER->value there if it is not yet,
     * and fill into LOAD what ROW->work needs (request, its length, success, context; the path and
     * the process are there). REPLY gets one whole reply, *length bytes, which must hold the
     * value: the yardstick's are as long.
     */
    int (*prepare)(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error);

    /* Before its processes are stopped, last one first. NULL: nothing is to be done. */
    void (*stop)(struct peer_server *server);

    /* What version it is, where `program version` does not tell. NULL: it does. -errno. */
    int (*tell_version)(const struct peer_server *server, char *ret, size_t size,
                        struct error *error);

    const struct peer_row *rows;
    size_t row_count;
};

/*
 * Start PROGRAM (in $PATH, or a path) with ARGUMENTS (argv[0] first, NULL last), what it prints
 * going to DIR/log, bound to the server's processor with all that it will start. Its process is
 * noted in SERVER. -ENOENT when there is no such program; -errno. ERROR filled.
 */
int peer_spawn(struct peer_server *server, const char *program, const char *const arguments[],
               struct error *error);

/*
 * Write SERVER->peer's configuration to RET, a path in its directory, with @DIR@, @SOCKET@, @PORT@,
 * @CPU@ and @VALUE@ filled in. -EINVAL for another @NAME@; -errno. ERROR filled.
 */
int peer_configure(const struct peer_server *server, char ret[static PEER_PATH],
                   struct error *error);

/* A second port that is free, or 0. */
unsigned peer_free_port(void);

/* Where PROGRAM is, into RET: -ENOENT with ERROR saying so when it is nowhere in $PATH. */
int peer_find(const char *program, char *ret, size_t size, struct error *error);

/*
 * Send REQUEST over the connected FD and read until UNTIL (the end of a reply) has come: the
 * untimed exchange that prepare() is made of. *length bytes in REPLY. -errno with ERROR filled.
 */
int peer_exchange(int fd, const char *request, size_t request_length, const char *until,
                  char reply[static PEER_REPLY_MAX], size_t *length, struct error *error);

/* That over a connection of its own to SERVER->path; REQUEST is text. */
int peer_ask(const struct peer_server *server, const char *request, const char *until,
             char reply[static PEER_REPLY_MAX], size_t *length, struct error *error);

/* A peer's ready(): whether somebody listens at its path. */
int peer_listens(struct peer_server *server, struct error *error);

/* Whether a process has ended by itself; if so, its last words are added to ERROR. */
bool peer_ended(struct peer_server *server, struct error *error);

/* The table's entries, each in peer_ID.c. */
extern const struct peer peer_echo_go, peer_etcd, peer_file, peer_memcached, peer_nginx,
    peer_openbao, peer_redis, peer_spire, peer_vsecmd;

#endif
