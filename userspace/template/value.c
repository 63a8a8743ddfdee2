/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/value.h"

const char *value_type(const struct value *value)
{
    static const char *const names[] = {
        [VALUE_NONE] = "<nil>",
        [VALUE_NIL] = "<nil>",
        [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",
        [VALUE_BYTE] = "uint8",
        [VALUE_FLOAT] = "float64",
        [VALUE_STRING] = "string",
        [VALUE_LIST] = "[]interface {}",
        [VALUE_MAP] = "map[string]interface {}",
    };
    return names[value->kind];
}

int value_compare_text(struct span a, struct span b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

const struct value *value_member(const struct value *map, struct span name)
{
    size_t low = 0, high = map->map.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = value_compare_text(map->map.members[middle].name, name);
        if (order == 0)
            return &map->map.members[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
