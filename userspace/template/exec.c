/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/exec.h"

#include <errno.h>

#include "limits.h"
#include "template/eval.h"
#include "template/funcs.h"
#include "template/gofmt.h"
#include "template/pool.h"
#include "template/symbol.h"
#include "template/tree.h"

/* What walking returns besides errors. */
enum { GO_ON, BREAK, CONTINUE };

struct exec {
    struct eval *eval;
    const struct symbol *dollar; /* "$" */
};

static int walk_list(struct exec *exec, const struct value *dot, const struct tree_list *list);

/* ---- output ---------------------------------------------------------------------------------- */

static int check_output(struct eval *eval, size_t at)
{
    int error = eval->out->error;
    if (error == -E2BIG && pool_error(eval->pool) == 0)
        return eval_fail(eval, error, at, "the output is longer than %zu bytes", eval->out->limit);
    return error == -ETIME ? eval_late(eval, at) : error;
}

static int walk_text(struct exec *exec, const struct tree_node *node)
{
    text_span(exec->eval->out, node->text);
    return check_output(exec->eval, node->at);
}

static int walk_action(struct exec *exec, const struct value *dot, const struct tree_node *node)
{
    struct value value;
    int r = eval_pipe(exec->eval, dot, node->pipe, &value);
    if (r < 0 || node->pipe->variable_count)
        return r;
    if (value.kind == VALUE_NONE)
        text_add(exec->eval->out, "<no value>");
    else
        gofmt_value(exec->eval->out, &value);
    return check_output(exec->eval, node->at);
}

/* ---- if, with -------------------------------------------------------------------------------- */

static int walk_branches(struct exec *exec, const struct value *dot, const struct tree_node *node)
{
    size_t mark = exec->eval->scope.used;
    int r = 0, found = 0;
    for (; node && !found && r == 0; node = node->chained) {
        struct value value;
        r = eval_pipe(exec->eval, dot, node->pipe, &value);
        if (r < 0)
            break;
        found = funcs_truth(&value);
        if (found)
            r = walk_list(exec, node->kind == TREE_WITH ? &value : dot, node->list);
        else if (node->otherwise)
            r = walk_list(exec, dot, node->otherwise);
    }
    exec->eval->scope.used = mark;
    return r;
}

/* ---- range ----------------------------------------------------------------------------------- */

/* How often RANGE, the value of a range, goes round; or an error. */
static int count_rounds(struct exec *exec, const struct tree_node *node, const struct value *range,
                        int64_t *ret)
{
    switch (range->kind) {
    case VALUE_NONE: *ret = 0; return 0;
    case VALUE_LIST: *ret = (int64_t)range->list.count; return 0;
    case VALUE_MAP: *ret = (int64_t)range->map.count; return 0;
    case VALUE_INT:
    case VALUE_BYTE: break;
    default:
        return eval_fail(exec->eval, -EINVAL, node->pipe->at,
                         "a range goes over lists, maps and integers, not over %s",
                         value_type(range));
    }
    if (node->pipe->variable_count > 1)
        return eval_fail(exec->eval, -EINVAL, node->pipe->at,
                         "a range over an integer sets one variable only");
    *ret = range->integer;
    return 0;
}

static void read_round(const struct value *range, int64_t round, struct value *key,
                       struct value *item)
{
    *key = value_int(round);
    if (range->kind == VALUE_LIST) {
        *item = range->list.items[round];
    } else if (range->kind == VALUE_MAP) {
        *key = value_string(range->map.members[round].name);
        *item = range->map.members[round].value;
    } else {
        *item = *range;
        item->integer = round;
    }
}

/* The variables of a range exist already: the pipeline declared or found them. */
static void set_round(struct exec *exec, const struct tree_pipe *pipe, const struct value *key,
                      const struct value *item)
{
    struct scope *scope = &exec->eval->scope;
    const struct value *values[] = {pipe->variable_count == 1 ? item : key, item};
    for (unsigned i = 0; i < pipe->variable_count; i++) {
        struct value *variable = pipe->assigns
                                     ? scope_find(scope, pipe->variables[i])
                                     : &scope->items[scope->used - pipe->variable_count + i].value;
        *variable = *values[i];
    }
}

static int walk_rounds(struct exec *exec, const struct tree_node *node, const struct value *range,
                       int64_t count)
{
    size_t mark = exec->eval->scope.used;
    for (int64_t round = 0; round < count; round++) {
        struct value key, item;
        int r = eval_step(exec->eval, node->at);
        if (r < 0)
            return r;
        read_round(range, round, &key, &item);
        set_round(exec, node->pipe, &key, &item);
        r = walk_list(exec, &item, node->list);
        exec->eval->scope.used = mark;
        if (r < 0 || r == BREAK)
            return r;
    }
    return 0;
}

static int walk_range(struct exec *exec, const struct value *dot, const struct tree_node *node)
{
    size_t mark = exec->eval->scope.used;
    struct value range;
    int64_t count = 0;
    int r = eval_pipe(exec->eval, dot, node->pipe, &range);
    if (r == 0)
        r = count_rounds(exec, node, &range, &count);
    if (r == 0 && count > 0)
        r = walk_rounds(exec, node, &range, count);
    else if (r == 0 && node->otherwise)
        r = walk_list(exec, dot, node->otherwise);
    exec->eval->scope.used = mark;
    /* A break in the else of a range ends that one, in Go too. A continue there is the outer's. */
    return r == BREAK ? 0 : r;
}

/* ---- template -------------------------------------------------------------------------------- */

/* A template sees no variable of whoever calls it, only its dot as "$". */
static int run_template(struct exec *exec, const struct tree_list *list, const struct value *dot)
{
    struct scope *scope = &exec->eval->scope;
    size_t base = scope->base, mark = scope->used;
    int r = scope_push(scope, exec->dollar, dot);
    if (r < 0)
        return r;
    scope->base = mark;
    exec->eval->calls++;
    r = walk_list(exec, dot, list);
    exec->eval->calls--;
    scope->base = base;
    scope->used = mark;
    return r;
}

static int walk_template(struct exec *exec, const struct value *dot, const struct tree_node *node)
{
    struct eval *eval = exec->eval;
    struct value value = value_none();
    if (!node->name->definition)
        return eval_fail(eval, -EINVAL, node->at, "there is no template of this name");
    if (eval->calls == LIMIT_TEMPLATE_DEPTH)
        return eval_fail(eval, -E2BIG, node->at, "more than %u templates call each other",
                         LIMIT_TEMPLATE_DEPTH);
    int r = node->pipe ? eval_pipe(eval, dot, node->pipe, &value) : 0;
    return r < 0 ? r : run_template(exec, node->name->definition, &value);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int walk_node(struct exec *exec, const struct value *dot, const struct tree_node *node)
{
    int r = eval_step(exec->eval, node->at);
    if (r < 0)
        return r;
    switch (node->kind) {
    case TREE_TEXT: return walk_text(exec, node);
    case TREE_ACTION: return walk_action(exec, dot, node);
    case TREE_RANGE: return walk_range(exec, dot, node);
    case TREE_TEMPLATE: return walk_template(exec, dot, node);
    case TREE_BREAK: return BREAK;
    case TREE_CONTINUE: return CONTINUE;
    default: return walk_branches(exec, dot, node);
    }
}

static int walk_list(struct exec *exec, const struct value *dot, const struct tree_list *list)
{
    int r = list->first ? eval_enter(exec->eval, list->first->at) : 0;
    if (r < 0 || !list->first)
        return r;
    for (const struct tree_node *node = list->first; node && r == GO_ON; node = node->next)
        r = walk_node(exec, dot, node);
    exec->eval->levels--;
    return r;
}

int exec_template(struct eval *eval, const struct symbol *name, const struct symbol *dollar,
                  const struct value *data)
{
    struct exec exec = {eval, dollar};
    /* Data that is nil is no value, which has every field; nil inside of it is nil, and has none.
     */
    const struct value none = value_none();
    return run_template(&exec, name->definition, data->kind == VALUE_NIL ? &none : data);
}
