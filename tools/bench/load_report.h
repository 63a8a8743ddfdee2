/* SPDX-License-Identifier: BSD-2-Clause */
/* What `vsecm-bench load` was asked for and what came of it, for people and for programs. */
#ifndef BENCH_LOAD_REPORT_H
#define BENCH_LOAD_REPORT_H

#include "bench/hist.h"
#include "bench/results.h"
#include "bench/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct load_report {
    const char *workload, *timed; /* "get"; from when to when */
    const char *layout;           /* "same", "apart", "none" */
    const char *socket;           /* of a daemon that is not ours; NULL: ours */
    size_t value_bytes;           /* 0: not known */
    unsigned clients;
    double rate, seconds; /* rate 0: closed loop */
    const struct results *machine;

    const struct hist *latency, *waited; /* waited NULL: not known */
    uint64_t asked, done, errors, unsent, changes, elapsed_ns;
    const char *first_error; /* "" for none */
    struct usage server;     /* of ours */
    uint64_t client_cpu_ns;
    long client_voluntary, client_involuntary;
};

void load_report_text(FILE *out, const struct load_report *report);
void load_report_json(FILE *out, const struct load_report *report);

#endif
