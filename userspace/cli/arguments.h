/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, read by tables: every option is defined once, here, and a verb lists those it
 * takes. The same tables print the help.
 */
#ifndef VSECM_CLI_ARGUMENTS_H
#define VSECM_CLI_ARGUMENTS_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct arguments_number {
    bool given;
    uint64_t number;
};

/* How a program gets the caller's secret, or a file (exec, init, sidecar). 0: not said. */
struct arguments_delivery {
    bool env, fd;
    const char *env_name;
    const char *prefix;
    const char *file;
    const char *per_key; /* a directory */
    const char *allowed[LIMIT_ALLOWED];
    const char *members[LIMIT_ALLOWED];
    size_t allowed_count, member_count;
    bool skip_bad_names;
    bool shield, shield_children; /* the second implies the first */
    bool guard;                   /* files and descriptors */
    bool allow_disk;
    bool clean;
    int signal; /* its number */
    bool restart, no_restart;
    uint64_t wait_ms, grace_ms;
    struct arguments_number mode;
    struct arguments_number owner, group;
    const char *on_delete;
};

/* Strings are the command line's own. */
struct arguments {
    const char *socket; /* NULL: not said */
    const char *file;
    const char *output;
    const char *key;
    const char *not_before;
    const char *expires;
    struct arguments_number if_version;
    struct arguments_number of_version; /* which one is meant */
    const char *state;
    const char *salvage;
    const char *pin_dir;
    const char *private_dir;
    const char *operands[LIMIT_TARGETS];
    const char *namespaces[LIMIT_TARGETS];
    const char *recipients[LIMIT_AGE_RECIPIENTS];
    const char *identities[LIMIT_AGE_IDENTITIES]; /* files */
    const char *passphrase_file;
    const char *to_file;
    const char *template;
    const char *template_file;
    const char *format;
    const char *last_id;
    size_t operand_count;
    size_t namespace_count;
    size_t recipient_count;
    size_t identity_count;
    bool passphrase; /* to be asked for */
    bool armor;
    bool public;
    bool json;
    bool encrypted;
    bool adopts;
    bool dry_run;
    bool strict;
    bool transformed;
    bool once;
    bool values;
    bool allow_rollback;
    bool node;
    bool unload;
    struct arguments_delivery delivery;
    char **command; /* what stands behind "--", NULL at its end; NULL: nothing */
    bool help;
    bool version;
};

struct arguments_option {
    const char *name;  /* "namespace" is --namespace */
    char letter;       /* 'n' is -n; 0: none */
    const char *value; /* what --help calls its value, or its words: a|b; NULL: it takes none */
    const char *help;
    /* Note VALUE. NULL, or what is wrong with it. */
    const char *(*take)(struct arguments *arguments, const char *value);
};

extern const struct arguments_option arguments_namespace, arguments_file, arguments_key_file,
    arguments_output, arguments_output_file, arguments_key, arguments_of_version, arguments_to,
    arguments_if_version, arguments_not_before, arguments_expires, arguments_encrypted,
    arguments_dry_run;
extern const struct arguments_option arguments_recipient, arguments_identity, arguments_armor;
extern const struct arguments_option arguments_passphrase, arguments_passphrase_file;
extern const struct arguments_option arguments_to_file, arguments_public;
extern const struct arguments_option arguments_state, arguments_salvage;
extern const struct arguments_option arguments_doctor_node, arguments_doctor_unload,
    arguments_doctor_pin_dir, arguments_doctor_private_dir;
extern const struct arguments_option arguments_transformed;
extern const struct arguments_option arguments_once, arguments_last_id, arguments_values;
extern const struct arguments_option arguments_template, arguments_template_file, arguments_format,
    arguments_strict;

extern const struct arguments_option arguments_seal_version, arguments_seal_recipient,
    arguments_seal_allow_rollback;

extern const struct arguments_option arguments_delivery_env, arguments_delivery_env_name,
    arguments_delivery_prefix, arguments_delivery_skip_bad_names, arguments_delivery_allow_name,
    arguments_delivery_fd, arguments_delivery_file, arguments_delivery_per_key,
    arguments_delivery_mode, arguments_delivery_owner, arguments_delivery_allow_disk,
    arguments_delivery_signal, arguments_delivery_restart, arguments_delivery_no_restart,
    arguments_delivery_grace, arguments_delivery_wait, arguments_delivery_timeout,
    arguments_delivery_member, arguments_delivery_keep_or_stop, arguments_delivery_on_delete,
    arguments_delivery_clean, arguments_delivery_shield, arguments_delivery_shield_children,
    arguments_delivery_guard;

/* What every verb takes, NULL at the end. */
extern const struct arguments_option *const arguments_common[];

/*
 * Every option of a verb that takes OPTIONS: these, then the common ones that they do not hide
 * (--version of one verb takes a value). *AT begins at 0. NULL at the end.
 */
const struct arguments_option *arguments_next(const struct arguments_option *const *options,
                                              size_t *at);

/*
 * Read the common options that stand before the verb and return how many WORDS (NULL at the end)
 * they take up, or -EINVAL with *error set.
 */
int arguments_leading(char **words, struct arguments *ret, struct error *error);

/*
 * Read all WORDS behind a verb that takes OPTIONS besides the common ones. 0 or -EINVAL with *error
 * set. No operand and no option's value is ever part of an error: it may be a secret in a wrong
 * place.
 */
int arguments_read(char **words, const struct arguments_option *const *options,
                   struct arguments *ret, struct error *error);

#endif
