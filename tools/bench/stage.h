/* SPDX-License-Identifier: BSD-2-Clause */
/* What every part of a run has at hand. */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include "bench/daemon.h"
#include "bench/load.h"
#include "bench/pod.h"
#include "bench/probe.h"
#include "bench/results.h"

#include <stdbool.h>

#define STAGE_QUICK_DIVISOR 4u /* of the requests, with --quick */

/* Of a bout: whose load is which. */
enum load_of { LOAD_OF_ECHO, LOAD_OF_OTHER, LOADS };

struct stage {
    const struct daemon_options *daemon;
    const struct pod *pod;      /* that of DAEMON_WORKLOAD */
    const char *peers_dir;      /* the configurations of peers */
    unsigned rounds;            /* pairs of measurements */
    bool quick;                 /* fewer requests a round */
    const char *only;           /* of a part with several rows, the one to run; NULL: all */
    const char *cost;           /* what requests cost, on record */
    const char *render_go;      /* Go's side of the row about templates */
    int server_cpu, client_cpu; /* in layout apart; equal where there is one processor only */
    struct load *load;          /* shared with jobs; of a bout, two: LOADS */
    struct probe *probe;        /* likewise */
};

/* How many layouts there are, from LAYOUT_SAME on: on one processor nothing is apart. */
static inline enum layout stage_layouts(const struct stage *stage)
{
    return stage->server_cpu == stage->client_cpu ? LAYOUT_APART : LAYOUTS;
}

/* How many of REQUESTS, or whatever else is repeated, this run makes. */
static inline unsigned stage_requests(const struct stage *stage, unsigned requests)
{
    return stage->quick ? requests / STAGE_QUICK_DIVISOR : requests;
}

#endif
