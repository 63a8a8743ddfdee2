/* SPDX-License-Identifier: BSD-2-Clause */
/* The core's numbers in the text format of Prometheus (version 0.0.4). Pure. */
#ifndef VSECM_DAEMON_METRICS_H
#define VSECM_DAEMON_METRICS_H

#include <stdint.h>

#include "kernel/guard.h"

struct writer;

#define METRICS_TEXT (12u * 1024u) /* room for all, each with its largest number */

/* A gauge is what is so now; a counter what has been counted since the start. */
struct metrics {
    uint64_t ready; /* 1 or 0, as all that are named like a question */
    uint64_t sealed;
    uint64_t secrets;
    uint64_t arena_size, arena_used, arena_refusals;
    uint64_t allowed, refused;
    uint64_t audit_records, audit_failures;
    uint64_t connections, waiting, over_limit;
    uint64_t rate_limited, bars, barred;
    uint64_t watches, pages, page_readers;
    uint64_t canary_s;
    uint64_t unrecorded;
    uint64_t identities;
    struct guard_stats guards;
    uint64_t pods, nobody, bindings, left_out;
    uint64_t seen;
    uint64_t api_up, api_s;
};

/* Everything, in the order of its table. */
void metrics_write(struct writer *w, const struct metrics *metrics);

#endif
