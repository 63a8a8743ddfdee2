/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guards denied goes into the audit trail, one record each, also what was denied while no
 * daemon ran. There are at most so many records a second: the rest waits in the kernel's ring, and
 * what has no room there is counted, and told by one record.
 */
#ifndef VSECM_DAEMON_DENIALS_H
#define VSECM_DAEMON_DENIALS_H

struct attest;
struct denials;
struct error;
struct loop;
struct service;

/* All arguments outlive the result. 0 with *ret the caller's (NULL: there are no guards); -errno.
 */
int denials_new(struct loop *loop, struct attest *attest, struct service *service,
                struct denials **ret, struct error *error);

/* NULL is fine. */
void denials_free(struct denials *denials);

#endif
