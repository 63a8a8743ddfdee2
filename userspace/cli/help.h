/* SPDX-License-Identifier: BSD-2-Clause */
/* The help, printed from the tables that the command line is read by. To standard output. */
#ifndef VSECM_CLI_HELP_H
#define VSECM_CLI_HELP_H

#include "cli/verb.h"

struct arguments_option;

/* All verbs; NULL at the end. */
void help_all(const struct verb *const *verbs);

/* One verb. */
void help_verb(const struct verb *verb);

/* A line for each of OPTIONS, NULL at the end, and of the common ones. */
void help_options(const struct arguments_option *const *options);

#endif
