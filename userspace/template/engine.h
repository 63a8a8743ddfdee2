/* SPDX-License-Identifier: BSD-2-Clause */
/* Go's text/template on data that is JSON (Go 1.26), with bounds on all it may use. */
#ifndef VSECM_TEMPLATE_ENGINE_H
#define VSECM_TEMPLATE_ENGINE_H

#include "base/span.h"

struct error;
struct pool;
struct text;
struct value;

#define ENGINE_NAME "secret" /* of the template, as VMware Secrets Manager names it */

/*
 * Parse TEMPLATE and execute it with DATA as its dot; what comes out is appended to OUT, and when
 * it fails, what came out before that is left there. Everything that is needed for it is taken from
 * POOL.
 *
 * The output is that of template.New(ENGINE_NAME).Parse() and Execute(), byte for byte. What
 * differs is refused: imaginary numbers, and whatever is beyond a limit (limits.h).
 *
 * 0; -EINVAL: it does not parse or cannot be executed; -E2BIG: the template or its output is too
 * long, too deep, or needs too much memory; -ETIME: it takes too many steps or too long; -ENOSPC:
 * no memory. ERROR then begins with LINE:COLUMN where there is one, and never holds data.
 */
int engine_run(struct span template, const struct value *data, struct pool *pool, struct text *out,
               struct error *error);

#endif
