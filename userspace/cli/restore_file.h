/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a restore on its way to the daemon: as it is, out of its armour, or, when it is not
 * sealed to the daemon, opened here and sealed anew.
 */
#ifndef VSECM_CLI_RESTORE_FILE_H
#define VSECM_CLI_RESTORE_FILE_H

#include "cli/verb.h"

struct arguments;

/*
 * Send the file that the first operand names, "-" for standard input, with the keys and passphrases
 * of ARGUMENTS. VERB_OK when the daemon has all of it and has applied nothing yet; any other exit
 * status has been said.
 */
enum verb_exit restore_file_send(const struct arguments *arguments);

#endif
