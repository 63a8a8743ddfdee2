/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an accepted socket to a subject: the kernel's record, the names of its cgroup chain, the
 * place they mean, the identity that is known there. Places are remembered by cgroup id, for a
 * cgroup's names never change and its id is never used again.
 */
#ifndef VSECM_SERVE_WHO_H
#define VSECM_SERVE_WHO_H

#include "serve/subject.h"

struct attest;
struct place_roots;
struct registry;
struct who;

/* SENTINEL is the key of the workload that may administer. All arguments outlive the result. */
struct who *who_new(struct attest *attest, const struct place_roots *roots, const char *sentinel);

/* The identities to look in from now on; REGISTRY stays the caller's. */
void who_set_registry(struct who *who, const struct registry *registry);

/*
 * Who is behind ACCEPTED, which came in at DOOR. Always fills *ret; what is not known there is
 * refused by access_decide(). *ret must be given to who_release().
 */
void who_read(struct who *who, int accepted, enum door door, struct subject *ret);

/*
 * Look SUBJECT up again, after the identities changed. Non-zero when it is somebody else now, or
 * was somebody and is nobody any more: then its connection must be cut.
 */
int who_refresh(struct who *who, struct subject *subject);

/* Whether a request of SUBJECT's connection may come from the cgroup SENDER: its own, or one that
 * is known to be of the same place. */
int who_may_send(struct who *who, const struct subject *subject, uint64_t sender);

void who_release(struct who *who, struct subject *subject);

/* NULL is fine. */
void who_free(struct who *who);

#endif
