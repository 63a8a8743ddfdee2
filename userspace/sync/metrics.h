/* SPDX-License-Identifier: BSD-2-Clause */
/* What vsecm-sync counts, in Prometheus' text format 0.0.4. */
#ifndef VSECM_SYNC_METRICS_H
#define VSECM_SYNC_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "sync/feed.h"
#include "sync/requests.h"

struct writer;

struct metrics {
    int core_is_there;
    int api_is_up;
    int leads;
    size_t queued;   /* bytes on their way to the core */
    size_t unlocked; /* blocks that could not be locked */
    uint64_t now_ms; /* by clock_mono_ms() */
    struct feed_stats feeds[FEED_KINDS];
    struct requests_stats requests;
    struct span core; /* the core's own, in the same format; they come first */
};

/* Add what FEED counted, and what requests counted, to what others did before. */
void metrics_add_feed(struct feed_stats *sum, const struct feed *feed);
void metrics_add_requests(struct requests_stats *sum, const struct requests_stats *more);

void metrics_write(struct writer *w, const struct metrics *metrics);

#endif
