/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors put into another process by seccomp's user notification. */
#ifndef VSECM_GUEST_INJECT_H
#define VSECM_GUEST_INJECT_H

/* From now on getppid() of this thread waits for whoever holds the descriptor: it, or -errno. */
int inject_listen(void);

/* Answer the getppid() that waits at LISTENER: with the number that FILE got there, or the error.
 */
void inject_descriptor(int listener, int file);

#endif
