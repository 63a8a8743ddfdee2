/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that stays: it forks the one that works, and forks another when that one dies. It
 * reads nothing and holds nothing.
 */
#ifndef VSECM_BASE_MONITOR_H
#define VSECM_BASE_MONITOR_H

struct monitor_options {
    void (*work)(void *context); /* calls exit() */
    void *context;
    int ends_with_work; /* also by itself: only a child that a signal killed is followed by another
                         */
    int passes_hangup;  /* SIGHUP goes to the child; else it is not touched */
};

/*
 * Run the work in a child, again and again, until SIGTERM or SIGINT, which are passed on. In the
 * child no signal is blocked, and it dies with its parent. The status to exit with.
 */
int monitor_run(const struct monitor_options *options);

#endif
