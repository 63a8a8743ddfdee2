/* SPDX-License-Identifier: BSD-2-Clause */
/* One request that stores or deletes the secrets of a target. */
#ifndef VSECM_CLI_CHANGE_H
#define VSECM_CLI_CHANGE_H

#include "base/span.h"
#include "cli/verb.h"

struct arguments;
struct exchange_answer;
struct target;
struct value;

/*
 * Store VALUE, with TEMPLATE (empty: none), under every key of TARGET, on the terms that ARGUMENTS
 * state, or with VALUE NULL delete them. As call_admin().
 */
enum verb_exit change_submit(const struct arguments *arguments, const struct target *target,
                             const struct value *value, struct span template,
                             struct exchange_answer *ret);

/* The same, and say what was done. */
enum verb_exit change_keys(const struct arguments *arguments, const struct target *target,
                           const struct value *value, struct span template);

#endif
