/* SPDX-License-Identifier: BSD-2-Clause */
/* What `safe` sends with a value in it, for its flags and for its init commands. */
#ifndef VSECM_CLI_SAFE_PUT_H
#define VSECM_CLI_SAFE_PUT_H

#include "base/span.h"
#include "cli/verb.h"

#include <stdbool.h>

struct arguments;
struct exchange_answer;
struct target;

/*
 * Whether TEXT, which stood where people write values, is a pattern to make one by: it begins with
 * $VSECM_SENTINEL_SECRET_GENERATION_PREFIX, or with "gen:". *PATTERN is what is behind that.
 */
bool safe_put_is_pattern(struct span text, struct span *pattern);

/*
 * Store VALUE under all keys of TARGET, with TEMPLATE (empty: none), on the terms of ARGUMENTS;
 * with TARGET NULL have it sealed instead. As call_admin().
 */
enum verb_exit safe_put(const struct arguments *arguments, const struct target *target,
                        struct span value, struct span template, struct exchange_answer *ret);

/* The same with a value that is made by PATTERN. */
enum verb_exit safe_put_generated(const struct arguments *arguments, const struct target *target,
                                  struct span pattern, struct span template,
                                  struct exchange_answer *ret);

/*
 * Bring the root key in TEXT, in any form in which people keep it; in one line, `\n` is the end of
 * one. As call_admin().
 */
enum verb_exit safe_put_keys(const struct arguments *arguments, struct span text,
                             struct exchange_answer *ret);

#endif
