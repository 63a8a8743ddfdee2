/* SPDX-License-Identifier: BSD-2-Clause */
/* A verb of the command line: each is one file, verb_*.c, and one row of the table in main.c. */
#ifndef VSECM_CLI_VERB_H
#define VSECM_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

struct arguments;
struct arguments_option;

/* Exit statuses, as the manual has them. */
enum verb_exit {
    VERB_OK = 0,
    /* The daemon refused, or has no such thing; a file or a key failed; a state is damaged, or
     * something is missing on this node that a daemon runs without. */
    VERB_REFUSED = 1,
    VERB_USAGE = 2,       /* the command line is wrong; nothing was sent */
    VERB_UNREACHABLE = 3, /* no daemon answered */
    VERB_UNFIT = 4,       /* on this node a daemon would not start */
};

struct verb {
    const char *name;
    const char *operands; /* as in a synopsis; "" for none */
    const char *summary;  /* one line */
    const char *help;     /* the rest of --help, ends with a newline; "" for none */
    const struct arguments_option *const *options; /* its own, NULL at the end */
    size_t least, most;                            /* operands it takes */
    bool command;                                  /* a command stands behind "--" */
    /* Do it and return an exit status; what failed has been said. */
    enum verb_exit (*run)(const struct arguments *arguments);
};

extern const struct verb verb_backup, verb_decrypt, verb_delete, verb_doctor, verb_encrypt,
    verb_exec, verb_generate, verb_get, verb_history, verb_init, verb_keygen, verb_list, verb_node,
    verb_put, verb_rekey, verb_render, verb_restore, verb_rollback, verb_seal, verb_sidecar,
    verb_status, verb_unseal, verb_watch, verb_whoami;

#endif
