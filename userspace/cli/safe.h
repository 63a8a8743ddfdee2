/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of the original's Sentinel, for scripts that have it: the same flags, and the
 * same words on standard output. What fails is said on standard error, and by the exit status.
 */
#ifndef VSECM_CLI_SAFE_H
#define VSECM_CLI_SAFE_H

#include "cli/verb.h"

/* Do what WORDS, without the program's name and with NULL at the end, ask for. */
enum verb_exit safe_run(char **words);

#endif
