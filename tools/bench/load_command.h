/* SPDX-License-Identifier: BSD-2-Clause */
/* `vsecm-bench load`: one load of one's own choice, on a daemon of our own or one that is there. */
#ifndef BENCH_LOAD_COMMAND_H
#define BENCH_LOAD_COMMAND_H

/* The command line behind `load`, up to a NULL. The exit status: 0, 1 for a failure, 2 for usage.
 */
int load_command_run(char **arguments);

#endif
