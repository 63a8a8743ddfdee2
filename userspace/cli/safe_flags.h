/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of the original's `safe`: what its flags say, and what they ask for together. */
#ifndef VSECM_CLI_SAFE_FLAGS_H
#define VSECM_CLI_SAFE_FLAGS_H

#include "cli/arguments.h"
#include "cli/target.h"
#include "cli/value.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

struct safe_flags {
    struct arguments arguments; /* first: what takes an option leads back here */
    const char *workloads[LIMIT_TARGETS];
    size_t workload_count;
    struct value secret; /* what -s and -i say, ended by a NUL: no data when they are not given */
    struct value keys;
    bool lists;
    bool removes;
    bool inits; /* with the file as operand, if any */
    bool stays; /* behind that, until a signal comes */
};

enum safe_flags_task {
    SAFE_FLAGS_WRONG,
    SAFE_FLAGS_HELP,
    SAFE_FLAGS_VERSION,
    SAFE_FLAGS_LIST, /* with arguments.encrypted, the values too, sealed */
    SAFE_FLAGS_INIT, /* run a file of commands */
    SAFE_FLAGS_KEYS, /* bring the root key */
    SAFE_FLAGS_REMOVE,
    SAFE_FLAGS_SEAL,  /* print the value, sealed */
    SAFE_FLAGS_STORE, /* with arguments.encrypted, what is in the sealed value */
};

/* All options, NULL at the end. */
extern const struct arguments_option *const safe_flags_options[];

/*
 * Read WORDS, NULL at the end. What -s and -i say is moved into locked memory, and their words are
 * overwritten with zeros, so that nobody reads them in /proc from then on. 0 with *ret to be
 * cleared, also when it is -EINVAL with *error set, which names no value.
 */
int safe_flags_read(char **words, struct safe_flags *ret, struct error *error);

/*
 * What FLAGS ask for, in the original's order: -l before all else, then what is missing, then -i,
 * -d, and a value. SAFE_FLAGS_WRONG with *error set.
 */
enum safe_flags_task safe_flags_task(const struct safe_flags *flags, struct error *error);

/* The keys that -w and -n name: every workload in every namespace. */
void safe_flags_target(const struct safe_flags *flags, struct target *ret);

/* Wipe and release. */
void safe_flags_clear(struct safe_flags *flags);

#endif
