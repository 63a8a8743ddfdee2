/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/follow.h"
#include "cli/guard.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "cli/target_dir.h"
#include "cli/target_file.h"
#include "client/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 30000 /* until what could not be written is tried again */

/* Where the original's sidecar writes, and the variable that says so. */
#define PATH_VARIABLE "VSECM_SIDECAR_SECRETS_PATH"
#define DEFAULT_PATH "/opt/vsecm/secrets.json"

struct sidecar {
    const struct arguments_delivery *options;
    struct guard guard;
    struct target_file file; /* one of these, by options->per_key */
    struct target_dir dir;
    struct follow follow;
    struct signals signals;
    vsecm_event pending; /* what could not be written yet */
    bool is_pending;
    int64_t retry_at;
};

/* ---- the target ------------------------------------------------------------------------------ */

static const char *path_of(const struct arguments_delivery *options)
{
    const char *path = options->file ? options->file : getenv(PATH_VARIABLE);
    return path && path[0] ? path : DEFAULT_PATH;
}

static int open_target(struct sidecar *sidecar, struct error *error)
{
    const struct arguments_delivery *options = sidecar->options;
    const struct target_file_kind kind = {
        .mode = options->mode.given ? (mode_t)options->mode.number : 0400,
        .owner = options->owner.given ? (uid_t)options->owner.number : (uid_t)-1,
        .group = options->group.given ? (gid_t)options->group.number : (gid_t)-1,
        .allow_disk = options->allow_disk,
        .guard = options->guard ? &sidecar->guard : NULL,
    };
    if (options->per_key)
        return target_dir_open(options->per_key, &kind, options->skip_bad_names, &sidecar->dir,
                               error);
    return target_file_open(path_of(options), &kind, &sidecar->file, error);
}

static void close_target(struct sidecar *sidecar)
{
    if (sidecar->options->per_key)
        target_dir_close(&sidecar->dir);
    else
        target_file_close(&sidecar->file);
}

static int write_target(const struct sidecar *sidecar, const char *data, size_t length,
                        struct error *error)
{
    return sidecar->options->per_key ? target_dir_write(&sidecar->dir, data, length, error)
                                     : target_file_write(&sidecar->file, data, length, error);
}

static int remove_target(const struct sidecar *sidecar, struct error *error)
{
    return sidecar->options->per_key ? target_dir_remove(&sidecar->dir, error)
                                     : target_file_remove(&sidecar->file, error);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* What becomes of the file when there is no secret. */
static int take_absence(const struct sidecar *sidecar, struct error *error)
{
    const char *what = sidecar->options->on_delete;
    if (!what || what[0] == 'r')
        return remove_target(sidecar, error);
    if (what[0] == 'k')
        return 0;
    return sidecar->options->per_key ? write_target(sidecar, "{}", 2, error)
                                     : write_target(sidecar, "", 0, error);
}

/* -EOPNOTSUPP, said, when no try will ever do; else 0. */
static int try(struct sidecar *sidecar)
{
    struct error error = {""};
    const vsecm_event *event = &sidecar->pending;
    int r = event->absence == VSECM_PRESENT
                ? write_target(sidecar, event->secret.data, event->secret.length, &error)
                : take_absence(sidecar, &error);
    sidecar->retry_at = channel_now() + RETRY_MS;
    if (r == -EOPNOTSUPP && sidecar->options->guard) {
        say_failure(VERB_REFUSED, "%s; nothing was written", error.text);
        return r;
    }
    if (r == -EINVAL)
        say_failure(VERB_OK, "%s; what was written before stays until it changes", error.text);
    else if (r)
        say_failure(VERB_OK, "%s; what was written before stays, trying again in %d s", error.text,
                    RETRY_MS / 1000);
    if (r && r != -EINVAL)
        return 0;
    vsecm_event_clear(&sidecar->pending);
    sidecar->is_pending = false;
    return 0;
}

/* Returns as try() does. */
static int take_events(struct sidecar *sidecar)
{
    vsecm_event event;
    while (follow_next(&sidecar->follow, &event)) {
        if (sidecar->is_pending)
            vsecm_event_clear(&sidecar->pending);
        sidecar->pending = event;
        sidecar->is_pending = true;
        sidecar->retry_at = 0;
    }
    if (sidecar->is_pending && channel_now() >= sidecar->retry_at)
        return try(sidecar);
    return 0;
}

/* A signal has asked for the end. */
static bool is_told_to_end(const struct sidecar *sidecar)
{
    int number;
    bool sent;
    while ((number = signals_next(&sidecar->signals, &sent)))
        if (number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP)
            return true;
    return false;
}

static enum verb_exit loop(struct sidecar *sidecar)
{
    struct error error = {""};
    while (!is_told_to_end(sidecar)) {
        if (take_events(sidecar))
            return VERB_REFUSED;
        int64_t left = sidecar->retry_at - channel_now();
        follow_wait(&sidecar->follow, sidecar->signals.fd,
                    !sidecar->is_pending ? -1
                    : left < 0           ? 0
                                         : left);
    }
    if (sidecar->options->clean && remove_target(sidecar, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    return VERB_OK;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static enum verb_exit run_all(struct sidecar *sidecar, const struct arguments *arguments)
{
    enum verb_exit status = follow_open(arguments, &sidecar->follow);
    if (status)
        return status;
    if (signals_open(&sidecar->signals)) {
        status = say_failure(VERB_REFUSED, "cannot take signals");
    } else {
        status = loop(sidecar);
        signals_close(&sidecar->signals);
    }
    if (sidecar->is_pending)
        vsecm_event_clear(&sidecar->pending);
    follow_close(&sidecar->follow);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct sidecar sidecar = {
        .options = &arguments->delivery,
        .guard = {.socket = arguments->socket},
    };
    if (sidecar.options->file && sidecar.options->per_key)
        return say_failure(VERB_USAGE, "--file and --per-key are two ways: choose one");
    if (sidecar.options->guard && sidecar.options->allow_disk)
        return say_failure(VERB_USAGE,
                           "only what is in memory can be guarded: --guard or --allow-disk");
    int r = open_target(&sidecar, &error);
    if (r)
        return say_failure(VERB_REFUSED, "%s", error.text);
    enum verb_exit status = run_all(&sidecar, arguments);
    close_target(&sidecar);
    guard_close(&sidecar.guard);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_delivery_file,       &arguments_delivery_per_key,
    &arguments_delivery_mode,       &arguments_delivery_owner,
    &arguments_delivery_on_delete,  &arguments_delivery_skip_bad_names,
    &arguments_delivery_allow_disk, &arguments_delivery_guard,
    &arguments_delivery_clean,      NULL,
};

const struct verb verb_sidecar = {
    .name = "sidecar",
    .operands = "[--file PATH | --per-key DIR] [--on-delete remove|empty|keep]",
    .summary = "Keep a file in memory that has the caller's secret",
    .help =
        "The file is replaced whole whenever the secret changes, and stays behind at the end\n"
        "unless --clean says otherwise. Without --file it is $VSECM_SIDECAR_SECRETS_PATH, else\n"
        "/opt/vsecm/secrets.json. The files of --per-key change all at once.\n",
    .options = options,
    .run = run,
};
