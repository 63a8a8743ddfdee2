/* SPDX-License-Identifier: BSD-2-Clause */
/* The targets, and by how much each was met or missed. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include "bench/results.h"

#define VERDICTS_MAX 40u

struct verdict {
    char what[96];    /* for people: "warm GET 64 B, same: p50 ratio" */
    const char *unit; /* "x" (of the echo), "x Go", "MiB", "ms" or "ns" */
    bool at_most;     /* else at least */
    double limit, value;
    bool met;
    double off_percent; /* above the limit, below when negative */
    char why[256];      /* where it would be missed: what is known of it; never empty */
};

/* Judge all targets whose rows were run. Returns how many verdicts were written to RET. */
size_t verdict_all(const struct results *results, struct verdict ret[static VERDICTS_MAX]);

#endif
