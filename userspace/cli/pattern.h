/* SPDX-License-Identifier: BSD-2-Clause */
/* A random value made by a pattern (template/gen.h), in locked memory. */
#ifndef VSECM_CLI_PATTERN_H
#define VSECM_CLI_PATTERN_H

#include "base/span.h"

struct error;
struct pool;

/*
 * Make one. 0 with *ret in *POOL, which is to be given to pool_free(); else -errno with *error set
 * and nothing to be freed.
 */
int pattern_make(struct span pattern, struct pool **pool, struct span *ret, struct error *error);

#endif
