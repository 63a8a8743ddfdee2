/* SPDX-License-Identifier: BSD-2-Clause */
/* Go's text/template on data that is JSON (Go 1.26), with bounds on all it may use. */
#ifndef VSECM_TEMPLATE_ENGINE_H
#define VSECM_TEMPLATE_ENGINE_H

#include "base/span.h"

struct error;
struct pool;
struct symbol;
struct text;
struct value;

#define ENGINE_NAME "secret" /* of the template, as VMware Secrets Manager names it */

/* A template that was parsed. */
struct engine {
    struct span source;
    struct symbol *main; /* the template itself */
    struct symbol *dollar;
};

/*
 * Parse TEMPLATE, which must outlive *RET as POOL must. The output of an execution is that of
 * template.New(ENGINE_NAME).Parse() and Execute(), byte for byte. What differs is refused:
 * imaginary numbers, and whatever is beyond a limit (limits.h).
 *
 * 0; -EINVAL: it does not parse; -E2BIG: it is too long, nested too deep, or needs too much memory;
 * -ENOSPC: no memory. ERROR then begins with LINE:COLUMN where there is one.
 */
int engine_parse(struct span template, struct pool *pool, struct engine *ret, struct error *error);

/*
 * Execute ENGINE with DATA as its dot, as often as one likes; what comes out is appended to OUT,
 * and when it fails, what came out before that is left there. Memory is taken from POOL.
 *
 * As above; -EINVAL: it cannot be executed; -ETIME: it takes too many steps or too long. ERROR
 * never holds data.
 */
int engine_execute(const struct engine *engine, const struct value *data, struct pool *pool,
                   struct text *out, struct error *error);

/* Both, once. */
int engine_run(struct span template, const struct value *data, struct pool *pool, struct text *out,
               struct error *error);

#endif
