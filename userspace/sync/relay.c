/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "limits.h"
#include "sync/api.h"
#include "sync/core.h"
#include "sync/exports.h"
#include "sync/feed.h"
#include "sync/lease.h"
#include "sync/locked.h"
#include "sync/metrics.h"
#include "sync/requests.h"

/* A server that is back has not all lists yet: it answers 429 for some, for about a second. */
#define NUDGES 3u
#define NUDGE_MS 1000u

/* Below this many bytes that wait, a list may begin anew: a fresh one has room for a while. */
#define ROOM (LIMIT_WIRE_QUEUE / 4u)

struct health {
    uint64_t at_ms; /* 0: none came */
    int is_ready;
    char reason[LIMIT_WIRE_TEXT];
    size_t reason_length;
    char *metrics; /* of the core */
    size_t metrics_length;
};

struct relay {
    struct relay_options options;
    struct core *core;
    /* While the core is there; else NULL. */
    struct feed *feeds[FEED_KINDS];
    struct requests *requests;
    struct lease *lease;
    struct exports *exports;             /* only while we lead */
    struct feed_stats stats[FEED_KINDS]; /* of feeds that were */
    struct requests_stats requests_stats;
    struct health health;
    int answers[FEED_KINDS]; /* for this list the API server does */
    struct loop_timer nudge; /* lists that failed, while the API server is coming back */
    unsigned nudges;         /* that are left */
    int is_up;
    char why[LIMIT_WIRE_TEXT];
};

/* ---- the state of the API server ---------------------------------------------------------------
 */

static void tell_api(struct relay *relay)
{
    struct wire_message message = {.kind = WIRE_API};
    if (relay->is_up)
        message.field[API_IS_UP] = SPAN_LITERAL("1");
    message.field[API_REASON] = span_of(relay->why);
    core_send(relay->core, &message);
}

/* Something was answered: lists that failed need not wait any longer. */
static void hurry(const struct relay *relay)
{
    for (size_t i = 0; i < FEED_KINDS; i++)
        if (!relay->answers[i] && relay->feeds[i])
            feed_hurry(relay->feeds[i]);
}

static void on_nudge(struct loop_timer *timer)
{
    struct relay *relay = (struct relay *)((char *)timer - offsetof(struct relay, nudge));
    hurry(relay);
    if (--relay->nudges)
        loop_set_timer(relay->options.loop, &relay->nudge, NUDGE_MS);
}

/* Pods decide: whoever can list them reaches the API server. Of the others, failures are said. */
static void on_state(void *context, enum feed_kind kind, int is_up, const char *why)
{
    struct relay *relay = context;
    if (is_up)
        log_info("%s: the API server answers", feed_name(kind));
    else
        log_warn("%s: %s", feed_name(kind), why);
    relay->answers[kind] = is_up;
    if (kind != FEED_PODS)
        return;
    relay->is_up = is_up;
    snprintf(relay->why, sizeof relay->why, "%s", is_up ? "" : why);
    tell_api(relay);
    if (!is_up)
        return;
    hurry(relay);
    relay->nudges = NUDGES;
    loop_set_timer(relay->options.loop, &relay->nudge, NUDGE_MS);
}

static void on_passed_over(void *context, enum feed_kind kind, struct span name, const char *why)
{
    (void)context;
    log_warn("%s: %.*s is not told as it is: %s", feed_name(kind), (int)name.length, name.data,
             why);
}

/* ---- to the core -------------------------------------------------------------------------------
 */

static int on_tell(void *context, const struct wire_message *message)
{
    const struct relay *relay = context;
    return core_send(relay->core, message);
}

static int on_room(void *context)
{
    const struct relay *relay = context;
    return core_is_there(relay->core) && core_queued(relay->core) < ROOM;
}

/* An answer that cannot be given would be waited for: the connection ends, which answers all. */
static void on_reply(void *context, const struct wire_message *message)
{
    struct relay *relay = context;
    int r = core_send(relay->core, message);
    if (r == -ENOBUFS || r == -ENOMEM || r == -EMSGSIZE)
        core_give_up(relay->core);
}

/* ---- leading -----------------------------------------------------------------------------------
 */

static void on_drift(void *context, struct span namespace, struct span name)
{
    struct relay *relay = context;
    struct wire_message message = {.kind = WIRE_DRIFT};
    message.field[0] = namespace;
    message.field[1] = name;
    log_warn("Secret %.*s/%.*s was changed by somebody else", (int)namespace.length, namespace.data,
             (int)name.length, name.data);
    on_reply(relay, &message);
}

static void on_exporting(void *context, struct span namespace, struct span name)
{
    const struct relay *relay = context;
    if (relay->exports)
        exports_begin(relay->exports, namespace, name);
}

static void on_exported(void *context, struct span namespace, struct span name,
                        struct span resource_version, int is_gone)
{
    const struct relay *relay = context;
    if (relay->exports)
        exports_end(relay->exports, namespace, name, resource_version, is_gone);
}

/* The lease is looked at every few seconds; lists that failed wait longer by then. */
static void on_answered(void *context)
{
    hurry(context);
}

static void on_lease_failed(void *context, const char *why)
{
    (void)context;
    log_warn("lease: %s", why);
}

static void on_exports_state(void *context, int is_up, const char *why)
{
    (void)context;
    log_info("exported Secrets: %s", is_up ? "the API server answers" : why);
}

static void on_leader(void *context, int is_us)
{
    struct relay *relay = context;
    const struct exports_options options = {.loop = relay->options.loop,
                                            .api = relay->options.api,
                                            .drifted = on_drift,
                                            .state = on_exports_state,
                                            .context = relay};
    struct wire_message message = {.kind = WIRE_LEADER};
    log_info(is_us ? "this node leads" : "this node does not lead any more");
    exports_free(relay->exports);
    relay->exports = is_us ? exports_new(&options) : NULL;
    if (is_us)
        message.field[LEADER_IS_US] = SPAN_LITERAL("1");
    on_reply(relay, &message);
}

/* ---- the core comes and goes -------------------------------------------------------------------
 */

static void end_all(struct relay *relay)
{
    struct requests_stats stats;
    for (size_t i = 0; i < FEED_KINDS; i++) {
        if (relay->feeds[i])
            metrics_add_feed(&relay->stats[i], relay->feeds[i]);
        feed_free(relay->feeds[i]);
        relay->feeds[i] = NULL;
    }
    if (relay->requests) {
        requests_read_stats(relay->requests, &stats);
        metrics_add_requests(&relay->requests_stats, &stats);
    }
    loop_cancel_timer(relay->options.loop, &relay->nudge);
    exports_free(relay->exports);
    lease_free(relay->lease);
    requests_free(relay->requests);
    relay->exports = NULL;
    relay->lease = NULL;
    relay->requests = NULL;
    relay->health.at_ms = 0;
}

static void on_lost(void *context, const char *why)
{
    struct relay *relay = context;
    log_warn("vsecmd is not there: %s", why);
    end_all(relay);
}

static int begin_feeds(struct relay *relay)
{
    for (unsigned i = 0; i < FEED_KINDS; i++) {
        const struct feed_options options = {.kind = (enum feed_kind)i,
                                             .loop = relay->options.loop,
                                             .api = relay->options.api,
                                             .node = relay->options.node,
                                             .tell = on_tell,
                                             .has_room = on_room,
                                             .state = on_state,
                                             .passed_over = on_passed_over,
                                             .context = relay};
        relay->feeds[i] = feed_new(&options);
        if (!relay->feeds[i])
            return -ENOMEM;
    }
    return 0;
}

static void on_met(void *context)
{
    struct relay *relay = context;
    const struct requests_options requests = {.api = relay->options.api,
                                              .node = relay->options.node,
                                              .namespace = relay->options.namespace,
                                              .admission_token = relay->options.admission_token,
                                              .reply = on_reply,
                                              .exporting = on_exporting,
                                              .exported = on_exported,
                                              .context = relay};
    const struct lease_options lease = {.loop = relay->options.loop,
                                        .api = relay->options.api,
                                        .namespace = relay->options.namespace,
                                        .identity = relay->options.identity,
                                        .changed = on_leader,
                                        .answered = on_answered,
                                        .failed = on_lease_failed,
                                        .context = relay};
    log_info("vsecmd is there");
    relay->is_up = 0;
    memset(relay->answers, 0, sizeof relay->answers);
    snprintf(relay->why, sizeof relay->why, "the API server was not reached yet");
    relay->requests = requests_new(&requests);
    relay->lease = lease_new(&lease);
    if (!relay->requests || !relay->lease || begin_feeds(relay) < 0) {
        log_error("out of memory");
        core_give_up(relay->core);
    }
}

static void take_health(struct relay *relay, const struct wire_message *message)
{
    struct health *health = &relay->health;
    struct span reason = message->field[HEALTH_REASON], metrics = message->field[HEALTH_METRICS];
    char *copy = malloc(metrics.length + 1);
    health->at_ms = clock_mono_ms();
    health->is_ready = message->field[HEALTH_IS_READY].length != 0;
    health->reason_length = reason.length < sizeof health->reason ? reason.length : 0;
    memcpy(health->reason, reason.data, health->reason_length);
    free(health->metrics);
    health->metrics = copy;
    health->metrics_length = copy ? metrics.length : 0;
    if (copy)
        memcpy(copy, metrics.data, metrics.length);
}

static void on_message(void *context, const struct wire_message *message)
{
    struct relay *relay = context;
    if (message->kind == WIRE_HEALTH)
        take_health(relay, message);
    else if (relay->requests)
        requests_take(relay->requests, message);
}

/* ---- what others ask ---------------------------------------------------------------------------
 */

int relay_is_live(const struct relay *relay)
{
    return relay->health.at_ms && clock_mono_ms() < relay->health.at_ms + LIMIT_SYNC_HEALTH_MS;
}

int relay_is_ready(const struct relay *relay, struct span *why)
{
    *why = SPAN_LITERAL("vsecmd does not say how it is");
    if (!relay_is_live(relay))
        return 0;
    *why = (struct span){relay->health.reason, relay->health.reason_length};
    return relay->health.is_ready;
}

const char *relay_api_state(const struct relay *relay)
{
    return relay->is_up ? "the API server answers" : relay->why;
}

void relay_write_metrics(struct writer *w, const struct relay *relay)
{
    struct metrics metrics = {.core_is_there = core_is_there(relay->core),
                              .api_is_up = relay->is_up,
                              .leads = relay->lease && lease_leads(relay->lease),
                              .queued = core_queued(relay->core),
                              .unlocked = locked_missed(),
                              .now_ms = clock_mono_ms(),
                              .requests = relay->requests_stats};
    struct requests_stats stats;
    for (size_t i = 0; i < FEED_KINDS; i++) {
        metrics.feeds[i] = relay->stats[i];
        if (relay->feeds[i])
            metrics_add_feed(&metrics.feeds[i], relay->feeds[i]);
    }
    if (relay->requests) {
        requests_read_stats(relay->requests, &stats);
        metrics_add_requests(&metrics.requests, &stats);
    }
    if (relay_is_live(relay))
        metrics.core = (struct span){relay->health.metrics, relay->health.metrics_length};
    metrics_write(w, &metrics);
}

/* ---- the relay ---------------------------------------------------------------------------------
 */

struct relay *relay_new(const struct relay_options *options)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return NULL;
    relay->options = *options;
    relay->nudge.fire = on_nudge;
    snprintf(relay->why, sizeof relay->why, "vsecmd is not there yet");
    const struct core_options core = {.loop = options->loop,
                                      .path = options->socket,
                                      .node = options->node,
                                      .met = on_met,
                                      .message = on_message,
                                      .lost = on_lost,
                                      .context = relay};
    relay->core = core_new(&core);
    if (relay->core)
        return relay;
    free(relay);
    return NULL;
}

void relay_retire(struct relay *relay, void (*done)(void *context), void *context)
{
    if (relay->lease)
        lease_release(relay->lease, done, context);
    else
        done(context);
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    end_all(relay);
    core_free(relay->core);
    free(relay->health.metrics);
    free(relay);
}
