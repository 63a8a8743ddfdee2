/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/safe_flags.h"

#include "base/clock.h"
#include "base/error.h"
#include "cli/safe_name.h"
#include "client/locked.h"
#include "protocol.h"
#include "store/validity.h"
#include "template/transform.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* ---- options --------------------------------------------------------------------------------- */

static struct safe_flags *flags_of(struct arguments *arguments)
{
    return (struct safe_flags *)arguments;
}

/* Move VALUE, a word of the command line, out of everybody's sight. */
static const char *move(struct value *ret, const char *value)
{
    size_t length = strlen(value);
    if (ret->data)
        return "is given twice";
    ret->data = locked_alloc(length + 1);
    if (!ret->data)
        return "finds no memory";
    memcpy(ret->data, value, length);
    ret->length = length;
    ret->size = length + 1;
    explicit_bzero((char *)(uintptr_t)value, length);
    return NULL;
}

static const char *take_secret(struct arguments *arguments, const char *value)
{
    return move(&flags_of(arguments)->secret, value);
}

static const char *take_keys(struct arguments *arguments, const char *value)
{
    return move(&flags_of(arguments)->keys, value);
}

static const char *take_workload(struct arguments *arguments, const char *value)
{
    struct safe_flags *flags = flags_of(arguments);
    if (flags->workload_count == LIMIT_TARGETS)
        return "is given too often";
    flags->workloads[flags->workload_count++] = value;
    return NULL;
}

static const char *take_list(struct arguments *arguments, const char *value)
{
    (void)value;
    flags_of(arguments)->lists = true;
    return NULL;
}

static const char *take_delete(struct arguments *arguments, const char *value)
{
    (void)value;
    flags_of(arguments)->removes = true;
    return NULL;
}

static const char *take_init(struct arguments *arguments, const char *value)
{
    (void)value;
    flags_of(arguments)->inits = true;
    return NULL;
}

static const char *take_stay(struct arguments *arguments, const char *value)
{
    (void)value;
    flags_of(arguments)->stays = true;
    return NULL;
}

static const char *take_encrypt(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->encrypted = true;
    return NULL;
}

static const char *take_template(struct arguments *arguments, const char *value)
{
    if (arguments->template)
        return "is given twice";
    arguments->template = value;
    return NULL;
}

static const char *take_format(struct arguments *arguments, const char *value)
{
    enum transform_format format;
    bool is_none = !*value || strcmp(value, "none") == 0; /* which is what scripts say for it */
    arguments->format = is_none ? "json" : value;
    return is_none || !transform_format_of(span_of(value), &format) ? NULL
                                                                    : "must be json, yaml or raw";
}

static const char *take_time(const char **ret, const char *value, const char *wrong)
{
    int64_t time;
    *ret = value;
    return validity_read(span_of(value), clock_wall_us(), &time) ? wrong : NULL;
}

static const char *take_expires(struct arguments *arguments, const char *value)
{
    return take_time(&arguments->expires, value, "must be never, or " VALIDITY_RULE);
}

static const char *take_not_before(struct arguments *arguments, const char *value)
{
    return take_time(&arguments->not_before, value, "must be now, or " VALIDITY_RULE);
}

static const char *refuse_append(struct arguments *arguments, const char *value)
{
    (void)arguments, (void)value;
    return "is gone: a secret is one value; store a JSON list of several";
}

static const char *refuse_store(struct arguments *arguments, const char *value)
{
    (void)arguments, (void)value;
    return "is gone: where secrets are kept is said once, by state_dir in vsecmd.conf";
}

static const char *refuse_kubernetes(struct arguments *arguments, const char *value)
{
    (void)arguments, (void)value;
    return "is gone: -w k8s:NAME asks for a Kubernetes Secret";
}

/* clang-format off */
static const struct arguments_option rows[] = {
    {"list",       'l', NULL,    "list the secrets; with -e their values, too, sealed", take_list},
    {"workload",   'w', "NAME",  "a workload, or k8s:SECRET; may be given several times", take_workload},
    {"secret",     's', "VALUE", "the value; - is standard input, @FILE is what FILE says", take_secret},
    {"template",   't', "TEMPLATE", "the template that the workload's copy is made by", take_template},
    {"format",     'f', "FORMAT", "json, yaml or raw (default: json)", take_format},
    {"encrypt",    'e', NULL,    "without -w: print the value, sealed; with -w: the value is sealed", take_encrypt},
    {"delete",     'd', NULL,    "delete the workloads' secrets", take_delete},
    {"input-keys", 'i', "KEYS",  "bring the root key; - and @FILE as with -s", take_keys},
    {"exp",        'E', "TIME",  "nobody reads it from TIME on (default: never)", take_expires},
    {"nbf",        'N', "TIME",  "nobody reads it before TIME (default: now)", take_not_before},
    {"init",       0,   NULL,    "run the init commands in FILE", take_init},
    {"stay",       0,   NULL,    "with --init: if there is a FILE, and then wait for a signal", take_stay},
};

static const struct arguments_option gone[] = {
    {"append",  'a', NULL,   "gone", refuse_append},
    {"store",   'b', "KIND", "gone", refuse_store},
    {"use-k8s", 'k', NULL,   "gone", refuse_kubernetes},
};
/* clang-format on */

const struct arguments_option *const safe_flags_options[] = {
    &rows[0],  &rows[1], &arguments_namespace,
    &rows[2],  &rows[3], &rows[4],
    &rows[5],  &rows[6], &rows[7],
    &rows[8],  &rows[9], &rows[10],
    &rows[11], NULL,
};

/* ---- reading --------------------------------------------------------------------------------- */

#define OPTIONS (sizeof safe_flags_options / sizeof *safe_flags_options - 1)
#define GONE (sizeof gone / sizeof *gone)

int safe_flags_read(char **words, struct safe_flags *ret, struct error *error)
{
    const struct arguments_option *options[OPTIONS + GONE + 1];
    memcpy(options, safe_flags_options, OPTIONS * sizeof *options);
    for (size_t i = 0; i < GONE; i++)
        options[OPTIONS + i] = &gone[i];
    options[OPTIONS + GONE] = NULL;
    *ret = (struct safe_flags){.lists = false};
    return arguments_read(words, options, &ret->arguments, error);
}

void safe_flags_clear(struct safe_flags *flags)
{
    value_clear(&flags->secret);
    value_clear(&flags->keys);
}

/* ---- what they ask for ----------------------------------------------------------------------- */

static enum safe_flags_task wrong(struct error *error, const char *text)
{
    error_set(error, -EINVAL, "%s", text);
    return SAFE_FLAGS_WRONG;
}

static int check_names(const struct safe_flags *flags, struct error *error)
{
    int r = 0;
    size_t namespaces = flags->arguments.namespace_count;
    for (size_t i = 0; r == 0 && i < flags->workload_count; i++)
        r = safe_name_check_workload(span_of(flags->workloads[i]), error);
    for (size_t i = 0; r == 0 && i < namespaces; i++)
        r = safe_name_check_namespace(span_of(flags->arguments.namespaces[i]), error);
    if (r == 0 && flags->workload_count * (namespaces ? namespaces : 1) > LIMIT_TARGETS)
        r = error_set(error, -EINVAL, "more than %u secrets are named at once", LIMIT_TARGETS);
    return r;
}

enum safe_flags_task safe_flags_task(const struct safe_flags *flags, struct error *error)
{
    const struct arguments *arguments = &flags->arguments;
    bool seals = arguments->encrypted, has_keys = flags->keys.length > 0;
    if (arguments->help)
        return SAFE_FLAGS_HELP;
    if (arguments->version)
        return SAFE_FLAGS_VERSION;
    if (arguments->operand_count > flags->inits)
        return wrong(error, "a word stands alone; a workload is named by -w, a value by -s");
    if (flags->stays && !flags->inits)
        return wrong(error, "--stay goes with --init");
    if (flags->lists)
        return SAFE_FLAGS_LIST;
    if (flags->inits)
        return SAFE_FLAGS_INIT;
    if (!flags->workload_count && !has_keys && (!seals || flags->removes))
        return wrong(error, "Please provide a workload name.");
    if (!flags->secret.length && !flags->removes && !has_keys)
        return wrong(error, "Please provide a secret.");
    if (has_keys)
        return SAFE_FLAGS_KEYS;
    if (check_names(flags, error) < 0)
        return SAFE_FLAGS_WRONG;
    if (flags->removes)
        return SAFE_FLAGS_REMOVE;
    return flags->workload_count ? SAFE_FLAGS_STORE : SAFE_FLAGS_SEAL;
}

void safe_flags_target(const struct safe_flags *flags, struct target *ret)
{
    ret->workload_count = flags->workload_count;
    ret->namespace_count = flags->arguments.namespace_count;
    for (size_t i = 0; i < flags->workload_count; i++)
        ret->workloads[i] = span_of(flags->workloads[i]);
    for (size_t i = 0; i < ret->namespace_count; i++)
        ret->namespaces[i] = span_of(flags->arguments.namespaces[i]);
    if (!ret->namespace_count)
        ret->namespaces[ret->namespace_count++] = span_of(PROTOCOL_DEFAULT_NAMESPACE);
}
