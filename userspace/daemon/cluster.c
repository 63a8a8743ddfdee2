/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/name.h"
#include "base/sock.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/pods.h"
#include "crypto/arena.h"
#include "daemon/config.h"
#include "daemon/daemon_status.h"
#include "daemon/metrics.h"
#include "daemon/sync_door.h"
#include "daemon/vault.h"
#include "identity/binding.h"
#include "identity/registry.h"
#include "kernel/attest.h"
#include "limits.h"
#include "serve/audit.h"
#include "serve/follow.h"
#include "serve/server.h"
#include "serve/service.h"
#include "store/store.h"
#include "wire/wire.h"

#define HEALTH_MS 5000u

struct cluster {
    struct cluster_options options;
    int dir;              /* cluster_dir; -1: not open */
    struct bindings *own; /* of the bindings file */
    struct link *link;
    struct pods *pods;
    struct sync_door *door;
    struct loop_timer health;
    int was_up; /* the API server, as was logged last */
};

/* ---- health ------------------------------------------------------------------------------------
 */

static void count_daemon(const struct daemon_status *status, struct metrics *ret)
{
    struct server_stats server;
    struct follow_stats follow;
    struct attest_stats attest;
    server_read_stats(status->server, &server);
    follow_book_read_stats(server_followers(status->server), &follow);
    attest_read_stats(status->attest, &attest);
    ret->connections = server.connections;
    ret->waiting = server.waiting;
    ret->over_limit = server.over_limit;
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

static uint64_t unreached_s(const struct link *link)
{
    return link_is_up(link) ? 0 : (clock_mono_ms() - link_since_ms(link)) / 1000;
}

static void count_cluster(const struct cluster *cluster, struct metrics *ret)
{
    struct pods_stats pods;
    pods_read_stats(cluster->pods, &pods);
    ret->pods = pods.pods;
    ret->nobody = pods.nobody;
    ret->bindings = pods.bindings;
    ret->left_out = pods.left_out;
    ret->seen = pods_are_synced(cluster->pods) != 0;
    ret->api_up = link_is_up(cluster->link) != 0;
    ret->api_s = unreached_s(cluster->link);
}

/* Why secrets are not served, for probes; "" when they are. */
static const char *why_not_ready(const struct service *service)
{
    if (!service->working)
        return "attestation does not work";
    return store_is_sealed(service->store) ? "the store waits for its root key" : "";
}

static void tell_health(struct cluster *cluster)
{
    char text[8192];
    struct writer w = writer_on(text, sizeof text);
    struct metrics metrics = {0};
    const char *why = why_not_ready(cluster->options.service);
    count_daemon(cluster->options.status, &metrics);
    count_service(cluster->options.service, &metrics);
    count_cluster(cluster, &metrics);
    metrics_write(&w, &metrics);
    struct wire_message health = {.kind = WIRE_HEALTH};
    health.field[HEALTH_IS_READY] = span_of(why[0] ? "" : "1");
    health.field[HEALTH_REASON] = span_of(why);
    if (writer_ok(&w))
        health.field[HEALTH_METRICS] = (struct span){text, w.used};
    link_tell(cluster->link, &health); /* nobody there, or too much on its way: the next will do */
}

static void on_health(struct loop_timer *timer)
{
    struct cluster *cluster = (struct cluster *)((char *)timer - offsetof(struct cluster, health));
    tell_health(cluster);
    loop_set_timer(cluster->options.loop, timer, HEALTH_MS);
}

/* ---- what is logged ----------------------------------------------------------------------------
 */

/* TEXT of another program, in RET, as it may stand in a line of the log. */
static const char *printable(struct span text, char *ret, size_t size)
{
    size_t length = text.length < size ? text.length : size - 1;
    for (size_t i = 0; i < length; i++)
        ret[i] = text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '?';
    ret[length] = '\0';
    return ret;
}

static void on_hello(void *context, const struct wire_message *message)
{
    struct cluster *cluster = context;
    const char *ours = cluster->options.config->node_name;
    char version[65], node[LIMIT_DNS_SUBDOMAIN + 1];
    log_info("vsecm-sync %s is here",
             printable(message->field[HELLO_VERSION], version, sizeof version));
    if (!span_is(message->field[HELLO_NODE], ours))
        log_warn("vsecm-sync tells of node '%s', and we are '%s' (node_name)",
                 printable(message->field[HELLO_NODE], node, sizeof node), ours);
    tell_health(cluster);
}

static void on_reached(void *context, const struct wire_message *message)
{
    struct cluster *cluster = context;
    char why[256];
    int is_up = message->kind == WIRE_API && message->field[API_IS_UP].length;
    if (is_up && !cluster->was_up)
        log_info("the API server can be reached");
    else if (!is_up && (cluster->was_up || message->kind == WIRE_NONE))
        log_warn("%s; what is known stays in force",
                 printable(span_of(link_why(cluster->link)), why, sizeof why));
    cluster->was_up = is_up;
}

/* ---- parts -------------------------------------------------------------------------------------
 */

static int check_options(struct cluster *cluster, struct error *error)
{
    const struct config *config = cluster->options.config;
    if (!name_is_subdomain(span_of(config->node_name)))
        return error_set(error, -EINVAL,
                         "node_name = '%s' must be " NAME_SUBDOMAIN_RULE
                         "; cluster = kubernetes needs it",
                         config->node_name);
    if (strcmp(config->sync_dir, config->socket_dir) == 0 ||
        strcmp(config->sync_dir, config->private_dir) == 0 ||
        strcmp(config->sync_dir, config->cluster_dir) == 0)
        return error_set(error, -EINVAL,
                         "sync_dir must be a directory of its own: only vsecm-sync's container "
                         "mounts it");
    return 0;
}

static int open_dir(struct cluster *cluster, struct error *error)
{
    const char *path = cluster->options.config->cluster_dir;
    int r = sock_directories(path, 0700, error);
    if (r < 0)
        return r;
    cluster->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return cluster->dir < 0 ? error_errno(error, -errno, "%s", path) : 0;
}

static int load_bindings(const struct config *config, struct bindings **ret, struct error *error)
{
    return binding_load(config->bindings[0] ? config->bindings : NULL, ret, error);
}

static int make_link(struct cluster *cluster, struct error *error)
{
    cluster->link = link_new(cluster->options.loop, cluster->options.vault->arena);
    if (!cluster->link || link_observe(cluster->link, WIRE_HELLO, on_hello, cluster) < 0 ||
        link_observe(cluster->link, WIRE_API, on_reached, cluster) < 0 ||
        link_observe(cluster->link, WIRE_NONE, on_reached, cluster) < 0)
        return error_set(error, -ENOMEM, "out of memory");
    return 0;
}

static int make_pods(struct cluster *cluster, struct error *error)
{
    const struct cluster_options *options = &cluster->options;
    int r = load_bindings(options->config, &cluster->own, error);
    if (r < 0)
        return r;
    struct error remark = {""};
    const struct pods_options pods = {.loop = options->loop,
                                      .link = cluster->link,
                                      .dir = cluster->dir,
                                      .identities = options->config->identities,
                                      .own = cluster->own,
                                      .changed = options->changed,
                                      .context = options->context};
    r = pods_new(&pods, &cluster->pods, &remark);
    if (r < 0)
        return error_set(error, r, "%s", remark.text);
    if (remark.text[0])
        log_warn("the pods that were known last: %s; they are not used", remark.text);
    options->changed(options->context, pods_registry(cluster->pods));
    return 0;
}

static int open_door(struct cluster *cluster, struct error *error)
{
    const struct cluster_options *options = &cluster->options;
    const struct sync_door_options door = {.loop = options->loop,
                                           .attest = options->attest,
                                           .roots = options->roots,
                                           .service = options->service,
                                           .link = cluster->link,
                                           .dir = options->config->sync_dir,
                                           .uid = (unsigned)options->config->sync_uid};
    return sync_door_new(&door, &cluster->door, error);
}

static int begin_health(struct cluster *cluster, struct error *error)
{
    (void)error;
    cluster->health.fire = on_health;
    loop_set_timer(cluster->options.loop, &cluster->health, HEALTH_MS);
    return 0;
}

/* The door comes when everybody has said what they want to observe. */
static int (*const steps[])(struct cluster *cluster, struct error *error) = {
    check_options, open_dir, make_link, make_pods, open_door, begin_health};

/* ---- together ----------------------------------------------------------------------------------
 */

int cluster_new(const struct cluster_options *options, struct cluster **ret, struct error *error)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (!cluster)
        return error_set(error, -ENOMEM, "out of memory");
    cluster->options = *options;
    cluster->dir = -1;
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof steps / sizeof steps[0]; i++)
        r = steps[i](cluster, error);
    if (r < 0) {
        cluster_free(cluster);
        return r;
    }
    *ret = cluster;
    return 0;
}

int cluster_reload(struct cluster *cluster, struct error *error)
{
    struct bindings *own;
    int r = load_bindings(cluster->options.config, &own, error);
    if (r < 0)
        return r;
    r = pods_reload(cluster->pods, own, error);
    if (r < 0) {
        binding_free(own);
        return r;
    }
    binding_free(cluster->own);
    cluster->own = own;
    return 0;
}

void cluster_write_status(struct writer *w, const struct cluster *cluster)
{
    struct pods_stats pods;
    const char *why = link_why(cluster->link);
    pods_read_stats(cluster->pods, &pods);
    writer_literal(w, ",\"cluster\":{\"node\":\"");
    writer_text(w, cluster->options.config->node_name);
    writer_text(w, link_is_up(cluster->link) ? "\",\"up\":true" : "\",\"up\":false");
    writer_literal(w, ",\"why\":");
    writer_json_unsafe(w, why, strlen(why));
    writer_named_u64(w, ",\"unreachedSeconds\":", unreached_s(cluster->link));
    writer_text(w, pods_are_synced(cluster->pods) ? ",\"seen\":true" : ",\"seen\":false");
    writer_named_u64(w, ",\"pods\":", pods.pods);
    writer_named_u64(w, ",\"nobody\":", pods.nobody);
    writer_named_u64(w, ",\"bindings\":", pods.bindings);
    writer_named_u64(w, ",\"leftOut\":", pods.left_out);
    writer_text(w, pods.save_error ? ",\"saved\":false}" : ",\"saved\":true}");
}

void cluster_free(struct cluster *cluster)
{
    if (!cluster)
        return;
    loop_cancel_timer(cluster->options.loop, &cluster->health);
    sync_door_free(cluster->door);
    pods_free(cluster->pods);
    link_free(cluster->link);
    binding_free(cluster->own);
    if (cluster->dir >= 0)
        close(cluster->dir);
    free(cluster);
}
