/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for what may be plaintext on its way into a Kubernetes Secret: locked, in no core dump,
 * wiped when it is given back.
 */
#ifndef VSECM_SYNC_LOCKED_H
#define VSECM_SYNC_LOCKED_H

#include <stddef.h>

#include "wire/channel.h"

/* SIZE bytes of whole pages, zeroed; NULL: out of memory. */
void *locked_alloc(size_t size);

/* NULL is fine. SIZE is what was asked for. */
void locked_free(void *memory, size_t size);

/*
 * Of a channel: what is read lies in blocks of at least a page, which are locked. Smaller ones hold
 * what is sent, which is no secret: these are from the heap, and wiped.
 */
extern const struct channel_memory locked_memory;

/* How many blocks could not be locked since the start, because of RLIMIT_MEMLOCK. */
size_t locked_missed(void);

#endif
