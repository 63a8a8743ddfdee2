/* SPDX-License-Identifier: BSD-2-Clause */
/* One child process: started, watched, passed signals, stopped. */
#ifndef VSECM_CLI_CHILD_H
#define VSECM_CLI_CHILD_H

#include "cli/signals.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/* Whether the daemon is to keep everybody else from tracing it and reading its memory. */
enum child_shield {
    CHILD_BARE,
    CHILD_SHIELD,
    CHILD_SHIELD_ALL, /* and from whatever it starts */
};

/* What to start. */
struct child_plan {
    char *const *command;   /* looked for in our own PATH; NULL at the end */
    char *const *variables; /* the whole environment */
    int fd;                 /* a descriptor that it gets; -1: none */
    enum child_shield shield;
    const char *socket; /* for a shield: the daemon's; NULL: where libvsecm looks */
};

struct child {
    pid_t pid;       /* 0: there is none */
    int status;      /* of one that has ended: as a shell has it, 128+n for signal n */
    int64_t kill_at; /* when to end what was asked to; 0: it was not (channel_now()) */
};

/*
 * Start PLAN with signals as they were before signals_open(), the limit of core files that we had
 * (with a shield: that of vsecm_shield()), and of our descriptors only the one named; in our
 * process group, so that a terminal's keys reach it. A shield is asked for by the new process
 * itself, whose it then is, before it is the program: execve() keeps it. We are none, though we
 * have the secret for a moment: what enters a container, such as a probe, goes by way of its
 * process 1, which may be us. 0 once it runs, or -errno with *error set: then child->status is 127
 * when there is no such program, 1 when the daemon refuses the shield, 3 when there is no daemon to
 * ask, else 126.
 */
int child_start(struct child *child, const struct child_plan *plan, const struct signals *signals,
                struct error *error);

/*
 * Wait for every process that has ended: ours, and as process 1 of a container those that lost
 * their parents. When a terminal has stopped it, stop too, until somebody continues us. True when
 * it was the child; then child->pid is 0 and its status is set.
 */
bool child_reap(struct child *child);

/* Send it signal NUMBER. */
void child_signal(const struct child *child, int number);

/* Ask it to end, and let child_check() kill it GRACE_MS later. Twice is once. */
void child_stop(struct child *child, int64_t grace_ms);

/* Kill it when its time is over. The milliseconds until that, or -1. */
int child_check(struct child *child);

#endif
