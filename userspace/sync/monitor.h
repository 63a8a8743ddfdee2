/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that stays: it forks the one that works, and forks another when that one dies. It
 * reads nothing and holds nothing.
 */
#ifndef VSECM_SYNC_MONITOR_H
#define VSECM_SYNC_MONITOR_H

/*
 * Run WORK in a child, again and again, until SIGTERM or SIGINT, which are passed on. In the child
 * no signal is blocked, and it dies with its parent. The status to exit with.
 */
int monitor_run(int (*work)(void *context), void *context);

#endif
