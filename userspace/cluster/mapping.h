/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a value becomes as a Kubernetes Secret, by the rules of VMware Secrets Manager: the strings
 * of a JSON object are its keys; anything else is the one key VALUE. The format that workloads get
 * theirs in is of no concern.
 */
#ifndef VSECM_CLUSTER_MAPPING_H
#define VSECM_CLUSTER_MAPPING_H

#include "base/span.h"

struct arena;
struct error;
struct secret;

/*
 * VALUE, or what TEMPLATE (empty: none) makes of it, as {"key":"base64",...}: a new secret in
 * ARENA, the caller's, its keys sorted. 0; then *why says why the template was not used, or is "".
 * -EINVAL: a member's name is none that Kubernetes takes; -EFBIG: it is more than Kubernetes takes
 * in one Secret; *why says so, and names no part of the value. -ENOSPC: the arena is full.
 */
int mapping_make(struct arena *arena, struct span value, struct span template, struct secret **ret,
                 struct error *why);

/* Whether mapping_make() would succeed. The same, and nothing is left. */
int mapping_check(struct arena *arena, struct span value, struct span template, struct error *why);

#endif
