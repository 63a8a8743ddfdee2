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

static int parse_and_execute(struct span template, const struct value *data, struct pool *pool,
                             struct text *out, struct budget budget, struct error *error)
{
    struct symbol_table symbols = {.pool = pool};
    struct text work = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    work.deadline = budget.deadline;
    struct eval eval = {.source = template,
                        .pool = pool,
                        .out = out,
                        .error = error,
                        .budget = budget,
                        .scope = {.pool = pool},
                        .work = {work, work}};
    struct symbol *main = symbol_get(&symbols, SPAN_LITERAL(ENGINE_NAME));
    struct symbol *dollar = symbol_get(&symbols, SPAN_LITERAL("$"));
    if (!main || !dollar)
        return pool_error(pool);
    int r = parse_template(template, main, &symbols, error);
    return r < 0 ? r : exec_template(&eval, main, dollar, data);
}

int engine_run(struct span template, const struct value *data, struct pool *pool, struct text *out,
               struct error *error)
{
    if (template.length > LIMIT_TEMPLATE)
        return error_set(error, -E2BIG, "the template is longer than %u bytes", LIMIT_TEMPLATE);
    struct budget budget = budget_new();
    out->deadline = budget.deadline;
    int r = parse_and_execute(template, data, pool, out, budget, error);
    out->deadline = 0;
    if (r < 0 && pool_error(pool) < 0)
        return error_set(error, r,
                         r == -E2BIG ? "the template needs too much memory" : "no memory");
    return r;
}
