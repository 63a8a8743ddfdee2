/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/engine.h"

#include <errno.h>

#include "base/error.h"
#include "limits.h"
#include "template/eval.h"
#include "template/exec.h"
#include "template/parse.h"
#include "template/pool.h"
#include "template/symbol.h"
#include "template/text.h"

/* What POOL could not give has no place in the template. */
static int said(int r, const struct pool *pool, struct error *error)
{
    if (r < 0 && pool_error(pool) < 0)
        return error_set(error, r,
                         r == -E2BIG ? "the template needs too much memory" : "no memory");
    return r;
}

int engine_parse(struct span template, struct pool *pool, struct engine *ret, struct error *error)
{
    if (template.length > LIMIT_TEMPLATE)
        return error_set(error, -E2BIG, "the template is longer than %u bytes", LIMIT_TEMPLATE);
    struct symbol_table symbols = {.pool = pool};
    *ret = (struct engine){.source = template,
                           .main = symbol_get(&symbols, SPAN_LITERAL(ENGINE_NAME)),
                           .dollar = symbol_get(&symbols, SPAN_LITERAL("$"))};
    int r = ret->main && ret->dollar ? parse_template(template, ret->main, &symbols, error)
                                     : pool_error(pool);
    return said(r, pool, error);
}

int engine_execute(const struct engine *engine, const struct value *data, struct pool *pool,
                   struct text *out, struct error *error)
{
    struct budget budget = budget_new();
    struct text work = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    out->deadline = work.deadline = budget.deadline;
    struct eval eval = {.source = engine->source,
                        .pool = pool,
                        .out = out,
                        .error = error,
                        .budget = budget,
                        .scope = {.pool = pool},
                        .work = {work, work}};
    int r = exec_template(&eval, engine->main, engine->dollar, data);
    out->deadline = 0;
    return said(r, pool, error);
}

int engine_run(struct span template, const struct value *data, struct pool *pool, struct text *out,
               struct error *error)
{
    struct engine engine;
    int r = engine_parse(template, pool, &engine, error);
    return r < 0 ? r : engine_execute(&engine, data, pool, out, error);
}
