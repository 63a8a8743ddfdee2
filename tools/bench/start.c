/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/start.h"

#include "bench/fill.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/usage.h"

#include <errno.h>

#define START_TIMES 7u

/* Stop it as a service manager does, start it anew, and see that a secret is there. */
static int start_again(struct daemon *daemon, const struct stage *stage, struct start *start,
                       struct error *error)
{
    int r = daemon_restart(daemon, stage->daemon, error);
    if (r)
        return r;
    long kib = usage_rss_kib(daemon->pid);
    if (kib < 0)
        return error_errno(error, (int)kib, "cannot read vsecmd's resident memory");
    if (kib > start->rss_kib)
        start->rss_kib = kib;
    return probe_verify(stage->probe, daemon, stage->pod, error);
}

static int measure(struct daemon *daemon, const struct stage *stage, struct start *start,
                   struct error *error)
{
    double ready_ms[START_TIMES];
    int r = fill_daemon(daemon, START_SECRETS, START_VALUE, stage->probe, error);

    for (unsigned i = 0; i < START_TIMES && r == 0; i++) {
        progress_show("start %u of %u with %u secrets", i + 1, START_TIMES, START_SECRETS);
        r = start_again(daemon, stage, start, error);
        ready_ms[i] = (double)daemon->ready_ns / 1e6;
    }
    if (r)
        return r;
    start->ready_ms = ratio_of(ready_ms, START_TIMES);
    start->times = START_TIMES;
    start->secrets = START_SECRETS;
    start->value_bytes = START_VALUE;
    return 0;
}

int start_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct daemon daemon = {0};

    progress_show("storing %u secrets", START_SECRETS);
    int r = daemon_start(&daemon, stage->daemon, stage->pod, error);
    if (r == 0) {
        r = measure(&daemon, stage, &results->start, error);
        if (r)
            daemon_ended(&daemon, error);
    }
    daemon_stop(&daemon);
    return r;
}
