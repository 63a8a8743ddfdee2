/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What even root in another pod cannot do (tier `lsm`; docs/THREATS.md): be handed a connection or
 * a page of another pod, open its secret files, look into the daemon or a process that asked for a
 * shield, take the daemon's socket path, or get hold of the programs and maps that see to it.
 *
 * Pinned guards go on while no daemon runs, and the next one takes them over. Without guards (tier
 * `cgroup`, option guards = no) each function that would make one returns -EOPNOTSUPP, and
 * guard_summary() says what is missing.
 */
#ifndef VSECM_KERNEL_GUARD_H
#define VSECM_KERNEL_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_abi.h"

struct attest;

/*
 * Callers in CGROUP_ID are part of DOMAIN, which is it or lies above it. Until this is known, what
 * a caller connects with stays in its own cgroup. 0 or -errno; -EINVAL for the root as DOMAIN.
 */
int guard_place(struct attest *attest, uint64_t cgroup_id, const struct vsecm_domain *domain);

/*
 * Pods are below CGROUP_ID, a kubelet's root: what is in one of them removes no secret file of
 * another, and whoever is in none may, to clean up. 0 or -errno.
 */
int guard_pod_root(struct attest *attest, uint64_t cgroup_id);

/*
 * Refuse connects to watched listeners from CGROUP_ID and all below, before the accept queue; or no
 * longer. 0 or -errno; -EINVAL for 0 and for the root of the hierarchy, whose id is 1.
 */
int guard_bar(struct attest *attest, uint64_t cgroup_id, bool is_barred);

/*
 * Nobody may trace PROCESS or read what /proc has of its memory, descriptors and environment, until
 * it ends; FLAGS as VSECM_SHIELD_*. ATTEST may be NULL: no guards. 0, -ENOSPC when too many are, or
 * -errno.
 */
int guard_shield(struct attest *attest, const struct vsecm_process *process, uint32_t flags);

/* Whether PROCESS was shielded and, as far as is known, lives. */
bool guard_has_shield(const struct attest *attest, const struct vsecm_process *process);

/*
 * The file behind FD (a tmpfs file or a memfd) is opened, mapped, received, renamed and unlinked
 * from DOMAIN only, for as long as the file exists. ATTEST may be NULL: no guards. 0; -EBUSY when
 * it is another domain's; -errno.
 */
int guard_file(struct attest *attest, int fd, const struct vsecm_domain *domain);

/*
 * In the directory DIR only this daemon makes, replaces, renames or removes anything, and nobody
 * mounts on it or removes it. 0 or -errno.
 */
int guard_directory(struct attest *attest, int dir);

/* A descriptor that is readable when denials wait (level-triggered), or -1. It stays ATTEST's. */
int guard_event_fd(const struct attest *attest);

/* Hand at most MAX denials that wait to TELL, oldest first. Their number. */
size_t guard_read_events(struct attest *attest, size_t max,
                         void (*tell)(void *context, const struct vsecm_denial *denial),
                         void *context);

struct guard_stats {
    uint64_t denied[VSECM_HOOKS][VSECM_WHYS];
    uint64_t lost; /* denials that are counted above and never came as events */
};

void guard_read_stats(struct attest *attest, struct guard_stats *ret);

/* The names of a hook and of a reason: static; "?" beyond the last. For audit and metrics. */
const char *guard_hook_name(uint32_t hook);
const char *guard_why_name(uint32_t why);

/*
 * Guard number INDEX for status: its name and "on", or why it is not and what would help. Both last
 * as long as ATTEST. False past the last.
 */
bool guard_summary(const struct attest *attest, size_t index, const char **name,
                   const char **state);

#endif
