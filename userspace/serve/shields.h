/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which processes were given a shield, by the domain that they are in, so that none has more than
 * its part: the guards forget a process that ends, but not one that had ended before it was given
 * its shield. Book-keeping only. It begins anew with each daemon.
 */
#ifndef VSECM_SERVE_SHIELDS_H
#define VSECM_SERVE_SHIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel_abi.h"

struct shields;

/* Whether the guards still have PROCESS. */
typedef int shields_has(void *context, const struct vsecm_process *process);

/* MAX of them, PART in a domain. NULL when out of memory. */
struct shields *shields_new(size_t max, size_t part);
void shields_free(struct shields *shields); /* NULL is fine */

/*
 * Count PROCESS, once, in the domain of cgroup DOMAIN. 0; -EDQUOT when that has its part, -ENOSPC
 * when all are taken: then those that HAS does not find were let go, and there was none.
 */
int shields_add(struct shields *shields, uint64_t domain, const struct vsecm_process *process,
                shields_has *has, void *context);

#endif
