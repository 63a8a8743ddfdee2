/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process gives up before it holds secrets. Each half is an ordered list of steps; a step
 * that fails ends it, and the daemon must not go on.
 */
#ifndef VSECM_DAEMON_HARDEN_H
#define VSECM_DAEMON_HARDEN_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* The first thing in main(): no core, no debugger, no swap, no new privileges. 0 or -errno. */
int harden_early(struct error *error);

/*
 * Once sockets are bound and BPF is loaded: all capabilities but CAP_IPC_LOCK go (on kernels before
 * 5.19 that ask for CAP_BPF to read a map, it stays too), then the system call filter comes. From
 * there on the process can open no network socket and run no other program. 0 or -errno.
 */
int harden_late(struct error *error);

/*
 * Protection number INDEX, in the order they are applied, for status: its name and "on", "not yet"
 * or why it is off. Both last for ever. False past the last.
 */
bool harden_summary(size_t index, const char **name, const char **state);

#endif
