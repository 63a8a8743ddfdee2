/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/metrics.h"

#include <stddef.h>

#include "base/writer.h"

/* The same name in rows that follow each other is one metric with several labels. */
static const struct row {
    const char *name;
    const char *labels; /* "" or {...} */
    const char *type;
    size_t offset;
    const char *help;
} rows[] = {
#define AT(member) offsetof(struct metrics, member)
    {"vsecm_ready", "", "gauge", AT(ready), "Whether secrets are served."},
    {"vsecm_sealed", "", "gauge", AT(sealed), "Whether the store waits for its root key."},
    {"vsecm_secrets", "", "gauge", AT(secrets), "Secrets in the store."},
    {"vsecm_arena_size_bytes", "", "gauge", AT(arena_size), "Secret memory."},
    {"vsecm_arena_used_bytes", "", "gauge", AT(arena_used), "Secret memory in use."},
    {"vsecm_arena_refusals_total", "", "counter", AT(arena_refusals),
     "Times that secret memory was asked for and not there."},
    {"vsecm_requests_total", "{outcome=\"allow\"}", "counter", AT(allowed),
     "Requests, by what was decided."},
    {"vsecm_requests_total", "{outcome=\"deny\"}", "counter", AT(refused), NULL},
    {"vsecm_audit_records_total", "", "counter", AT(audit_records), "Audit records kept."},
    {"vsecm_audit_losses_total", "", "counter", AT(audit_failures),
     "Audit records that could not be kept."},
    {"vsecm_connections", "", "gauge", AT(connections), "Connections that are open."},
    {"vsecm_connections_waiting", "", "gauge", AT(waiting),
     "Connections whose pod is not known yet."},
    {"vsecm_connections_over_limit_total", "", "counter", AT(over_limit),
     "Connections refused because there were too many."},
    {"vsecm_rate_limited_total", "", "counter", AT(rate_limited),
     "Requests and connections refused because their pod had too many in a second."},
    {"vsecm_pods_barred", "", "gauge", AT(barred), "Pods that may not connect for a while."},
    {"vsecm_pods_barred_total", "", "counter", AT(bars),
     "Times that a pod was barred from connecting."},
    {"vsecm_watches", "", "gauge", AT(watches), "Connections that follow a secret by events."},
    {"vsecm_pages", "", "gauge", AT(pages), "Shared pages that are kept."},
    {"vsecm_page_readers", "", "gauge", AT(page_readers), "Connections that keep a shared page."},
    {"vsecm_canary_age_seconds", "", "gauge", AT(canary_s),
     "Since attestation was last tried on ourselves."},
    {"vsecm_attestation_refusals_total", "", "counter", AT(unrecorded),
     "Connections of which the kernel had no record."},
    {"vsecm_guard_events_lost_total", "", "counter", AT(guards.lost),
     "Denials that have no audit record, for there was no room."},
    {"vsecm_identities", "", "gauge", AT(identities), "Pods, services and paths that are known."},
    {"vsecm_pods", "", "gauge", AT(pods), "Pods of this node that the cluster told of."},
    {"vsecm_pods_nobody", "", "gauge", AT(nobody), "Pods of these that are no workload."},
    {"vsecm_bindings", "", "gauge", AT(bindings), "VSecMBindings that the cluster told of."},
    {"vsecm_cluster_left_out_total", "", "counter", AT(left_out),
     "Pods and bindings that broke a rule and were left out."},
    {"vsecm_cluster_seen", "", "gauge", AT(seen),
     "Whether the list of pods was complete since the daemon started."},
    {"vsecm_api_up", "", "gauge", AT(api_up), "Whether the API server can be reached."},
    {"vsecm_api_unreached_seconds", "", "gauge", AT(api_s),
     "Since the API server was last reached; 0 while it is."},
#undef AT
};

static void write_head(struct writer *w, const struct row *row)
{
    writer_literal(w, "# HELP ");
    writer_text(w, row->name);
    writer_literal(w, " ");
    writer_text(w, row->help);
    writer_literal(w, "\n# TYPE ");
    writer_text(w, row->name);
    writer_literal(w, " ");
    writer_text(w, row->type);
    writer_literal(w, "\n");
}

/* Pairs that never came are left out; most can not come. */
static void write_denials(struct writer *w, const struct guard_stats *stats)
{
    static const struct row head = {"vsecm_guard_denials_total", "", "counter", 0,
                                    "What guards denied, by hook and reason."};
    write_head(w, &head);
    for (uint32_t i = 0; i < VSECM_HOOKS * VSECM_WHYS; i++) {
        uint64_t count = stats->denied[i / VSECM_WHYS][i % VSECM_WHYS];
        if (!count)
            continue;
        writer_literal(w, "vsecm_guard_denials_total{hook=\"");
        writer_text(w, guard_hook_name(i / VSECM_WHYS));
        writer_literal(w, "\",why=\"");
        writer_text(w, guard_why_name(i % VSECM_WHYS));
        writer_literal(w, "\"} ");
        writer_u64(w, count);
        writer_literal(w, "\n");
    }
}

void metrics_write(struct writer *w, const struct metrics *metrics)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (row->help)
            write_head(w, row);
        writer_text(w, row->name);
        writer_text(w, row->labels);
        writer_literal(w, " ");
        writer_u64(w, *(const uint64_t *)((const char *)metrics + row->offset));
        writer_literal(w, "\n");
    }
    write_denials(w, &metrics->guards);
}
