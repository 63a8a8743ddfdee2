/* SPDX-License-Identifier: BSD-2-Clause */
/* Two runs, or two groups of runs, compared figure by figure. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "base/error.h"
#include "bench/figures.h"
#include "bench/ratio.h"

#include <stdio.h>

#define COMPARE_FILES_MAX 32u /* of a group */
#define COMPARE_REGRESSION 0.05
#define COMPARE_BY_FILE 4u /* so many files a group: each file is one value, not each round */

struct compare_group {
    unsigned files;
    const char *path[COMPARE_FILES_MAX];
    struct figures *figures[COMPARE_FILES_MAX];
};

enum compare_verdict {
    COMPARE_SAME,      /* the interval holds 1 */
    COMPARE_BETTER,    /* beyond the interval */
    COMPARE_WORSE,     /* likewise, and not by more than COMPARE_REGRESSION */
    COMPARE_REGRESSED, /* by more */
    COMPARE_OTHER,     /* beyond it, where neither is better */
    COMPARE_TOO_FEW,   /* values for an interval */
    COMPARE_VERDICTS
};

/* What CHANGE says of a figure for which GOOD is better. */
enum compare_verdict compare_judge(enum figure_good good, const struct ratio_change *change);

/* How far FACTOR is from 1, whichever of two runs came first: 0.15 for 1.15 and for 1 / 1.15. */
double compare_distance(double factor);

/*
 * The command line behind --compare, up to a NULL. The exit status: 0, 1 for a regression or for
 * what does not agree, 2 for input that is wrong.
 */
int compare_command(char **arguments);

#endif
