/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Init commands (cli/init_file.h), run once for a store: what says that they have run is the
 * keystone, a secret in the store itself.
 */
#ifndef VSECM_CLI_INIT_RUN_H
#define VSECM_CLI_INIT_RUN_H

#include "cli/verb.h"

#include <stdbool.h>

struct arguments;

/*
 * Run those in the file at PATH, or at $VSECM_SENTINEL_INIT_COMMAND_PATH when it is NULL. The whole
 * file is read and found good before anything is done. Root keys are brought first and always: a
 * sealed daemon cannot say whether the rest was done. What fails in a way that may pass is tried
 * again (cli/retry.h).
 */
enum verb_exit init_run(const struct arguments *arguments, const char *path);

/* Whether there is a file that init_run() would read: one that cannot be looked at counts. */
bool init_run_has_file(const char *path);

#endif
