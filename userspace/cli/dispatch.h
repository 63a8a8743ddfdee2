/* SPDX-License-Identifier: BSD-2-Clause */
/* From a command line to its verb. */
#ifndef VSECM_CLI_DISPATCH_H
#define VSECM_CLI_DISPATCH_H

#include "cli/verb.h"

/* First of all: become a process that leaves no core file. VERB_OK, or VERB_REFUSED, said. */
enum verb_exit dispatch_begin(void);

/*
 * Do what WORDS (NULL at the end, without the program's name) say, with VERBS (NULL at the end).
 * Returns the exit status.
 */
enum verb_exit dispatch(const struct verb *const *verbs, char **words);

/* At the end: STATUS, unless standard output did not take all; that is said then. */
enum verb_exit dispatch_end(enum verb_exit status);

#endif
