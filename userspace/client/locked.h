/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for plaintext in a program that is not ours: locked against swap as far as the limit
 * (RLIMIT_MEMLOCK) allows, left out of core dumps, wiped when freed. Where the limit refuses, the
 * memory works all the same, since a workload without its secret helps nobody. Any thread may call.
 */
#ifndef VSECM_CLIENT_LOCKED_H
#define VSECM_CLIENT_LOCKED_H

#include <stddef.h>

/* SIZE bytes, zeroed, the caller's until locked_free(). NULL when SIZE is 0 or memory is short. */
void *locked_alloc(size_t size);

/* Wipe and release; SIZE as it was asked for. NULL is fine. */
void locked_free(void *memory, size_t size);

#endif
