/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/eval.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "limits.h"
#include "template/funcs.h"
#include "template/mark.h"
#include "template/pool.h"
#include "template/symbol.h"
#include "template/tree.h"

#define SHOWN 64       /* bytes of a name in a message, at most */
#define FIRST_ARGS 32u /* values that there is room for at once */
#define STEP_BYTES 64u /* that a function writes count as a step */

static int eval_argument(struct eval *eval, const struct value *dot,
                         const struct tree_operand *operand, struct value *ret);

/* ---- limits and messages --------------------------------------------------------------------- */

int eval_fail(struct eval *eval, int code, size_t at, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mark_error(eval->error, code, eval->source, at, "%s", text);
}

static int fail_name(struct eval *eval, size_t at, const char *what, struct span name)
{
    int shown = name.length < SHOWN ? (int)name.length : SHOWN;
    return eval_fail(eval, -EINVAL, at, "%s %.*s", what, shown, name.data);
}

int eval_late(struct eval *eval, size_t at)
{
    return eval_fail(eval, -ETIME, at, "the template runs longer than %u steps or %u ms",
                     LIMIT_TEMPLATE_STEPS, LIMIT_TEMPLATE_NS / 1000000u);
}

static int spend(struct eval *eval, size_t steps, size_t at)
{
    return budget_spend(&eval->budget, steps) == 0 ? 0 : eval_late(eval, at);
}

int eval_step(struct eval *eval, size_t at)
{
    return spend(eval, 1, at);
}

int eval_enter(struct eval *eval, size_t at)
{
    if (eval->levels == LIMIT_TEMPLATE_LEVELS)
        return eval_fail(eval, -E2BIG, at,
                         "more than %u blocks and parentheses within each other are executed",
                         LIMIT_TEMPLATE_LEVELS);
    eval->levels++;
    return 0;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static int push(struct eval *eval, const struct value *value)
{
    if (eval->arg_count == eval->arg_size) {
        size_t size = eval->arg_size ? 2 * eval->arg_size : FIRST_ARGS;
        struct value *args = pool_alloc(eval->pool, size * sizeof *args);
        if (!args)
            return pool_error(eval->pool);
        if (eval->arg_count)
            memcpy(args, eval->args, eval->arg_count * sizeof *args);
        eval->args = args;
        eval->arg_size = size;
    }
    eval->args[eval->arg_count++] = *value;
    return 0;
}

/* The arguments from FIRST on, and FINAL unless it is NULL, to the stack. */
static int push_all(struct eval *eval, const struct value *dot, const struct tree_operand *first,
                    const struct value *final)
{
    int r = 0;
    for (const struct tree_operand *arg = first; arg && r == 0; arg = arg->next) {
        struct value value;
        r = eval_argument(eval, dot, arg, &value);
        if (r == 0)
            r = push(eval, &value);
    }
    return r == 0 && final ? push(eval, final) : r;
}

static int check_count(struct eval *eval, const struct funcs_entry *function, size_t at,
                       const struct tree_operand *first, const struct value *final)
{
    size_t count = final ? 1 : 0;
    for (const struct tree_operand *arg = first; arg; arg = arg->next)
        count++;
    if (count == function->least || (count > function->least && function->takes_more))
        return 0;
    return eval_fail(eval, -EINVAL, at, "%s takes %s%u, not %zu", function->name,
                     function->takes_more ? "at least " : "", function->least, count);
}

/* ---- functions ------------------------------------------------------------------------------- */

/* and, or: the first argument that decides, else the last one. */
static int decide(struct eval *eval, const struct value *dot, const struct funcs_entry *function,
                  const struct tree_operand *first, const struct value *final, struct value *ret)
{
    for (const struct tree_operand *arg = first; arg; arg = arg->next) {
        int r = eval_argument(eval, dot, arg, ret);
        if (r < 0 || funcs_truth(ret) == (function->kind == FUNCS_OR))
            return r;
    }
    if (final)
        *ret = *final;
    return 0;
}

/* FUNCTION with the values above FROM on the stack. */
static int run(struct eval *eval, const struct funcs_entry *function, size_t from, size_t at,
               struct value *ret)
{
    struct funcs_call call = {.args = eval->args ? eval->args + from : NULL,
                              .count = eval->arg_count - from,
                              .pool = eval->pool,
                              .budget = &eval->budget,
                              .work = eval->work,
                              .error = &eval->why};
    if (function->text_first && call.args[0].kind != VALUE_STRING)
        return eval_fail(eval, -EINVAL, at, "%s: expected a string first, not %s", function->name,
                         value_type(&call.args[0]));
    eval->work[0].used = eval->work[1].used = 0;
    eval->why.text[0] = '\0';
    int r = function->call(&call, ret);
    if (r == -ETIME)
        return eval_late(eval, at);
    if (r < 0)
        return eval->why.text[0] ? eval_fail(eval, r, at, "%s: %s", function->name, eval->why.text)
                                 : r;
    return spend(eval, 1 + (eval->work[0].used + eval->work[1].used) / STEP_BYTES, at);
}

/* FINAL is the result of the command before, or NULL. */
static int call(struct eval *eval, const struct value *dot, const struct tree_operand *operand,
                const struct tree_operand *first, const struct value *final, struct value *ret)
{
    const struct funcs_entry *function = operand->function;
    size_t from = eval->arg_count;
    int r = check_count(eval, function, operand->at, first, final);
    if (r < 0)
        return r;
    if (function->kind != FUNCS_PLAIN)
        return decide(eval, dot, function, first, final, ret);
    r = push_all(eval, dot, first, final);
    if (r == 0)
        r = run(eval, function, from, operand->at, ret);
    eval->arg_count = from;
    return r;
}

/* ---- operands -------------------------------------------------------------------------------- */

/* Field FIELD of *VALUE into *VALUE. */
static int take_field(struct eval *eval, const struct tree_field *field, int has_args,
                      struct value *value)
{
    if (value->kind == VALUE_NONE)
        return 0;
    if (value->kind == VALUE_NIL)
        return fail_name(eval, field->at, "nil has no field", field->name);
    if (value->kind != VALUE_MAP)
        return fail_name(eval, field->at, "only a map has fields, this has no", field->name);
    if (has_args)
        return fail_name(eval, field->at, "a field takes no arguments:", field->name);
    const struct value *member = value_member(value, field->name);
    *value = member ? *member : value_none();
    return 0;
}

static int take_fields(struct eval *eval, const struct tree_operand *operand, int has_args,
                       struct value *value)
{
    int r = 0;
    for (const struct tree_field *field = operand->fields; field && r == 0; field = field->next)
        if ((r = eval_step(eval, field->at)) == 0)
            r = take_field(eval, field, has_args && !field->next, value);
    return r;
}

static int eval_variable(struct eval *eval, const struct tree_operand *operand, struct value *ret)
{
    const struct value *value = scope_find(&eval->scope, operand->variable);
    if (!value)
        return fail_name(eval, operand->at, "here is no variable", operand->variable->name);
    *ret = *value;
    return 0;
}

/* An operand without its fields. */
static int eval_base(struct eval *eval, const struct value *dot, const struct tree_operand *operand,
                     struct value *ret)
{
    switch (operand->kind) {
    case TREE_CONSTANT: *ret = operand->constant; return 0;
    case TREE_TOO_LARGE: return eval_fail(eval, -EINVAL, operand->at, "the number fits no int");
    case TREE_NIL: *ret = value_nil(); return 0;
    case TREE_DOT: *ret = *dot; return 0;
    case TREE_VARIABLE: return eval_variable(eval, operand, ret);
    case TREE_FUNCTION: return call(eval, dot, operand, NULL, NULL, ret);
    default: break;
    }
    int r = eval_enter(eval, operand->at);
    if (r < 0)
        return r;
    r = eval_pipe(eval, dot, operand->parens, ret);
    eval->levels--;
    return r;
}

static int eval_argument(struct eval *eval, const struct value *dot,
                         const struct tree_operand *operand, struct value *ret)
{
    int r = eval_step(eval, operand->at);
    if (r == 0)
        r = eval_base(eval, dot, operand, ret);
    return r < 0 ? r : take_fields(eval, operand, 0, ret);
}

/* ---- commands -------------------------------------------------------------------------------- */

static int eval_command(struct eval *eval, const struct value *dot,
                        const struct tree_command *command, const struct value *final,
                        struct value *ret)
{
    const struct tree_operand *first = command->first;
    int has_args = first->next || final;
    int r = eval_step(eval, first->at);
    if (r < 0)
        return r;
    if (first->kind == TREE_FUNCTION && !first->fields)
        return call(eval, dot, first, first->next, final, ret);
    if (first->kind == TREE_NIL)
        return eval_fail(eval, -EINVAL, first->at, "nil is no command");
    if (has_args && !first->fields)
        return eval_fail(eval, -EINVAL, first->at, "this is no function and takes no arguments");
    r = eval_base(eval, dot, first, ret);
    return r < 0 ? r : take_fields(eval, first, has_args, ret);
}

static int set_variables(struct eval *eval, const struct tree_pipe *pipe, const struct value *value)
{
    for (unsigned i = 0; i < pipe->variable_count; i++) {
        const struct symbol *name = pipe->variables[i];
        if (pipe->assigns) {
            struct value *variable = scope_find(&eval->scope, name);
            if (!variable)
                return fail_name(eval, pipe->at, "here is no variable", name->name);
            *variable = *value;
            continue;
        }
        int r = scope_push(&eval->scope, name, value);
        if (r < 0)
            return r;
    }
    return 0;
}

int eval_pipe(struct eval *eval, const struct value *dot, const struct tree_pipe *pipe,
              struct value *ret)
{
    struct value final, value = value_none();
    for (const struct tree_command *command = pipe->first; command; command = command->next) {
        final = value;
        int r = eval_command(eval, dot, command, command == pipe->first ? NULL : &final, &value);
        if (r < 0)
            return r;
        if (value.kind == VALUE_NIL)
            value = value_none();
    }
    *ret = value;
    return set_variables(eval, pipe, &value);
}
