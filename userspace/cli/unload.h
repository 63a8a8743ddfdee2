/* SPDX-License-Identifier: BSD-2-Clause */
/* Guards that a daemon left behind, removed. */
#ifndef VSECM_CLI_UNLOAD_H
#define VSECM_CLI_UNLOAD_H

#include "cli/verb.h"

struct arguments;

/*
 * Remove what is pinned in --pin-dir while no daemon runs with --private-dir, and say what that
 * was. VERB_OK, also where there is nothing; else VERB_REFUSED, said.
 */
enum verb_exit unload_run(const struct arguments *arguments);

#endif
