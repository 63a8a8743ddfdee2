/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of verbs that hand on the caller's secret: exec, init, sidecar. */
#include "cli/arguments.h"

#include "base/str.h"
#include "cli/environ.h"
#include "cli/signals.h"

#include <string.h>

static const char *take_env(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.env = true;
    return NULL;
}

static const char *take_env_name(struct arguments *arguments, const char *value)
{
    arguments->delivery.env_name = value;
    return environ_is_name(value, strlen(value)) ? NULL : "must be the name of a variable";
}

static const char *take_prefix(struct arguments *arguments, const char *value)
{
    arguments->delivery.prefix = value;
    return environ_is_name(value, strlen(value)) ? NULL : "must be how names of variables begin";
}

static const char *take_skip_bad_names(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.skip_bad_names = true;
    return NULL;
}

static const char *add(const char **list, size_t *count, const char *value)
{
    if (*count == LIMIT_ALLOWED)
        return "is given too often";
    list[(*count)++] = value;
    return *value ? NULL : "must not be empty";
}

static const char *take_allow_name(struct arguments *arguments, const char *value)
{
    return add(arguments->delivery.allowed, &arguments->delivery.allowed_count, value);
}

static const char *take_member(struct arguments *arguments, const char *value)
{
    return add(arguments->delivery.members, &arguments->delivery.member_count, value);
}

static const char *take_fd(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.fd = true;
    return NULL;
}

static const char *take_file(struct arguments *arguments, const char *value)
{
    arguments->delivery.file = value;
    return *value ? NULL : "must name a file";
}

static const char *take_per_key(struct arguments *arguments, const char *value)
{
    arguments->delivery.per_key = value;
    return *value ? NULL : "must name a directory";
}

static const char *take_mode(struct arguments *arguments, const char *value)
{
    uint64_t mode = 0;
    const char *at = value;
    for (; *at >= '0' && *at <= '7' && mode <= 0777; at++)
        mode = mode * 8 + (uint64_t)(*at - '0');
    arguments->delivery.mode = (struct arguments_number){true, mode};
    return at > value && !*at && mode <= 0777 ? NULL : "must be a mode: 0000 to 0777";
}

static const char *take_owner(struct arguments *arguments, const char *value)
{
    struct arguments_delivery *delivery = &arguments->delivery;
    const uint64_t most = UINT32_MAX - 1;
    size_t length = strcspn(value, ":");
    delivery->owner.given = true;
    delivery->group.given = value[length] != '\0';
    if (str_u64((struct span){value, length}, most, &delivery->owner.number) ||
        (value[length] && str_u64(span_of(value + length + 1), most, &delivery->group.number)))
        return "must be UID or UID:GID, in numbers";
    return NULL;
}

static const char *take_allow_disk(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.allow_disk = true;
    return NULL;
}

static const char *take_signal(struct arguments *arguments, const char *value)
{
    arguments->delivery.signal = signals_number(value);
    return arguments->delivery.signal > 0 ? NULL : "must be a signal: HUP, USR1, USR2, ...";
}

static const char *take_restart(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.restart = true;
    return NULL;
}

static const char *take_no_restart(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.no_restart = true;
    return NULL;
}

static const char *take_time(uint64_t *ret, const char *value)
{
    const uint64_t most = UINT64_C(365) * 86400000;
    if (str_duration_ms(span_of(value), most, ret) || !*ret)
        return "must be a time: 500ms, 10s, 5m, 1h, at most 365d";
    return NULL;
}

static const char *take_grace(struct arguments *arguments, const char *value)
{
    return take_time(&arguments->delivery.grace_ms, value);
}

static const char *take_wait(struct arguments *arguments, const char *value)
{
    return take_time(&arguments->delivery.wait_ms, value);
}

static const char *one_of(const char **ret, const char *value, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, value) == 0)
            *ret = value;
    return *ret == value ? NULL : "";
}

static const char *take_keep_or_stop(struct arguments *arguments, const char *value)
{
    static const char *const words[] = {"keep", "stop", NULL};
    return one_of(&arguments->delivery.on_delete, value, words) ? "must be keep or stop" : NULL;
}

static const char *take_on_delete(struct arguments *arguments, const char *value)
{
    static const char *const words[] = {"remove", "empty", "keep", NULL};
    return one_of(&arguments->delivery.on_delete, value, words) ? "must be remove, empty or keep"
                                                                : NULL;
}

static const char *take_clean(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.clean = true;
    return NULL;
}

static const char *take_shield(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.shield = true;
    return NULL;
}

static const char *take_shield_children(struct arguments *arguments, const char *value)
{
    arguments->delivery.shield_children = true;
    return take_shield(arguments, value);
}

static const char *take_guard(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->delivery.guard = true;
    return NULL;
}

const struct arguments_option arguments_delivery_env = {
    "env", 0, NULL, "each member of the secret is a variable (the default)", take_env,
};

const struct arguments_option arguments_delivery_env_name = {
    "env-name", 0, "NAME", "the whole secret is the variable NAME", take_env_name,
};

const struct arguments_option arguments_delivery_prefix = {
    "prefix", 0, "P", "variables are called P and the member's name", take_prefix,
};

const struct arguments_option arguments_delivery_skip_bad_names = {
    "skip-bad-names",    0, NULL, "leave out members that cannot be variables or files",
    take_skip_bad_names,
};

const struct arguments_option arguments_delivery_allow_name = {
    "allow-name",    0, "NAME", "take NAME even if it decides what code runs, as LD_PRELOAD",
    take_allow_name,
};

const struct arguments_option arguments_delivery_fd = {
    "fd", 0, NULL, "the secret is behind the descriptor $VSECM_SECRET_FD", take_fd,
};

const struct arguments_option arguments_delivery_file = {
    "file", 0, "PATH", "the secret is in the file PATH, in memory (tmpfs)", take_file,
};

const struct arguments_option arguments_delivery_per_key = {
    "per-key", 0, "DIR", "each member of the secret is a file in DIR", take_per_key,
};

const struct arguments_option arguments_delivery_mode = {
    "mode", 0, "MODE", "the file's mode (default: 0400)", take_mode,
};

const struct arguments_option arguments_delivery_owner = {
    "owner", 0, "UID[:GID]", "whose the file is, in numbers", take_owner,
};

const struct arguments_option arguments_delivery_allow_disk = {
    "allow-disk", 0, NULL, "take a file that is not in memory", take_allow_disk,
};

const struct arguments_option arguments_delivery_signal = {
    "signal", 0, "NAME", "with --file: on a change send this signal (HUP, USR1, ...)", take_signal,
};

const struct arguments_option arguments_delivery_restart = {
    "restart",    0, NULL, "on a change stop the program and start it anew (the default)",
    take_restart,
};

const struct arguments_option arguments_delivery_no_restart = {
    "no-restart", 0, NULL, "on a change leave the program alone", take_no_restart,
};

const struct arguments_option arguments_delivery_grace = {
    "grace", 0, "TIME", "from SIGTERM to SIGKILL (default: 10s)", take_grace,
};

const struct arguments_option arguments_delivery_wait = {
    "wait", 0, "TIME", "how long to wait for a secret at the start (default: 30s)", take_wait,
};

const struct arguments_option arguments_delivery_timeout = {
    "timeout", 0, "TIME", "how long to wait (default: 5m)", take_wait,
};

const struct arguments_option arguments_delivery_member = {
    "member", 0, "NAME", "wait until it has this member; may be given several times", take_member,
};

const struct arguments_option arguments_delivery_keep_or_stop = {
    "on-delete",       0, "keep|stop", "the program when its secret is gone (default: keep)",
    take_keep_or_stop,
};

const struct arguments_option arguments_delivery_on_delete = {
    "on-delete",    0, "remove|empty|keep", "the file when the secret is gone (default: remove)",
    take_on_delete,
};

const struct arguments_option arguments_delivery_clean = {
    "clean", 0, NULL, "remove the file at the end", take_clean,
};

const struct arguments_option arguments_delivery_shield = {
    "shield", 0, NULL, "nobody else may trace the program or read its memory", take_shield,
};

const struct arguments_option arguments_delivery_shield_children = {
    "shield-children",    0, NULL, "as --shield, and the same for what it starts",
    take_shield_children,
};

const struct arguments_option arguments_delivery_guard = {
    "guard", 0, NULL, "nobody outside of this pod may open the file", take_guard,
};
