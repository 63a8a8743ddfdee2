/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-1-3 (Aumasson and Bernstein) with a key drawn at start: names come from outside, and
 * nobody outside can choose names that fall on one another.
 */
#ifndef VSECM_BASE_HASH_H
#define VSECM_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Draw this process's key. 0, or -errno. Before that the key is fixed: call it first. */
int hash_seed(void);

uint64_t hash_bytes(const void *data, size_t length);

#endif
