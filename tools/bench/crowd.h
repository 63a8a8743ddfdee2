/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A crowd that follows one secret, and the one who changes it: again and again a put, its
 * acknowledgement, and when the crowd has the change. The next put leaves when everybody has the
 * last one. One struct crowd is one measurement, like a struct load, whose parts it uses for the
 * put; the same code drives the yardstick and the daemon.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "base/error.h"
#include "bench/hist.h"
#include "bench/load.h"
#include "bench/pace.h"
#include "page_abi.h"

#include <stddef.h>
#include <stdint.h>

#define CROWD_MAX 512u
#define CROWD_EVENT 4096u
#define CROWD_PACED 0xffffffffu /* `requests`: as many as the pace has */
#define CROWD_WATCH "GET /v1/watch HTTP/1.1\r\nHost: vsecm\r\n\r\n"

struct crowd {
    /*
     * Its path is where the crowd follows, its request the put, `requests` counts these; its
     * latency is that after the acknowledgement. What had come before it counts as 0.
     */
    struct load load;
    int door;                     /* connected from outside of the pod, for the puts */
    unsigned followers;           /* up to CROWD_MAX */
    struct pace pace;             /* of CROWD_PACED: its rate, and how long, from 0 on */
    const struct page_head *page; /* of crowd_page: the yardstick's; NULL: ask at load.path */

    /* what came of it */
    struct hist after_send; /* of the put; of a pace: after it was due */
    unsigned changes;

    /* of crowd_learn: an event, as it came */
    size_t event_length;
    char event[CROWD_EVENT];
};

/* The kinds, each a job_work on a struct crowd. -errno with ERROR filled. */
int crowd_watch(void *crowd, struct error *error); /* watches; a time is that of the last watcher */
int crowd_page(void *crowd, struct error *error);  /* processes at a page; of each its time */
int crowd_learn(void *crowd, struct error *error); /* nothing timed: what an event looks like */

/* Note that somebody had the change at SEEN_NS that was sent and acknowledged when these say. */
void crowd_note(struct crowd *crowd, uint64_t sent_ns, uint64_t acked_ns, uint64_t seen_ns);

/* Make one change, due at DUE_NS, and wait until all of CLIENT's followers have it; note it. */
typedef int crowd_change(void *client, uint64_t due_ns, struct error *error);

/* All changes of a measurement, the warm-up first, in turn with a partner where there is one. */
int crowd_run(struct crowd *crowd, crowd_change *change, void *client, struct error *error);

#endif
