/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's notification socket (sd_notify(3)). */
#ifndef VSECM_DAEMON_NOTIFY_H
#define VSECM_DAEMON_NOTIFY_H

/* Tell it STATE ("READY=1"). Without $NOTIFY_SOCKET, or where it cannot be reached, nothing
 * happens. */
void notify_state(const char *state);

#endif
