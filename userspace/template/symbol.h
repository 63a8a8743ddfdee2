/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of one template, each of them once: equal names are the same pointer. */
#ifndef VSECM_TEMPLATE_SYMBOL_H
#define VSECM_TEMPLATE_SYMBOL_H

#include "base/span.h"

struct pool;
struct tree_list;

#define SYMBOL_BUCKETS 256u

struct symbol {
    struct span name;
    struct symbol *next;
    const struct tree_list *definition; /* what {{template}} of this name executes, or NULL */
    unsigned declared;                  /* how often it is a variable in scope: the parser's */
};

struct symbol_table {
    struct pool *pool;
    struct symbol *buckets[SYMBOL_BUCKETS];
};

/* NAME, which must live as long as the table does; NULL: no memory, as pool_error() says. */
struct symbol *symbol_get(struct symbol_table *table, struct span name);

#endif
