/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity source of a node without a cluster: a file.
 *
 *     pod    UID            namespace=NS service-account=SA [pod=NAME] [label.KEY=VALUE]...
 *     unit   NAME.service   namespace=NS workload=W
 *     cgroup /PATH          namespace=NS workload=W
 *
 * A pod's workload comes from the bindings (identity/binding.h), unless workload= says it here.
 */
#ifndef VSECM_IDENTITY_SOURCE_STATIC_H
#define VSECM_IDENTITY_SOURCE_STATIC_H

#include "base/span.h"

struct bindings;
struct error;
struct registry;

/*
 * Read PATH whole into a new registry; one bad line refuses the file, so that a node never runs on
 * half of it. 0 with *ret the caller's, or -errno with *error naming file, line and what is
 * allowed.
 */
int source_static_load(const char *path, const struct bindings *bindings, struct registry **ret,
                       struct error *error);

/* The same of TEXT, which is called NAME in errors. */
int source_static_read(struct span text, const char *name, const struct bindings *bindings,
                       struct registry **ret, struct error *error);

#endif
