/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON that comes from outside, read by cJSON whose every allocation is in the arena. */
#ifndef VSECM_STORE_JSON_H
#define VSECM_STORE_JSON_H

#include "base/span.h"

struct arena;
struct cJSON;
struct secret;

/* All of cJSON allocates in ARENA from now on (NULL: no more). cJSON has one allocator a process.
 */
void json_use(struct arena *arena);

/*
 * Read TEXT, which must be one JSON value and nothing more. Refused besides what cJSON refuses:
 * text that is no UTF-8, nesting beyond LIMIT_JSON_DEPTH, and \u0000, at which cJSON would cut a
 * string in silence. 0 with *ret the caller's (cJSON_Delete), -EINVAL with *why a static text, or
 * -ENOSPC.
 */
int json_read(struct span text, struct cJSON **ret, const char **why);

/*
 * Member NAME of the JSON object TEXT, as bytes in ARENA: a string's text, else the JSON as it is
 * written there (so that no number loses a digit). Of members of one name the last counts.
 * 0 with *ret the caller's reference, -ENOENT, -EINVAL (TEXT is no JSON object), or -ENOSPC.
 */
int json_member(struct span text, struct span name, struct arena *arena, struct secret **ret);

#endif
