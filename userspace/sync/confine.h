/* SPDX-License-Identifier: BSD-2-Clause */
/* What vsecm-sync gives up: privileges, dumps, and system calls that it does not make. */
#ifndef VSECM_SYNC_CONFINE_H
#define VSECM_SYNC_CONFINE_H

struct error;

/* The first thing in main(): no core, no debugger, no capability, no new ones. 0 or -errno. */
int confine_early(struct error *error);

/* Of the process that works, once everything is set up: few descriptors, a filter. 0 or -errno. */
int confine_late(struct error *error);

#endif
