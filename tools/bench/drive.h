/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many connections that one process drives for a time, in a closed loop or at a fixed rate. A
 * request that is due waits until a connection is free, and is timed from when it was due: what a
 * slow server makes others wait is seen. Unlike in a struct load, an error is counted and the run
 * goes on: it may be somebody else's daemon, with limits of its own.
 */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "base/error.h"
#include "bench/counter.h"
#include "bench/hist.h"
#include "bench/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DRIVE_CLIENTS_MAX 256u
#define DRIVE_ROTATE_NS 100000000u /* from one change of the value to the next */

/* In memory of job_alloc(). */
struct drive {
    /* what to do */
    char path[108];
    pid_t server;  /* whose usage is taken; 0: it is not known */
    bool connects; /* a connection for every request: what is timed begins with connect() */
    const char *request;
    size_t request_length;
    unsigned clients; /* 1..DRIVE_CLIENTS_MAX */
    double rate;      /* of all of them, a second; 0: closed loop */
    uint64_t duration_ns;
    int door; /* where the value is changed meanwhile, by the two puts in turn; 0: it is not */
    const char *put[2];
    size_t put_length[2];

    /* what came of it */
    struct hist
        latency;        /* of replies that are a success; and of `unsent`, as long as they waited */
    struct hist waited; /* of each that was sent: from when it was due */
    uint64_t asked;     /* requests that were due */
    uint64_t done, errors;
    uint64_t unsent; /* due, but no client was free before the end */
    uint64_t changes;
    uint64_t elapsed_ns;
    struct usage used;  /* by the server */
    struct error first; /* the first error */
};

/* A job_work on a struct drive. -errno with ERROR filled, when nothing at all can be had. */
int drive_run(void *drive, struct error *error);

#endif
