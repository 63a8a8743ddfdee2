/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals to a program that waits for them beside other things, and that may pass them on to a
 * child. All are blocked but those that report a fault of the program itself.
 */
#ifndef VSECM_CLI_SIGNALS_H
#define VSECM_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
    int fd; /* polls readable when there is one */
    sigset_t before;
    struct sigaction pipe_before;
};

/* 0 with *ret to be closed, or -errno. */
int signals_open(struct signals *ret);

/*
 * The next signal, or 0 when there is none. *sent: by a process, and not by the kernel: what a
 * terminal makes of its keys has reached all of its foreground processes already.
 */
int signals_next(const struct signals *signals, bool *sent);

/* In a child, before execve(): as it was for us. */
void signals_restore(const struct signals *signals);

void signals_close(struct signals *signals);

/* The number of "HUP", "SIGHUP" or "1", of those that can be sent to a child; -EINVAL. */
int signals_number(const char *name);

#endif
