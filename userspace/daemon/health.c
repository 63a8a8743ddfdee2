/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/health.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/pods.h"
#include "crypto/arena.h"
#include "daemon/daemon_status.h"
#include "daemon/metrics.h"
#include "identity/registry.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "serve/audit.h"
#include "serve/follow.h"
#include "serve/server.h"
#include "serve/service.h"
#include "store/store.h"
#include "wire/wire.h"

#define HEALTH_MS 5000u

struct health {
    struct health_options options;
    struct loop_timer timer;
};

static void count_daemon(const struct daemon_status *status, struct metrics *ret)
{
    struct server_stats server;
    struct follow_stats follow;
    struct attest_stats attest;
    server_read_stats(status->server, &server);
    follow_book_read_stats(server_followers(status->server), &follow);
    attest_read_stats(status->attest, &attest);
    guard_read_stats(status->attest, &ret->guards);
    ret->connections = server.connections;
    ret->waiting = server.waiting;
    ret->over_limit = server.over_limit;
    ret->rate_limited = server.rate_limited;
    ret->bars = server.bars;
    ret->barred = server.barred;
    ret->watches = follow.watches;
    ret->pages = follow.pages.pages;
    ret->page_readers = follow.readers;
    ret->unrecorded = attest.refused;
    ret->canary_s = (clock_mono_ms() - status->canary_ms) / 1000;
    ret->identities = registry_count(*status->registry);
}

static void count_service(const struct service *service, struct metrics *ret)
{
    struct arena_stats arena;
    struct audit_stats audit;
    arena_read_stats(service->arena, &arena);
    audit_read_stats(service->audit, &audit);
    ret->sealed = store_is_sealed(service->store) != 0;
    ret->ready = service->working && !ret->sealed;
    ret->secrets = store_count(service->store);
    ret->arena_size = arena.size;
    ret->arena_used = arena.used;
    ret->arena_refusals = arena.refusals;
    ret->allowed = service->served;
    ret->refused = service->refused;
    ret->audit_records = audit.records;
    ret->audit_failures = audit.failures;
}

static void count_cluster(const struct health *health, struct metrics *ret)
{
    struct pods_stats pods;
    pods_read_stats(health->options.pods, &pods);
    ret->pods = pods.pods;
    ret->nobody = pods.nobody;
    ret->bindings = pods.bindings;
    ret->left_out = pods.left_out;
    ret->seen = pods_are_synced(health->options.pods) != 0;
    ret->api_up = link_is_up(health->options.link) != 0;
    ret->api_s = link_unreached_s(health->options.link);
}

/* Why secrets are not served, for probes; "" when they are. */
static const char *why_not_ready(const struct service *service)
{
    if (!service->working)
        return "attestation does not work";
    return store_is_sealed(service->store) ? "the store waits for its root key" : "";
}

void health_tell(struct health *health)
{
    char text[METRICS_TEXT];
    struct writer w = writer_on(text, sizeof text);
    struct metrics metrics = {0};
    const char *why = why_not_ready(health->options.service);
    count_daemon(health->options.status, &metrics);
    count_service(health->options.service, &metrics);
    count_cluster(health, &metrics);
    metrics_write(&w, &metrics);
    struct wire_message message = {.kind = WIRE_HEALTH};
    message.field[HEALTH_IS_READY] = span_of(why[0] ? "" : "1");
    message.field[HEALTH_REASON] = span_of(why);
    if (writer_ok(&w))
        message.field[HEALTH_METRICS] = (struct span){text, w.used};
    link_tell(health->options.link,
              &message); /* nobody there, or too much on its way: the next will do */
}

static void on_health(struct loop_timer *timer)
{
    struct health *health = (struct health *)((char *)timer - offsetof(struct health, timer));
    health_tell(health);
    loop_set_timer(health->options.loop, timer, HEALTH_MS);
}

struct health *health_new(const struct health_options *options)
{
    struct health *health = calloc(1, sizeof *health);
    if (!health)
        return NULL;
    health->options = *options;
    health->timer.fire = on_health;
    loop_set_timer(options->loop, &health->timer, HEALTH_MS);
    return health;
}

void health_free(struct health *health)
{
    if (!health)
        return;
    loop_cancel_timer(health->options.loop, &health->timer);
    free(health);
}
