/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a text that stands in YAML without quotes would be read as something else than a string:
 * true, null, 0x1f, 1e3, 2001-01-01, and what YAML 1.1 took for more of these (yes, 12:30:45).
 */
#ifndef VSECM_TEMPLATE_YAML_WORD_H
#define VSECM_TEMPLATE_YAML_WORD_H

#include "base/span.h"

struct pool;

/* Non-zero when TEXT needs quotes for yaml.v3. POOL has room for a copy of it. */
int yaml_word(struct span text, struct pool *pool);

#endif
