/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sock.h"
#include "crypto/arena.h"
#include "daemon/cluster.h"
#include "daemon/config.h"
#include "daemon/daemon_status.h"
#include "daemon/denials.h"
#include "daemon/harden.h"
#include "daemon/identities.h"
#include "daemon/notify.h"
#include "daemon/publish.h"
#include "daemon/vault.h"
#include "identity/place.h"
#include "identity/registry.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "kernel/sender.h"
#include "limits.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/follow.h"
#include "serve/server.h"
#include "serve/service.h"
#include "store/store.h"

struct daemon {
    const struct config *config;
    struct loop *loop;
    int lock; /* held while this daemon runs; -1: not taken */
    char public_socket[CONFIG_TEXT + 32];
    char admin_socket[CONFIG_TEXT + 32];
    int listens;
    struct place_roots roots;
    struct identities *identities;   /* NULL: it is the cluster that says who is who */
    const struct registry *registry; /* the one in force */
    struct vault vault;
    struct audit *audit;
    struct attest *attest;
    struct sender sender;
    struct service service;
    struct server *server;
    struct denials *denials; /* NULL: nothing is guarded */
    struct cluster *cluster; /* NULL: none */
    struct daemon_status status;
    struct loop_source signals;
    struct loop_timer canary;
};

static int is_in_cluster(const struct config *config)
{
    return strcmp(config->cluster, "none") != 0;
}

/* ---- parts --------------------------------------------------------------------------------- */

/* Two daemons would take each other's sockets: whoever holds the lock is the one that runs. */
static int take_lock(struct daemon *daemon, struct error *error)
{
    char path[CONFIG_TEXT + 32];
    snprintf(path, sizeof path, "%s/lock", daemon->config->private_dir);
    daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (daemon->lock < 0)
        return error_errno(error, -errno, "%s", path);
    if (flock(daemon->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    int r = -errno;
    close(daemon->lock);
    daemon->lock = -1;
    if (r == -EWOULDBLOCK)
        return error_set(error, r,
                         "another vsecmd is running with private_dir = %s; it was left "
                         "alone",
                         daemon->config->private_dir);
    return error_errno(error, r, "%s", path);
}

static int make_directories(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    if (strcmp(config->socket_dir, config->private_dir) == 0)
        return error_set(error, -EINVAL,
                         "socket_dir and private_dir must differ: pods mount the "
                         "first and must never see the second");
    int r = sock_directory(config->private_dir, 0700, error);
    if (r == 0)
        r = take_lock(daemon, error);
    return r < 0 ? r : sock_directory(config->socket_dir, 0755, error);
}

static int raise_descriptors(const struct config *config, struct error *error)
{
    struct rlimit limit;
    rlim_t need =
        config->max_connections + LIMIT_PAGES + LIMIT_GUARD_BODIES * LIMIT_GUARD_FILES + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return error_errno(error, -errno, "RLIMIT_NOFILE");
    if (limit.rlim_cur >= need)
        return 0;
    /* Beyond the hard limit this needs CAP_SYS_RESOURCE, which a node's root mostly has. */
    struct rlimit raised = {need, limit.rlim_max < need ? need : limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return 0;
    return error_errno(error, -errno,
                       "max_connections = %llu needs %llu descriptors, but the hard limit is %llu: "
                       "lower the one or raise the other",
                       (unsigned long long)config->max_connections, (unsigned long long)need,
                       (unsigned long long)limit.rlim_max);
}

static int make_vault(struct daemon *daemon, struct error *error)
{
    return vault_open(&daemon->vault, daemon->config, daemon->loop, error);
}

static int make_audit(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    struct audit_options options = {.target = config->audit,
                                    .segment = config->audit_segment,
                                    .keep = (unsigned)config->audit_keep};
    return audit_open(&options, &daemon->audit, error);
}

static int make_attest(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    struct attest_options options = {.cgroup_root =
                                         config->cgroup_root[0] ? config->cgroup_root : NULL,
                                     .canary_dir = config->private_dir,
                                     .lock = daemon->lock};
    if (strcmp(config->pin_dir, "none") != 0)
        options.pin_dir = config->pin_dir;
    attest_parse_guards(config->guards, &options.guards);
    char why[256] = "";
    attest_parse_tier(config->attest, &options.tier);
    int r = attest_open(&options, &daemon->attest, why, error);
    if (r == 0)
        log_info("%s", why[0] ? why : attest_tier_name(daemon->attest));
    return r;
}

static int make_sender(struct daemon *daemon, struct error *error)
{
    enum sender_option option = SENDER_NO;
    sender_parse(daemon->config->sender_check, &option);
    int r = sender_choose(daemon->attest, option, &daemon->sender, error);
    if (r == 0 && option == SENDER_AUTO && !daemon->sender.is_checked)
        log_info("sender check: %s", daemon->sender.state);
    return r;
}

/* Nobody else binds, replaces or mounts anything there. */
static int guard_one(struct daemon *daemon, const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_errno(error, -errno, "%s", path);
    int r = guard_directory(daemon->attest, fd);
    close(fd);
    if (r == 0 || r == -EOPNOTSUPP)
        return 0;
    return error_errno(error, r, "cannot guard %s", path);
}

static int guard_directories(struct daemon *daemon, struct error *error)
{
    int r = guard_one(daemon, daemon->config->socket_dir, error);
    return r < 0 ? r : guard_one(daemon, daemon->config->private_dir, error);
}

static void use_registry(void *context, const struct registry *registry)
{
    struct daemon *daemon = context;
    daemon->registry = registry;
    server_set_registry(daemon->server, registry);
}

static void on_change(void *context, struct span key)
{
    struct daemon *daemon = context;
    follow_changed(daemon->service.followers, key);
    if (!daemon->cluster)
        return;
    cluster_changed(daemon->cluster, key);
    server_look_again(daemon->server);
}

static void on_barred(void *context, const char *who, uint64_t seconds)
{
    (void)context;
    log_warn("barred from connecting for %llu s, for too much of what it asked was refused: {%s}",
             (unsigned long long)seconds, who);
}

static int make_server(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    daemon->service.store = daemon->vault.store;
    daemon->service.keyring = daemon->vault.keyring;
    daemon->service.restore = daemon->vault.restore;
    daemon->service.arena = daemon->vault.arena;
    daemon->service.reveal = access_reveal_named(config->reveal);
    daemon->service.sentinel = config->sentinel;
    daemon->service.attest = daemon->attest;
    daemon->service.audit = daemon->audit;
    daemon->service.serves_unaudited = !config->audit_required;
    daemon->service.working = 1; /* attest_open() has seen its canary */
    int r = service_init(&daemon->service);
    if (r < 0)
        return error_errno(error, r, "cannot set up the service");
    struct server_options options = {
        .sentinel = config->sentinel,
        .max_connections = (unsigned)config->max_connections,
        .max_connections_per_pod = (unsigned)config->max_connections_per_pod,
        .checks_sender = daemon->sender.is_checked,
        .requests_per_second = config->requests_per_second,
        .barred = on_barred,
        .header_ms = config->header_timeout,
        .body_ms = config->body_timeout,
        .write_ms = config->write_timeout,
        .idle_ms = config->idle_timeout,
        .identity_wait_ms = config->identity_wait,
        .drain_ms = config->drain_timeout,
    };
    r = server_new(daemon->loop, &daemon->service, daemon->attest, &daemon->roots, &options,
                   &daemon->server, error);
    if (r < 0)
        return r;
    if (daemon->identities)
        use_registry(daemon, identities_registry(daemon->identities));
    store_set_settled(daemon->vault.store, server_settled, daemon->server);
    store_set_changed(daemon->vault.store, on_change, daemon);
    return vault_start(&daemon->vault, &daemon->service, error);
}

static int make_cluster(struct daemon *daemon, struct error *error)
{
    const struct cluster_options options = {.config = daemon->config,
                                            .loop = daemon->loop,
                                            .vault = &daemon->vault,
                                            .attest = daemon->attest,
                                            .roots = &daemon->roots,
                                            .service = &daemon->service,
                                            .server = daemon->server,
                                            .status = &daemon->status,
                                            .changed = use_registry,
                                            .context = daemon};
    return is_in_cluster(daemon->config) ? cluster_new(&options, &daemon->cluster, error) : 0;
}

static int listen_at(struct daemon *daemon, enum door door, const char *path, mode_t mode,
                     struct error *error)
{
    int fd = sock_listen_unseen(path, mode, LIMIT_BACKLOG, error);
    if (fd < 0)
        return fd;
    int r = server_listen(daemon->server, door, fd);
    if (r < 0)
        return error_errno(error, r, "cannot serve at %s", path);
    return sock_publish(path, error); /* whoever connects before it is watched is not known */
}

/* The short path in the examples; a node that has something else there keeps it. A container has
 * none. */
static void link_short_path(const struct daemon *daemon)
{
    if (strcmp(daemon->config->socket_dir, PROTOCOL_PUBLIC_DIR) != 0)
        return;
    if (symlink(PROTOCOL_SOCKET, PROTOCOL_SHORT_SOCKET) < 0 && errno != EEXIST && errno != EROFS)
        log_warn("cannot make the link %s, ignoring: %s", PROTOCOL_SHORT_SOCKET, strerror(errno));
}

static int listen_all(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    snprintf(daemon->public_socket, sizeof daemon->public_socket, "%s/" PROTOCOL_SOCKET_NAME,
             config->socket_dir);
    snprintf(daemon->admin_socket, sizeof daemon->admin_socket, "%s/" PROTOCOL_ADMIN_NAME,
             config->private_dir);
    int r = listen_at(daemon, DOOR_ADMIN, daemon->admin_socket, 0600, error);
    if (r == 0)
        r = listen_at(daemon, DOOR_PUBLIC, daemon->public_socket, 0666, error);
    daemon->listens = r == 0;
    if (r == 0)
        link_short_path(daemon);
    return r;
}

/* ---- events -------------------------------------------------------------------------------- */

static int reload_identities(struct daemon *daemon, struct error *error)
{
    struct identities *fresh;
    int r = identities_load(daemon->config, &fresh, error);
    if (r < 0)
        return r;
    use_registry(daemon, identities_registry(fresh));
    identities_free(daemon->identities);
    daemon->identities = fresh;
    return 0;
}

static void reload(struct daemon *daemon)
{
    struct error error = {""};
    int r = daemon->cluster ? cluster_reload(daemon->cluster, &error)
                            : reload_identities(daemon, &error);
    if (r < 0)
        log_error("SIGHUP: %s\nthe identities stay as they were", error.text);
    else
        log_info("SIGHUP: %zu identities", registry_count(daemon->registry));
}

static void on_signal(struct loop_source *source, uint32_t events)
{
    (void)events;
    struct daemon *daemon = (struct daemon *)((char *)source - offsetof(struct daemon, signals));
    struct signalfd_siginfo info;
    if (read(source->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGHUP) {
        reload(daemon);
        return;
    }
    log_info("stopping");
    notify_state("STOPPING=1");
    server_drain(daemon->server);
}

static void on_canary(struct loop_timer *timer)
{
    struct daemon *daemon = (struct daemon *)((char *)timer - offsetof(struct daemon, canary));
    struct error error = {""};
    int working = attest_canary(daemon->attest, &error) == 0;
    if (!working)
        log_error("attestation does not work, nothing is served: %s", error.text);
    else if (!daemon->service.working)
        log_info("attestation works again");
    daemon->service.working = working;
    daemon_status_canary(&daemon->status);
    loop_set_timer(daemon->loop, timer, daemon->config->canary_interval);
}

static int watch_signals(struct daemon *daemon, struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return error_errno(error, -errno, "sigprocmask");
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_errno(error, -errno, "signalfd");
    daemon->signals = (struct loop_source){.fd = fd, .ready = on_signal};
    int r = loop_add(daemon->loop, &daemon->signals, EPOLLIN);
    return r < 0 ? error_errno(error, r, "epoll") : 0;
}

/* ---- life ---------------------------------------------------------------------------------- */

static int read_settings(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    if (place_parse_roots((struct span){config->kubelet_roots, strlen(config->kubelet_roots)},
                          &daemon->roots) < 0)
        return error_set(error, -EINVAL, "kubelet_roots = '%s' must be absolute cgroup paths",
                         config->kubelet_roots);
    return is_in_cluster(config) ? 0 : identities_load(config, &daemon->identities, error);
}

/* Pods go without it as they did before: no reason not to serve. */
static int offer_helper(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    struct error why = {""};
    if (strcmp(config->helper_dir, "none") == 0)
        return 0;
    if (config->helper_dir[0] != '/')
        return error_set(error, -EINVAL, "helper_dir = '%s' must be an absolute directory, or none",
                         config->helper_dir);
    if (publish_helper(config->helper, config->helper_dir, &why) < 0)
        log_warn("helper: %s; pods find no vsecm in %s", why.text, config->helper_dir);
    return 0;
}

static int finish_start(struct daemon *daemon, struct error *error)
{
    daemon->status.attest = daemon->attest;
    daemon->status.sender = &daemon->sender;
    daemon->status.server = daemon->server;
    daemon->status.registry = &daemon->registry;
    daemon->status.cluster = daemon->cluster;
    daemon->status.vault = &daemon->vault;
    daemon_status_begin(&daemon->status);
    daemon->service.status = daemon_status_write;
    daemon->service.status_context = &daemon->status;
    daemon->canary.fire = on_canary;
    loop_set_timer(daemon->loop, &daemon->canary, daemon->config->canary_interval);
    int r = denials_new(daemon->loop, daemon->attest, &daemon->service, &daemon->denials, error);
    return r < 0 ? r : harden_late(error);
}

int daemon_start(const struct config *config, struct daemon **ret, struct error *error)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon)
        return error_set(error, -ENOMEM, "out of memory");
    daemon->config = config;
    daemon->lock = -1;
    daemon->signals.fd = -1;
    daemon->vault.state.dir = daemon->vault.state.lock = daemon->vault.key_fd = -1;
    int r = loop_new(&daemon->loop);
    if (r < 0)
        error_errno(error, r, "epoll");
    static int (*const steps[])(struct daemon * daemon, struct error * error) = {
        watch_signals, make_directories, read_settings,     make_vault,  make_audit,
        make_attest,   make_sender,      guard_directories, make_server, make_cluster,
        offer_helper,  listen_all,       finish_start};
    if (r == 0)
        r = raise_descriptors(config, error);
    for (size_t i = 0; r == 0 && i < sizeof steps / sizeof steps[0]; i++)
        r = steps[i](daemon, error);
    if (r < 0) {
        daemon_stop(daemon);
        return r;
    }
    *ret = daemon;
    return 0;
}

int daemon_run(struct daemon *daemon)
{
    log_info("ready: %s, %zu identities, arena of %s", daemon->public_socket,
             registry_count(daemon->registry), arena_backing_name(daemon->vault.arena));
    notify_state("READY=1");
    return loop_run(daemon->loop);
}

void daemon_stop(struct daemon *daemon)
{
    if (!daemon)
        return;
    if (daemon->listens) {
        unlink(daemon->public_socket);
        unlink(daemon->admin_socket);
    }
    cluster_free(daemon->cluster);
    server_free(daemon->server);
    if (daemon->vault.store)
        store_set_changed(daemon->vault.store, NULL, NULL);
    service_done(&daemon->service);
    denials_free(daemon->denials);
    attest_free(daemon->attest);
    vault_close(&daemon->vault);
    audit_close(daemon->audit);
    identities_free(daemon->identities);
    if (daemon->signals.fd >= 0) {
        loop_remove(daemon->loop, &daemon->signals);
        close(daemon->signals.fd);
    }
    loop_free(daemon->loop);
    if (daemon->lock >= 0)
        close(daemon->lock);
    free(daemon);
}
