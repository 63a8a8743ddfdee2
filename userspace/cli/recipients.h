/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is to be able to open a file. */
#ifndef VSECM_CLI_RECIPIENTS_H
#define VSECM_CLI_RECIPIENTS_H

#include "cli/call.h"
#include "crypto/age_key.h"
#include "limits.h"

struct arguments;

struct recipients {
    struct age_recipient keys[LIMIT_AGE_RECIPIENTS];
    size_t count;
};

/* Those of -r, or without any the daemon's own. VERB_OK; any other exit status has been said. */
enum verb_exit recipients_read(const struct arguments *arguments, struct recipients *ret);

/* The daemon's own, asked for by CALL. The same. */
enum verb_exit recipients_ask(const struct arguments *arguments, call_as *call,
                              struct age_recipient *ret);

#endif
