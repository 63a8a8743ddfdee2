/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls of the running daemon; any other kills it. */
#ifndef VSECM_DAEMON_SECCOMP_H
#define VSECM_DAEMON_SECCOMP_H

/*
 * Install the filter, for good, in every thread. PR_SET_NO_NEW_PRIVS must be set. 0 or -errno:
 * -ENOSYS where the kernel lacks the filter or the machine is one that the table was not made for.
 */
int seccomp_install(void);

#endif
