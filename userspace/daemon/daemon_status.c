/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/daemon_status.h"

#include "base/clock.h"
#include "base/writer.h"
#include "daemon/cluster.h"
#include "daemon/harden.h"
#include "daemon/vault.h"
#include "identity/registry.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "kernel/sender.h"
#include "serve/follow.h"
#include "serve/server.h"

void daemon_status_begin(struct daemon_status *status)
{
    status->started_ms = clock_mono_ms();
    status->canary_ms = status->started_ms;
}

void daemon_status_canary(struct daemon_status *status)
{
    status->canary_ms = clock_mono_ms();
}

static void write_attestation(struct writer *w, const struct daemon_status *status, uint64_t now)
{
    struct attest_stats stats;
    attest_read_stats(status->attest, &stats);
    writer_literal(w, ",\"attestation\":{\"tier\":\"");
    writer_text(w, attest_tier_name(status->attest));
    writer_named_u64(w, "\",\"canarySecondsAgo\":", (now - status->canary_ms) / 1000);
    writer_named_u64(w, ",\"recorded\":", stats.recorded);
    writer_named_u64(w, ",\"failed\":", stats.failed);
    writer_named_u64(w, ",\"refused\":", stats.refused);
    writer_literal(w, "}");
}

static void write_connections(struct writer *w, const struct daemon_status *status)
{
    struct server_stats stats;
    server_read_stats(status->server, &stats);
    writer_named_u64(w, ",\"connections\":{\"open\":", stats.connections);
    writer_named_u64(w, ",\"waiting\":", stats.waiting);
    writer_named_u64(w, ",\"accepted\":", stats.accepted);
    writer_named_u64(w, ",\"overLimit\":", stats.over_limit);
    writer_named_u64(w, ",\"timedOut\":", stats.timed_out);
    writer_named_u64(w, ",\"rateLimited\":", stats.rate_limited);
    writer_named_u64(w, ",\"podsBarred\":", stats.barred);
    writer_named_u64(w, ",\"barsTotal\":", stats.bars);
    writer_literal(w, "}");
}

static void write_followers(struct writer *w, const struct daemon_status *status)
{
    struct follow_stats stats;
    follow_book_read_stats(server_followers(status->server), &stats);
    writer_named_u64(w, ",\"followers\":{\"watches\":", stats.watches);
    writer_named_u64(w, ",\"pageReaders\":", stats.readers);
    writer_named_u64(w, ",\"pages\":", stats.pages.pages);
    writer_named_u64(w, ",\"pageBytes\":", stats.pages.bytes);
    writer_literal(w, "}");
}

static void write_row(struct writer *w, const char **before, const char *name, const char *state)
{
    writer_text(w, *before);
    *before = ",\"";
    writer_text(w, name);
    writer_literal(w, "\":");
    writer_json(w, state, strlen(state));
}

/* Of the process itself, of the kernel for it, and who it is that asks. */
static void write_protections(struct writer *w, const struct daemon_status *status)
{
    const char *name, *state, *before = "\"";
    writer_literal(w, ",\"protections\":{");
    for (size_t i = 0; harden_summary(i, &name, &state); i++)
        write_row(w, &before, name, state);
    for (size_t i = 0; guard_summary(status->attest, i, &name, &state); i++)
        write_row(w, &before, name, state);
    for (size_t i = 0; sender_summary(status->sender, i, &name, &state); i++)
        write_row(w, &before, name, state);
    writer_literal(w, "}");
}

/* What is zero is left out: most of it always is. */
static void write_denied(struct writer *w, const struct guard_stats *stats, uint32_t hook)
{
    const char *before = "";
    for (uint32_t why = 0; why < VSECM_WHYS; why++) {
        if (!stats->denied[hook][why])
            continue;
        writer_text(w, before);
        writer_literal(w, "\"");
        writer_text(w, guard_why_name(why));
        writer_named_u64(w, "\":", stats->denied[hook][why]);
        before = ",";
    }
}

static void write_guards(struct writer *w, const struct daemon_status *status)
{
    struct guard_stats stats;
    guard_read_stats(status->attest, &stats);
    writer_literal(w, ",\"guards\":{\"denied\":{");
    for (uint32_t hook = 0; hook < VSECM_HOOKS; hook++) {
        writer_text(w, hook ? ",\"" : "\"");
        writer_text(w, guard_hook_name(hook));
        writer_literal(w, "\":{");
        write_denied(w, &stats, hook);
        writer_literal(w, "}");
    }
    writer_named_u64(w, "},\"lost\":", stats.lost);
    writer_literal(w, "}");
}

void daemon_status_write(struct writer *w, void *context)
{
    const struct daemon_status *status = context;
    uint64_t now = clock_mono_ms();
    writer_named_u64(w, ",\"uptimeSeconds\":", (now - status->started_ms) / 1000);
    writer_named_u64(w, ",\"identities\":", registry_count(*status->registry));
    vault_write_status(w, status->vault);
    write_attestation(w, status, now);
    write_connections(w, status);
    write_followers(w, status);
    if (status->cluster)
        cluster_write_status(w, status->cluster);
    write_guards(w, status);
    write_protections(w, status);
}
