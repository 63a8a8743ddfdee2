/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/funcs.h"

#include <errno.h>

#include "base/error.h"
#include "limits.h"
#include "template/budget.h"
#include "template/compare.h"
#include "template/escape.h"
#include "template/gofmt.h"
#include "template/pool.h"

#define STEP_BYTES 512u /* that are compared count as a step */

static int fail(const struct funcs_call *call, const char *what)
{
    return error_set(call->error, -EINVAL, "%s", what);
}

static int is_nil(const struct value *value)
{
    return value->kind == VALUE_NONE || value->kind == VALUE_NIL;
}

/* ---- truth ----------------------------------------------------------------------------------- */

int funcs_truth(const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL: return value->boolean;
    case VALUE_INT:
    case VALUE_BYTE: return value->integer != 0;
    case VALUE_FLOAT: return value->number < 0 || value->number > 0;
    case VALUE_STRING: return value->string.length > 0;
    case VALUE_LIST: return value->list.count > 0;
    case VALUE_MAP: return value->map.count > 0;
    default: return 0;
    }
}

static int call_not(struct funcs_call *call, struct value *ret)
{
    *ret = value_bool(!funcs_truth(&call->args[0]));
    return 0;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static int fail_to_compare(const struct funcs_call *call, const struct value *with)
{
    return error_set(call->error, -EINVAL, "cannot compare %s with %s", value_type(&call->args[0]),
                     value_type(with));
}

static int call_eq(struct funcs_call *call, struct value *ret)
{
    int is_equal = 0;
    if (call->count < 2)
        return fail(call, "expected something to compare with");
    const struct value *first = &call->args[0];
    size_t steps = first->kind == VALUE_STRING ? 1 + first->string.length / STEP_BYTES : 1;
    for (size_t i = 1; i < call->count && !is_equal; i++) {
        if (budget_spend(call->budget, steps) < 0)
            return -ETIME;
        if (compare_equal(first, &call->args[i], &is_equal) < 0)
            return fail_to_compare(call, &call->args[i]);
    }
    *ret = value_bool(is_equal);
    return 0;
}

static int call_ne(struct funcs_call *call, struct value *ret)
{
    int r = call_eq(call, ret);
    ret->boolean = !ret->boolean;
    return r;
}

/* What lt, le, gt and ge make of "less" and "equal". */
static int order(struct funcs_call *call, int or_equal, int negated, struct value *ret)
{
    int is_less = 0, is_equal = 0;
    if (compare_less(&call->args[0], &call->args[1], &is_less) < 0)
        return fail_to_compare(call, &call->args[1]);
    if (or_equal)
        (void)compare_equal(&call->args[0], &call->args[1], &is_equal);
    *ret = value_bool((is_less || is_equal) != negated);
    return 0;
}

static int call_lt(struct funcs_call *call, struct value *ret)
{
    return order(call, 0, 0, ret);
}

static int call_le(struct funcs_call *call, struct value *ret)
{
    return order(call, 1, 0, ret);
}

static int call_gt(struct funcs_call *call, struct value *ret)
{
    return order(call, 1, 1, ret);
}

static int call_ge(struct funcs_call *call, struct value *ret)
{
    return order(call, 0, 1, ret);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static int call_len(struct funcs_call *call, struct value *ret)
{
    const struct value *of = &call->args[0];
    switch (of->kind) {
    case VALUE_STRING: *ret = value_int((int64_t)of->string.length); return 0;
    case VALUE_LIST: *ret = value_int((int64_t)of->list.count); return 0;
    case VALUE_MAP: *ret = value_int((int64_t)of->map.count); return 0;
    default:
        return error_set(call->error, -EINVAL, "%s has no length, only strings, lists and maps do",
                         value_type(of));
    }
}

/* VALUE as an index from 0 to MOST. */
static int read_index(const struct funcs_call *call, const struct value *value, size_t most,
                      size_t *ret)
{
    if (value->kind != VALUE_INT && value->kind != VALUE_BYTE)
        return error_set(call->error, -EINVAL, "an index must be an integer, not %s",
                         value_type(value));
    if (value->integer < 0 || (uint64_t)value->integer > most)
        return fail(call, "the index is out of range");
    *ret = (size_t)value->integer;
    return 0;
}

static int index_sequence(const struct funcs_call *call, const struct value *by, struct value *item)
{
    size_t count = item->kind == VALUE_LIST ? item->list.count : item->string.length, at = 0;
    if (count == 0)
        return fail(call, "an index into something empty");
    int r = read_index(call, by, count - 1, &at);
    if (r < 0)
        return r;
    if (item->kind == VALUE_LIST)
        *item = item->list.items[at];
    else
        *item = (struct value){.kind = VALUE_BYTE, .integer = (unsigned char)item->string.data[at]};
    return 0;
}

static int index_map(const struct funcs_call *call, const struct value *by, struct value *item)
{
    if (by->kind != VALUE_STRING)
        return error_set(call->error, -EINVAL, "the index of a map must be a string, not %s",
                         value_type(by));
    const struct value *member = value_member(item, by->string);
    *item = member ? *member : value_nil();
    return 0;
}

static int call_index(struct funcs_call *call, struct value *ret)
{
    struct value item = call->args[0];
    int r = is_nil(&item) ? fail(call, "an index into nil") : 0;
    for (size_t i = 1; i < call->count && r == 0; i++) {
        if (item.kind == VALUE_MAP)
            r = index_map(call, &call->args[i], &item);
        else if (item.kind == VALUE_LIST || item.kind == VALUE_STRING)
            r = index_sequence(call, &call->args[i], &item);
        else
            r = error_set(call->error, -EINVAL, "%s has no parts", value_type(&item));
    }
    *ret = item;
    return r;
}

/* From, to and, of a list, where its spare room ends. */
static int read_bounds(const struct funcs_call *call, const struct value *of, size_t bounds[3])
{
    int is_list = of->kind == VALUE_LIST;
    size_t length = is_list ? of->list.count : of->string.length;
    size_t most = length + (is_list ? of->spare : 0);
    bounds[0] = 0;
    bounds[1] = length;
    bounds[2] = most;
    if (call->count > (is_list ? 4u : 3u))
        return fail(call, "too many indexes");
    for (size_t i = 1; i < call->count; i++) {
        int r = read_index(call, &call->args[i], most, &bounds[i - 1]);
        if (r < 0)
            return r;
    }
    return bounds[0] > bounds[1] || bounds[1] > bounds[2] ? fail(call, "indexes in wrong order")
                                                          : 0;
}

static int call_slice(struct funcs_call *call, struct value *ret)
{
    const struct value *of = &call->args[0];
    size_t bounds[3];
    if (of->kind != VALUE_LIST && of->kind != VALUE_STRING)
        return error_set(call->error, -EINVAL, "%s has no slices, only strings and lists do",
                         value_type(of));
    int r = read_bounds(call, of, bounds);
    if (r < 0)
        return r;
    size_t length = bounds[1] - bounds[0];
    if (of->kind == VALUE_STRING)
        *ret = value_string((struct span){of->string.data + bounds[0], length});
    else
        *ret = (struct value){.kind = VALUE_LIST,
                              .spare = (uint32_t)(bounds[2] - bounds[1]),
                              .list = {of->list.items + bounds[0], length}};
    return 0;
}

/* Data is never a function. */
static int call_call(struct funcs_call *call, struct value *ret)
{
    *ret = value_none();
    return error_set(call->error, -EINVAL, "%s is no function", value_type(&call->args[0]));
}

/* ---- printing -------------------------------------------------------------------------------- */

static struct text *begin(struct funcs_call *call, unsigned which)
{
    call->work[which].used = 0;
    return &call->work[which];
}

/* What was written becomes the result. */
static int finish(const struct funcs_call *call, unsigned which, struct value *ret)
{
    const struct text *text = &call->work[which];
    if (text->error == -E2BIG && pool_error(call->pool) == 0)
        return error_set(call->error, -E2BIG, "the result is longer than %zu bytes", text->limit);
    struct span copy = text->error ? (struct span){NULL, 0} : pool_copy(call->pool, text_all(text));
    *ret = value_string(copy);
    return copy.data ? 0 : text->error ? text->error : pool_error(call->pool);
}

static int call_print(struct funcs_call *call, struct value *ret)
{
    gofmt_print(begin(call, 0), call->args, call->count);
    return finish(call, 0, ret);
}

static int call_println(struct funcs_call *call, struct value *ret)
{
    gofmt_println(begin(call, 0), call->args, call->count);
    return finish(call, 0, ret);
}

static int call_printf(struct funcs_call *call, struct value *ret)
{
    gofmt_printf(begin(call, 0), call->args[0].string, call->args + 1, call->count - 1);
    return finish(call, 0, ret);
}

static int escape(struct funcs_call *call, void (*how)(struct text *out, struct span in),
                  struct value *ret)
{
    for (size_t i = 0; i < call->count; i++)
        if (is_nil(&call->args[i]))
            call->args[i] = value_string(SPAN_LITERAL("<no value>"));
    struct text *plain = begin(call, 0), *escaped = begin(call, 1);
    gofmt_print(plain, call->args, call->count);
    how(escaped, text_all(plain));
    return finish(call, plain->error ? 0 : 1, ret);
}

static int call_html(struct funcs_call *call, struct value *ret)
{
    return escape(call, escape_html, ret);
}

static int call_js(struct funcs_call *call, struct value *ret)
{
    return escape(call, escape_js, ret);
}

static int call_urlquery(struct funcs_call *call, struct value *ret)
{
    return escape(call, escape_urlquery, ret);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct funcs_entry entries[] = {
    {"and", FUNCS_AND, 1, 1, 0, NULL},
    {"call", FUNCS_PLAIN, 1, 1, 0, call_call},
    {"eq", FUNCS_PLAIN, 1, 1, 0, call_eq},
    {"ge", FUNCS_PLAIN, 2, 0, 0, call_ge},
    {"gt", FUNCS_PLAIN, 2, 0, 0, call_gt},
    {"html", FUNCS_PLAIN, 0, 1, 0, call_html},
    {"index", FUNCS_PLAIN, 1, 1, 0, call_index},
    {"js", FUNCS_PLAIN, 0, 1, 0, call_js},
    {"le", FUNCS_PLAIN, 2, 0, 0, call_le},
    {"len", FUNCS_PLAIN, 1, 0, 0, call_len},
    {"lt", FUNCS_PLAIN, 2, 0, 0, call_lt},
    {"ne", FUNCS_PLAIN, 2, 0, 0, call_ne},
    {"not", FUNCS_PLAIN, 1, 0, 0, call_not},
    {"or", FUNCS_OR, 1, 1, 0, NULL},
    {"print", FUNCS_PLAIN, 0, 1, 0, call_print},
    {"printf", FUNCS_PLAIN, 1, 1, 1, call_printf},
    {"println", FUNCS_PLAIN, 0, 1, 0, call_println},
    {"slice", FUNCS_PLAIN, 1, 1, 0, call_slice},
    {"urlquery", FUNCS_PLAIN, 0, 1, 0, call_urlquery},
};

const struct funcs_entry *funcs_find(struct span name)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (span_is(name, entries[i].name))
            return &entries[i];
    return NULL;
}
