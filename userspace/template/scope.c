/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/scope.h"

#include <string.h>

#include "template/pool.h"

#define FIRST 16u /* variables that there is room for at once */

static int grow(struct scope *scope)
{
    size_t size = scope->size ? 2 * scope->size : FIRST;
    struct scope_variable *items = pool_alloc(scope->pool, size * sizeof *items);
    if (!items)
        return pool_error(scope->pool);
    if (scope->used)
        memcpy(items, scope->items, scope->used * sizeof *items);
    scope->items = items;
    scope->size = size;
    return 0;
}

int scope_push(struct scope *scope, const struct symbol *name, const struct value *value)
{
    int r = scope->used == scope->size ? grow(scope) : 0;
    if (r == 0)
        scope->items[scope->used++] = (struct scope_variable){name, *value};
    return r;
}

struct value *scope_find(const struct scope *scope, const struct symbol *name)
{
    for (size_t i = scope->used; i-- > scope->base;)
        if (scope->items[i].name == name)
            return &scope->items[i].value;
    return NULL;
}
