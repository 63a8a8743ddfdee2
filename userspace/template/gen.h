/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values made of a pattern: each [ranges]{N} in it becomes N random characters of these ranges, all
 * of them equally likely; everything else stays as it is. docs/TEMPLATES.md has the language.
 */
#ifndef VSECM_TEMPLATE_GEN_H
#define VSECM_TEMPLATE_GEN_H

#include <stddef.h>

#include "base/span.h"

struct error;
struct text;

/* Fills LENGTH bytes at RET with randomness that is fit for keys (crypto/random.h). */
typedef void gen_random(void *context, void *ret, size_t length);

/*
 * Write what PATTERN makes to OUT, whose pool is used. 0; -EINVAL with *error set to the position
 * and what would be right there; or the error of OUT. No more of the pattern than the character or
 * the range at fault is in *error: the rest may be part of a password.
 */
int gen_write(struct span pattern, gen_random *fill, void *context, struct text *out,
              struct error *error);

#endif
