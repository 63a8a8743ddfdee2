/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/compare.h"

#include <errno.h>

#include "template/value.h"

/* Values meet only within a group. */
enum group { GROUP_NIL, GROUP_BOOL, GROUP_INTEGER, GROUP_FLOAT, GROUP_STRING, GROUP_OTHER };

static enum group group_of(const struct value *value)
{
    static const enum group groups[] = {
        [VALUE_NONE] = GROUP_NIL,      [VALUE_NIL] = GROUP_NIL,      [VALUE_BOOL] = GROUP_BOOL,
        [VALUE_INT] = GROUP_INTEGER,   [VALUE_BYTE] = GROUP_INTEGER, [VALUE_FLOAT] = GROUP_FLOAT,
        [VALUE_STRING] = GROUP_STRING, [VALUE_LIST] = GROUP_OTHER,   [VALUE_MAP] = GROUP_OTHER,
    };
    return groups[value->kind];
}

int compare_equal(const struct value *a, const struct value *b, int *ret)
{
    enum group group = group_of(a), other = group_of(b);
    *ret = 0;
    if (group == GROUP_NIL || other == GROUP_NIL) {
        *ret = group == other;
        return 0;
    }
    if (group != other)
        return -EINVAL;
    switch (group) {
    case GROUP_BOOL: *ret = a->boolean == b->boolean; return 0;
    case GROUP_INTEGER: *ret = a->integer == b->integer; return 0;
    case GROUP_FLOAT: *ret = !(a->number < b->number) && !(a->number > b->number); return 0;
    case GROUP_STRING: *ret = span_equal(a->string, b->string); return 0;
    default: return -EINVAL;
    }
}

int compare_less(const struct value *a, const struct value *b, int *ret)
{
    enum group group = group_of(a);
    if (group != group_of(b))
        return -EINVAL;
    switch (group) {
    case GROUP_INTEGER: *ret = a->integer < b->integer; return 0;
    case GROUP_FLOAT: *ret = a->number < b->number; return 0;
    case GROUP_STRING: *ret = value_compare_text(a->string, b->string) < 0; return 0;
    default: return -EINVAL;
    }
}
