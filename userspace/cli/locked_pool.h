/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for templates, in locked memory. */
#ifndef VSECM_CLI_LOCKED_POOL_H
#define VSECM_CLI_LOCKED_POOL_H

#include <stddef.h>

struct pool;

/* A pool of at most LIMIT bytes whose blocks are locked, and wiped by pool_free(). NULL: no memory.
 */
struct pool *locked_pool_new(size_t limit);

#endif
