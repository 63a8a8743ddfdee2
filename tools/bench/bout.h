/* SPDX-License-Identifier: BSD-2-Clause */
/* Two servers in turn: the yardstick, and the one that is measured beside it. */
#ifndef BENCH_BOUT_H
#define BENCH_BOUT_H

#include "base/error.h"
#include "bench/job.h"
#include "bench/results.h"
#include "bench/stage.h"

#include <stddef.h>
#include <sys/types.h>

struct bout {
    const char *title, *name; /* of the row and of the server, for people */
    enum layout layout;
    const struct pod *pod; /* where the clients are; NULL: the host */
    job_work *work, *echo; /* what asks the server, what asks the yardstick */
    const char *door;      /* the server's socket */
    pid_t server;          /* 0: it is none */
    const char *request;
    size_t request_length;
    const char *reply; /* a whole one: what the yardstick answers */
    size_t reply_length;
    const char *success; /* as those of struct load */
    const void *context;
    const struct pod *pods;
    unsigned connections, warmup, requests;
    const char *echo_path;   /* where the yardstick may listen */
    const char *echo_log_in; /* the directory it keeps what it is asked in, synced; NULL: none */
};

/* What came of the rounds so far. All zero: there was none. */
struct bout_tally {
    struct side echo, other;
    size_t request_bytes, reply_bytes;
    long rss_kib; /* of the server, its connections open; the most of all rounds */
    unsigned rounds;
    double ratio[METRICS][RESULTS_ROUNDS_MAX]; /* other / echo */
};

/*
 * Measure both once, slice by slice in turn, beside a fresh yardstick; STAGE->load is scratch. At
 * most RESULTS_ROUNDS_MAX times. -errno with ERROR filled.
 */
int bout_round(const struct stage *stage, const struct bout *bout, struct bout_tally *tally,
               struct error *error);

/* A round in each layout there is, into its tally; BOUT->layout is set here. People see how far it
 * is. */
int bout_layouts(const struct stage *stage, struct bout *bout,
                 struct bout_tally tally[static LAYOUTS], struct error *error);

/* The ratios over all rounds, at least one; the last thing that is done with TALLY. */
void bout_ratios(struct bout_tally *tally, struct ratio ret[static METRICS]);

#endif
