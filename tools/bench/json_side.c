/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/json_side.h"

#include <inttypes.h>

void json_side(FILE *out, const char *name, const struct side *side)
{
    const struct hist *h = &side->latency;

    fprintf(out,
            "      \"%s\": {\"requests\": %" PRIu64 ", \"p50\": %" PRIu64 ", \"p90\": %" PRIu64
            ", \"p99\": %" PRIu64 ", \"p99.9\": %" PRIu64 ", \"max\": %" PRIu64
            ", \"requests_per_second\": %.1f, \"server_cpu_ns_per_request\": %.1f, "
            "\"system_share\": %.3f, \"minor_faults\": %" PRIu64 ", \"major_faults\": %" PRIu64
            ", \"voluntary_switches\": %" PRIu64 ", \"involuntary_switches\": %" PRIu64
            ", \"server_instructions_per_request\": ",
            name, side->requests, hist_percentile(h, 0.5), hist_percentile(h, 0.9),
            hist_percentile(h, 0.99), hist_percentile(h, 0.999), h->max, results_rate(side),
            results_cpu_ns(side), results_system_share(&side->used), side->used.minor_faults,
            side->used.major_faults, side->used.voluntary_switches,
            side->used.involuntary_switches);
    if (side->used.instructions)
        fprintf(out, "%.1f},\n", (double)side->used.instructions / (double)side->requests);
    else
        fprintf(out, "null},\n"); /* no counters on this machine */
}
