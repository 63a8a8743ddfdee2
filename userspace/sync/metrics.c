/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/metrics.h"

#include "base/writer.h"

/* ---- sums --------------------------------------------------------------------------------------
 */

void metrics_add_feed(struct feed_stats *sum, const struct feed *feed)
{
    struct feed_stats more;
    feed_read_stats(feed, &more);
    feed_add_stats(sum, &more);
}

void metrics_add_requests(struct requests_stats *sum, const struct requests_stats *more)
{
    for (size_t i = 0; i < sizeof sum->by_class / sizeof sum->by_class[0]; i++)
        sum->by_class[i] += more->by_class[i];
    sum->refused += more->refused;
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static void head(struct writer *w, const char *name, const char *type, const char *help)
{
    writer_literal(w, "# HELP ");
    writer_text(w, name);
    writer_literal(w, " ");
    writer_text(w, help);
    writer_literal(w, "\n# TYPE ");
    writer_text(w, name);
    writer_literal(w, " ");
    writer_text(w, type);
    writer_literal(w, "\n");
}

/* LABEL NULL: the number has none. */
static void sample(struct writer *w, const char *name, const char *label, const char *value,
                   uint64_t number)
{
    writer_text(w, name);
    if (label) {
        writer_literal(w, "{");
        writer_text(w, label);
        writer_literal(w, "=\"");
        writer_text(w, value);
        writer_literal(w, "\"}");
    }
    writer_literal(w, " ");
    writer_u64(w, number);
    writer_literal(w, "\n");
}

static void single(struct writer *w, const char *name, const char *type, const char *help,
                   uint64_t number)
{
    head(w, name, type, help);
    sample(w, name, NULL, NULL, number);
}

/* ---- numbers of each list ----------------------------------------------------------------------
 */

static uint64_t restarts(const struct feed_stats *stats, uint64_t now_ms)
{
    (void)now_ms;
    return stats->reflector.watches ? stats->reflector.watches - 1 : 0;
}

static uint64_t events(const struct feed_stats *stats, uint64_t now_ms)
{
    (void)now_ms;
    return stats->reflector.events;
}

static uint64_t errors(const struct feed_stats *stats, uint64_t now_ms)
{
    (void)now_ms;
    return stats->reflector.errors;
}

static uint64_t lists(const struct feed_stats *stats, uint64_t now_ms)
{
    (void)now_ms;
    return stats->reflector.lists;
}

static uint64_t passed_over(const struct feed_stats *stats, uint64_t now_ms)
{
    (void)now_ms;
    return stats->passed_over + stats->reflector.oversized;
}

static uint64_t begun_anew(const struct feed_stats *stats, uint64_t now_ms)
{
    (void)now_ms;
    return stats->begun_anew;
}

static uint64_t silent(const struct feed_stats *stats, uint64_t now_ms)
{
    return stats->reflector.last_ms ? (now_ms - stats->reflector.last_ms) / 1000 : now_ms / 1000;
}

static const struct column {
    const char *name, *type, *help;
    uint64_t (*read)(const struct feed_stats *stats, uint64_t now_ms);
} columns[] = {
    {"vsecm_sync_lists_total", "counter", "Lists that were read from the API server.", lists},
    {"vsecm_sync_watch_restarts_total", "counter", "Watches that were begun after the first one.",
     restarts},
    {"vsecm_sync_events_total", "counter", "Objects and changes that the API server told.", events},
    {"vsecm_sync_watch_errors_total", "counter", "Lists and watches that failed.", errors},
    {"vsecm_sync_passed_over_total", "counter",
     "Objects that could not be told, as something in them is beyond a limit.", passed_over},
    {"vsecm_sync_begun_anew_total", "counter",
     "Lists that were told from their beginning again, as vsecmd took no more.", begun_anew},
    {"vsecm_sync_staleness_seconds", "gauge",
     "Seconds since the API server last gave something of a list; a refusal is nothing.", silent},
};

/* ---- all ---------------------------------------------------------------------------------------
 */

static void write_requests(struct writer *w, const struct requests_stats *stats)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    head(w, "vsecm_sync_requests_total", "counter",
         "Answers of the API server to what vsecmd asked for, by class of status.");
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        sample(w, "vsecm_sync_requests_total", "code", classes[i], stats->by_class[i]);
    single(w, "vsecm_sync_requests_refused_total", "counter",
           "Requests of vsecmd that were refused, as too much was under way.", stats->refused);
}

void metrics_write(struct writer *w, const struct metrics *metrics)
{
    writer_span(w, metrics->core);
    if (metrics->core.length && metrics->core.data[metrics->core.length - 1] != '\n')
        writer_literal(w, "\n");
    single(w, "vsecm_sync_core_up", "gauge", "1 while vsecmd is there.",
           metrics->core_is_there != 0);
    single(w, "vsecm_sync_api_up", "gauge", "1 while the API server can be reached.",
           metrics->api_is_up != 0);
    single(w, "vsecm_sync_leader", "gauge", "1 while this node leads.", metrics->leads != 0);
    single(w, "vsecm_sync_queue_bytes", "gauge", "Bytes on their way to vsecmd.", metrics->queued);
    single(w, "vsecm_sync_unlocked_total", "counter",
           "Blocks of memory that could not be locked, by RLIMIT_MEMLOCK.", metrics->unlocked);
    write_requests(w, &metrics->requests);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        head(w, columns[i].name, columns[i].type, columns[i].help);
        for (unsigned k = 0; k < FEED_KINDS; k++)
            sample(w, columns[i].name, "list", feed_name((enum feed_kind)k),
                   columns[i].read(&metrics->feeds[k], metrics->now_ms));
    }
}
