/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/symbol.h"

#include "base/hash.h"
#include "template/pool.h"

struct symbol *symbol_get(struct symbol_table *table, struct span name)
{
    struct symbol **bucket = &table->buckets[hash_bytes(name.data, name.length) % SYMBOL_BUCKETS];
    for (struct symbol *symbol = *bucket; symbol; symbol = symbol->next)
        if (span_equal(symbol->name, name))
            return symbol;
    struct symbol *symbol = pool_alloc(table->pool, sizeof *symbol);
    if (!symbol)
        return NULL;
    *symbol = (struct symbol){.name = name, .next = *bucket};
    *bucket = symbol;
    return symbol;
}
