/* SPDX-License-Identifier: BSD-2-Clause */
/* Who of a registry may read which key. */
#ifndef VSECM_CLUSTER_READERS_H
#define VSECM_CLUSTER_READERS_H

#include "base/span.h"

struct readers;
struct registry;
struct writer;

/* Of everybody in REGISTRY, which outlives the result. NULL: out of memory. */
struct readers *readers_new(const struct registry *registry);

/* Non-zero when somebody may read KEY. */
int readers_has(const struct readers *readers, struct span key);

/* "namespace/pod" of each pod that may, a line each. */
void readers_write(struct writer *w, const struct readers *readers, struct span key);

/* NULL is fine. */
void readers_free(struct readers *readers);

#endif
