/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "base/worker.h"
#include "base/writer.h"
#include "crypto/age_key.h"
#include "crypto/arena.h"
#include "daemon/auto_backup.h"
#include "daemon/config.h"
#include "protocol.h"
#include "serve/service.h"
#include "store/change.h"
#include "store/json.h"
#include "store/keyring.h"
#include "store/load.h"
#include "store/restore.h"
#include "store/rewrite.h"
#include "store/store.h"

#define UPKEEP_MS 250         /* how late an expired value is wiped at most */
#define CHECKPOINT_US 1000000 /* without a change, before the log is said to be whole */

/* ---- parts --------------------------------------------------------------------------------- */

static size_t index_of(const char *const *names, const char *name)
{
    size_t i = 0;
    while (strcmp(names[i], name) != 0)
        i++;
    return i;
}

static int open_arena(struct vault *vault, struct error *error)
{
    static const char *const names[] = {
        [ARENA_AUTO] = "auto", [ARENA_MEMFD_SECRET] = "memfd_secret", [ARENA_MLOCK] = "mlock"};
    const struct config *config = vault->config;
    int r =
        arena_new(config->arena_size, (enum arena_backing)index_of(names, config->arena_backing),
                  &vault->arena, error);
    if (r == 0)
        json_use(vault->arena);
    return r;
}

static int open_state(struct vault *vault, struct error *error)
{
    static const char *const names[] = {
        [STATE_MOUNT_NO] = "no", [STATE_MOUNT_AUTO] = "auto", [STATE_MOUNT_YES] = "yes"};
    const struct config *config = vault->config;
    char path[2 * CONFIG_TEXT];
    snprintf(path, sizeof path, "%s/" PROTOCOL_STATE_NAME, config->private_dir);
    return state_open(config->state_dir[0] ? config->state_dir : path,
                      (enum state_mount)index_of(names, config->state_mount), &vault->state, error);
}

/* A credential is a file that the service manager laid out for us alone (systemd.exec(5)). */
static int open_credential(struct vault *vault, struct error *error)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir)
        return error_set(error, -ENOENT,
                         "root_key = credential needs $CREDENTIALS_DIRECTORY: "
                         "LoadCredential=" PROTOCOL_CREDENTIAL " in the unit sets it");
    snprintf(vault->key_what, sizeof vault->key_what, "%.250s/" PROTOCOL_CREDENTIAL, dir);
    vault->key_fd = open(vault->key_what, O_RDONLY | O_CLOEXEC);
    return vault->key_fd < 0 ? error_errno(error, -errno, "%s", vault->key_what) : 0;
}

static int take_descriptor(struct vault *vault, const char *number, struct error *error)
{
    uint64_t fd;
    if (str_u64(span_of(number), 1u << 20, &fd) < 0 || fcntl((int)fd, F_GETFD) < 0)
        return error_set(error, -EBADF, "root_key = fd:%s is no open descriptor", number);
    snprintf(vault->key_what, sizeof vault->key_what, "fd:%s", number);
    vault->key_fd = (int)fd;
    return fcntl(vault->key_fd, F_SETFD, FD_CLOEXEC) < 0 ? error_errno(error, -errno, "fcntl") : 0;
}

static int choose_key(struct vault *vault, struct keyring_options *ret, struct error *error)
{
    const char *option = vault->config->root_key;
    int r = 0;
    *ret = (struct keyring_options){
        .kind = KEYRING_FILE, .dir = vault->state.dir, .name = PROTOCOL_STATE_KEY};
    if (strcmp(option, "manual") == 0) {
        ret->kind = KEYRING_MANUAL;
    } else if (option[0] == '/') {
        ret->name = option;
    } else if (strcmp(option, "auto") != 0) {
        ret->kind = KEYRING_GIVEN;
        if (strcmp(option, "credential") == 0)
            r = open_credential(vault, error);
        else if (strncmp(option, "fd:", 3) == 0)
            r = take_descriptor(vault, option + 3, error);
        else
            r = error_set(error, -EINVAL,
                          "root_key = '%s' must be auto, manual, credential, fd:N or an absolute "
                          "path",
                          option);
        ret->fd = vault->key_fd;
        ret->what = vault->key_what;
    }
    return r;
}

/*
 * Nothing waits for memory, and the kernel counts the uses of a descriptor in every system call of
 * a process with a second thread: that is 0.1 us of each read.
 */
static int needs_worker(const struct vault *vault)
{
    return !vault->state.is_memory || vault->config->backup_dir[0];
}

static int open_store(struct vault *vault, struct error *error)
{
    struct keyring_options key;
    int r = needs_worker(vault) ? worker_new(vault->loop, &vault->worker) : 0;
    if (r < 0)
        return error_errno(error, r, "cannot start the worker");
    const struct store_options options = {.arena = vault->arena,
                                          .max = vault->config->max_secrets,
                                          .versions = (unsigned)vault->config->versions,
                                          .dir = vault->state.dir,
                                          .loop = vault->loop,
                                          .worker = vault->worker};
    vault->store = store_new(&options);
    if (!vault->store)
        return error_set(error, -ENOMEM, "out of memory");
    r = choose_key(vault, &key, error);
    if (r < 0)
        return r;
    vault->keyring = keyring_new(vault->arena, vault->store, &key);
    vault->restore = vault->keyring ? restore_new(vault->store, vault->keyring) : NULL;
    return vault->restore ? 0 : error_set(error, -ENOMEM, "out of memory");
}

int vault_open(struct vault *vault, const struct config *config, struct loop *loop,
               struct error *error)
{
    *vault = (struct vault){.config = config, .loop = loop, .key_fd = -1, .can_write = 1};
    vault->state.dir = vault->state.lock = -1;
    int r = open_arena(vault, error);
    if (r == 0)
        r = open_state(vault, error);
    return r < 0 ? r : open_store(vault, error);
}

/* ---- upkeep -------------------------------------------------------------------------------- */

static void report(struct vault *vault, const char *what, int r)
{
    if (r < 0 && vault->can_write)
        log_error("%s: %s; it is tried again", what, strerror(-r));
    vault->can_write = r == 0;
}

static void on_upkeep(struct loop_timer *timer)
{
    struct vault *vault = (struct vault *)((char *)timer - offsetof(struct vault, upkeep));
    int64_t now = clock_wall_us();
    uint64_t ticket;
    int64_t unchecked = change_unchecked_us(vault->store);
    change_expire(vault->store, now);
    if (unchecked && (now - unchecked >= CHECKPOINT_US || now < unchecked))
        report(vault, "cannot write a checkpoint", change_checkpoint(vault->store, now));
    if (rewrite_is_due(vault->store, now)) {
        int r = rewrite_begin(vault->store, NULL, NULL, now, &ticket);
        report(vault, "cannot rewrite the log", r == -EINPROGRESS || r == -EAGAIN ? 0 : r);
    }
    loop_set_timer(vault->loop, timer, UPKEEP_MS);
}

static void on_refused(void *context, struct span key, const char *reason)
{
    log_error("a record of %.*s was left out: %s", (int)key.length, key.data, reason);
    service_note(context, "load", key, "deny", reason);
}

static int begin_backups(struct vault *vault, struct error *error)
{
    const struct config *config = vault->config;
    const struct auto_backup_options options = {.path = config->backup_dir,
                                                .interval_ms = config->backup_interval,
                                                .keep = config->backup_keep,
                                                .loop = vault->loop,
                                                .worker = vault->worker,
                                                .store = vault->store,
                                                .keyring = vault->keyring};
    return config->backup_dir[0] ? auto_backup_new(&options, &vault->auto_backup, error) : 0;
}

int vault_start(struct vault *vault, struct service *service, struct error *error)
{
    const struct load_options options = {
        .now_us = clock_wall_us(), .refused = on_refused, .context = service};
    struct load_report loaded = {.which = 0};
    int r = keyring_start(vault->keyring, &options, &loaded, error);
    if (vault->key_fd >= 0)
        close(vault->key_fd);
    vault->key_fd = -1;
    if (r < 0)
        return r;
    if (loaded.journal.cut)
        log_warn("%llu bytes of a change that was under way when the daemon ended were cut off",
                 (unsigned long long)loaded.journal.cut);
    if (store_is_sealed(vault->store))
        log_warn("the store is sealed: bring the root key with `vsecm unseal`");
    vault->upkeep.fire = on_upkeep;
    loop_set_timer(vault->loop, &vault->upkeep, UPKEEP_MS);
    return begin_backups(vault, error);
}

/* ---- status -------------------------------------------------------------------------------- */

void vault_write_status(struct writer *w, const struct vault *vault)
{
    struct store_stats stats;
    char recipient[AGE_KEY_RECIPIENT_TEXT] = "";
    store_read_stats(vault->store, &stats);
    if (keyring_recipient(vault->keyring))
        age_key_write_recipient(keyring_recipient(vault->keyring), recipient);
    writer_literal(w, ",\"store\":{\"promise\":");
    writer_json(w, vault->state.promise, strlen(vault->state.promise));
    writer_text(w, store_is_sealed(vault->store) ? ",\"sealed\":true" : ",\"sealed\":false");
    writer_literal(w, ",\"recipient\":\"");
    writer_text(w, recipient);
    writer_named_u64(w, "\",\"records\":", stats.records);
    writer_named_u64(w, ",\"bytes\":", stats.bytes);
    writer_named_u64(w, ",\"dead\":", stats.bytes - stats.live);
    writer_named_u64(w, ",\"sequence\":", stats.sequence);
    writer_named_u64(w, ",\"rewrites\":", stats.rewrites);
    writer_named_u64(w, ",\"failures\":", stats.failures);
    writer_literal(w, "}");
    auto_backup_write_status(w, vault->auto_backup);
}

/* ---- the end ------------------------------------------------------------------------------- */

void vault_close(struct vault *vault)
{
    if (vault->loop)
        loop_cancel_timer(vault->loop, &vault->upkeep);
    if (vault->store)
        store_set_settled(vault->store, NULL, NULL); /* whom to tell is gone */
    worker_free(vault->worker);
    if (vault->store) {
        auto_backup_free(vault->auto_backup);
        restore_free(vault->restore);
        rewrite_cancel(vault->store);
        change_finish(vault->store);
        change_checkpoint(vault->store, clock_wall_us());
    }
    keyring_free(vault->keyring);
    store_free(vault->store);
    json_use(NULL);
    arena_destroy(vault->arena);
    state_close(&vault->state);
    if (vault->key_fd >= 0)
        close(vault->key_fd);
}
