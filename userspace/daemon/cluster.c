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
#include "cluster/exports.h"
#include "cluster/link.h"
#include "cluster/mapping.h"
#include "cluster/pods.h"
#include "cluster/root.h"
#include "cluster/secrets.h"
#include "cluster/wrap.h"
#include "crypto/arena.h"
#include "daemon/config.h"
#include "daemon/health.h"
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
#include "store/upstream.h"
#include "wire/wire.h"

struct cluster {
    struct cluster_options options;
    int dir;              /* cluster_dir; -1: not open */
    struct bindings *own; /* of the bindings file */
    struct link *link;
    struct pods *pods;
    struct root *root;
    struct secrets *secrets;
    struct exports *exports;
    struct sync_door *door;
    struct health *health;
    int was_up; /* the API server, as was logged last */
};

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
    if (cluster->health)
        health_tell(cluster->health);
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

/* Who reads what has changed: the registry first, for what comes then is for its readers. */
static void on_pods(void *context, const struct registry *registry)
{
    struct cluster *cluster = context;
    cluster->options.changed(cluster->options.context, registry);
    if (cluster->secrets)
        secrets_look_again(cluster->secrets);
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
                                      .changed = on_pods,
                                      .context = cluster};
    r = pods_new(&pods, &cluster->pods, &remark);
    if (r < 0)
        return error_set(error, r, "%s", remark.text);
    if (remark.text[0])
        log_warn("the pods that were known last: %s; they are not used", remark.text);
    options->changed(options->context, pods_registry(cluster->pods));
    return 0;
}

static void on_root(void *context)
{
    struct cluster *cluster = context;
    log_info("the cluster's root key is known, or is another one");
    if (cluster->secrets)
        secrets_look_again(cluster->secrets);
}

static void on_admission(void *context, const char *what, const char *name, const char *outcome,
                         const char *why)
{
    struct cluster *cluster = context;
    char text[LIMIT_DNS_SUBDOMAIN + 1];
    log_info("%s %s: %s%s%s", what, printable(span_of(name), text, sizeof text), outcome,
             why[0] ? ", " : "", why);
    service_note(cluster->options.service, what, span_of(name), outcome, why);
}

static int can_note(void *context)
{
    const struct cluster *cluster = context;
    return service_can_note(cluster->options.service);
}

static int make_root(struct cluster *cluster, struct error *error)
{
    const struct config *config = cluster->options.config;
    enum root_mode mode = ROOT_AUTO;
    while (strcmp(wrap_mode_name(mode), config->admission) != 0)
        mode++;
    const struct root_options root = {.loop = cluster->options.loop,
                                      .arena = cluster->options.vault->arena,
                                      .link = cluster->link,
                                      .node = config->node_name,
                                      .dir = cluster->dir,
                                      .mode = mode,
                                      .recovery = config->recovery,
                                      .user = config->admission_user,
                                      .changed = on_root,
                                      .note = on_admission,
                                      .can_note = can_note,
                                      .context = cluster};
    int r = root_new(&root, &cluster->root, error);
    if (r == 0)
        cluster->options.service->root = cluster->root;
    return r;
}

static void on_refused(void *context, struct span key, const char *reason)
{
    struct cluster *cluster = context;
    log_warn("the VSecMSecret of %.*s was refused: %s", (int)key.length, key.data, reason);
    service_note(cluster->options.service, "apply", key, "deny", reason);
}

static int is_exported(void *context, struct span key)
{
    const struct cluster *cluster = context;
    return cluster->exports && exports_need(cluster->exports, key);
}

static void on_resealed(void *context)
{
    struct cluster *cluster = context;
    struct error error = {""};
    if (root_drop_old(cluster->root, &error) < 0)
        log_warn("the old root key is not given up yet: %s", error.text);
}

static int make_secrets(struct cluster *cluster, struct error *error)
{
    const struct cluster_options *options = &cluster->options;
    const struct secrets_options secrets = {.loop = options->loop,
                                            .arena = options->vault->arena,
                                            .link = cluster->link,
                                            .store = options->vault->store,
                                            .root = cluster->root,
                                            .pods = cluster->pods,
                                            .also_need = is_exported,
                                            .versions = (unsigned)options->config->versions,
                                            .max = options->config->max_secrets,
                                            .settled = server_settled,
                                            .settled_context = options->server,
                                            .resealed = on_resealed,
                                            .rekey_ms = LIMIT_REKEY_MS,
                                            .refused = on_refused,
                                            .context = cluster};
    if (secrets_new(&secrets, &cluster->secrets) < 0)
        return error_set(error, -ENOMEM, "out of memory");
    options->service->upstream = *secrets_upstream(cluster->secrets);
    return 0;
}

static void on_exported(void *context)
{
    struct cluster *cluster = context;
    secrets_look_again(cluster->secrets);
}

static int keep_export(void *context, const char *operation, struct span key, const char *outcome,
                       const char *reason)
{
    struct cluster *cluster = context;
    return service_note(cluster->options.service, operation, key, outcome, reason);
}

static int make_exports(struct cluster *cluster, struct error *error)
{
    const struct cluster_options *options = &cluster->options;
    const struct exports_options exports = {.loop = options->loop,
                                            .arena = options->vault->arena,
                                            .link = cluster->link,
                                            .store = options->vault->store,
                                            .max = options->config->max_secrets,
                                            .needs_changed = on_exported,
                                            .record = keep_export,
                                            .context = cluster};
    if (exports_new(&exports, &cluster->exports) < 0)
        return error_set(error, -ENOMEM, "out of memory");
    options->service->export_check = mapping_check;
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
    const struct health_options health = {.loop = cluster->options.loop,
                                          .link = cluster->link,
                                          .pods = cluster->pods,
                                          .service = cluster->options.service,
                                          .status = cluster->options.status};
    cluster->health = health_new(&health);
    return cluster->health ? 0 : error_set(error, -ENOMEM, "out of memory");
}

/* The door comes when everybody has said what they want to observe. */
static int (*const steps[])(struct cluster *cluster, struct error *error) = {
    check_options, open_dir,     make_link, make_pods,   make_root,
    make_secrets,  make_exports, open_door, begin_health};

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
    writer_named_u64(w, ",\"unreachedSeconds\":", link_unreached_s(cluster->link));
    writer_text(w, pods_are_synced(cluster->pods) ? ",\"seen\":true" : ",\"seen\":false");
    writer_named_u64(w, ",\"pods\":", pods.pods);
    writer_named_u64(w, ",\"nobody\":", pods.nobody);
    writer_named_u64(w, ",\"bindings\":", pods.bindings);
    writer_named_u64(w, ",\"leftOut\":", pods.left_out);
    writer_text(w, pods.save_error ? ",\"saved\":false}" : ",\"saved\":true}");
    root_write_status(w, cluster->root);
    secrets_write_status(w, cluster->secrets);
    exports_write_status(w, cluster->exports);
}

void cluster_changed(struct cluster *cluster, struct span key)
{
    if (cluster->exports)
        exports_changed(cluster->exports, key);
}

void cluster_free(struct cluster *cluster)
{
    if (!cluster)
        return;
    health_free(cluster->health);
    sync_door_free(cluster->door);
    link_free(cluster->link); /* ends what is under way, while those who asked are there */
    exports_free(cluster->exports);
    secrets_free(cluster->secrets);
    cluster->options.service->upstream = (struct upstream){0};
    root_free(cluster->root);
    cluster->options.service->root = NULL;
    pods_free(cluster->pods);
    binding_free(cluster->own);
    if (cluster->dir >= 0)
        close(cluster->dir);
    free(cluster);
}
