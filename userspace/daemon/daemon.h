/* SPDX-License-Identifier: BSD-2-Clause */
/* The core process put together: everything below is made here, run, and taken down again. */
#ifndef VSECM_DAEMON_DAEMON_H
#define VSECM_DAEMON_DAEMON_H

struct config;
struct daemon;
struct error;

/* Make all parts and start to listen. 0 with *ret the caller's, or -errno with *error. */
int daemon_start(const struct config *config, struct daemon **ret, struct error *error);

/* Serve until SIGTERM or SIGINT. 0 or -errno. */
int daemon_run(struct daemon *daemon);

/* Remove the sockets, wipe and release everything. NULL is fine. */
void daemon_stop(struct daemon *daemon);

#endif
