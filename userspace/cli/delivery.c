/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/delivery.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/child.h"
#include "cli/guard.h"
#include "cli/sealed_fd.h"

#include <errno.h>
#include <unistd.h>

#define FD_VARIABLE "VSECM_SECRET_FD"

/* Pairs that contradict each other or mean nothing, in words. */
static const char *conflict(const struct arguments_delivery *o)
{
    const bool env = o->env || o->env_name;
    const bool names = o->prefix || o->skip_bad_names || o->allowed_count;
    const bool files = o->mode.given || o->allow_disk;
    const struct {
        bool wrong;
        const char *words;
    } rules[] = {
        {env + o->fd + (o->file != NULL) > 1, "--env, --fd and --file are three ways: choose one"},
        {o->signal && !o->file, "--signal goes with --file: a program that runs has its variables "
                                "and descriptors for good"},
        {(o->signal != 0) + o->restart + o->no_restart > 1,
         "--signal, --restart and --no-restart are three answers to a change: choose one"},
        {names && (o->fd || o->file), "--prefix, --skip-bad-names and --allow-name are for --env"},
        {o->env_name && (o->prefix || o->skip_bad_names),
         "--env-name takes the whole secret, so no member's name counts"},
        {files && !o->file, "--mode and --allow-disk go with --file"},
        {o->guard && !o->file && !o->fd,
         "--guard goes with --file or --fd: what guards variables is --shield"},
        {o->guard && o->allow_disk,
         "only what is in memory can be guarded: --guard or --allow-disk"},
        {o->grace_ms && (o->signal || o->no_restart), "--grace is for --restart"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].wrong)
            return rules[i].words;
    return NULL;
}

int delivery_check(const struct arguments_delivery *options, enum delivery_change *ret,
                   struct error *error)
{
    const char *words = conflict(options);
    if (words)
        return error_set(error, -EINVAL, "%s", words);
    *ret = options->signal       ? DELIVERY_SIGNAL
           : options->no_restart ? DELIVERY_NOTHING
                                 : DELIVERY_RESTART;
    return 0;
}

int delivery_open(const struct arguments_delivery *options, struct guard *guard,
                  struct delivery *ret, struct error *error)
{
    struct delivery delivery = {
        .options = options,
        .guard = options->guard ? guard : NULL,
        .fd = -1,
        .file = {.directory = -1},
    };
    int r = delivery_check(options, &delivery.on_change, error);
    const struct target_file_kind kind = {
        .mode = options->mode.given ? (mode_t)options->mode.number : 0400,
        .owner = (uid_t)-1,
        .group = (gid_t)-1,
        .allow_disk = options->allow_disk,
        .guard = delivery.guard,
    };
    if (!r && options->file)
        r = target_file_open(options->file, &kind, &delivery.file, error);
    if (!r)
        *ret = delivery;
    return r;
}

/* ---- the next start -------------------------------------------------------------------------- */

static int prepare_variables(struct delivery *delivery, const char *value, size_t length,
                             struct error *error)
{
    const struct arguments_delivery *options = delivery->options;
    const struct environ_rules rules = {
        .prefix = options->prefix ? options->prefix : "",
        .whole = options->env_name,
        .allowed = options->allowed,
        .allowed_count = options->allowed_count,
        .skip_bad = options->skip_bad_names,
    };
    struct environ variables;
    int r = environ_build(&rules, environ, value, length, &variables, error);
    if (r)
        return r;
    delivery_spent(delivery);
    delivery->variables = variables;
    return 0;
}

static int prepare_fd(struct delivery *delivery, const char *value, size_t length,
                      struct error *error)
{
    struct environ variables;
    int fd = sealed_fd_new(value, length, delivery->guard, error);
    if (fd < 0)
        return fd;
    int r = environ_with_number(environ, FD_VARIABLE, fd, &variables);
    if (r) {
        close(fd);
        return error_set(error, r, "out of memory");
    }
    delivery_spent(delivery);
    delivery->variables = variables;
    delivery->fd = fd;
    return 0;
}

int delivery_prepare(struct delivery *delivery, const char *value, size_t length,
                     struct error *error)
{
    if (delivery->options->file)
        return target_file_write(&delivery->file, value, length, error);
    if (delivery->options->fd)
        return prepare_fd(delivery, value, length, error);
    return prepare_variables(delivery, value, length, error);
}

struct child_plan delivery_plan(const struct delivery *delivery, const char *socket,
                                char *const *command)
{
    const struct arguments_delivery *options = delivery->options;
    return (struct child_plan){
        .command = command,
        .variables = delivery->variables.variables ? delivery->variables.variables : environ,
        .fd = delivery->fd,
        .shield = options->shield ? options->shield_children ? CHILD_SHIELD_ALL : CHILD_SHIELD
                                  : CHILD_BARE,
        .socket = socket,
    };
}

void delivery_spent(struct delivery *delivery)
{
    environ_clear(&delivery->variables);
    if (delivery->fd >= 0)
        close(delivery->fd);
    delivery->fd = -1;
}

/* ---- the end --------------------------------------------------------------------------------- */

int delivery_withdraw(struct delivery *delivery, struct error *error)
{
    return delivery->options->file ? target_file_remove(&delivery->file, error) : 0;
}

void delivery_close(struct delivery *delivery)
{
    delivery_spent(delivery);
    if (delivery->options->file)
        target_file_remove(&delivery->file, NULL);
    target_file_close(&delivery->file);
}
