/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables of an execution: a stack, of which one template sees only its own part. */
#ifndef VSECM_TEMPLATE_SCOPE_H
#define VSECM_TEMPLATE_SCOPE_H

#include <stddef.h>

#include "template/value.h"

struct pool;
struct symbol;

struct scope_variable {
    const struct symbol *name;
    struct value value;
};

struct scope {
    struct pool *pool;
    struct scope_variable *items;
    size_t used, size;
    size_t base; /* the first that the template in execution sees */
};

/* One more variable, above all others. 0, or pool_error(). */
int scope_push(struct scope *scope, const struct symbol *name, const struct value *value);

/* The value of the newest NAME that can be seen, until the next push; or NULL. */
struct value *scope_find(const struct scope *scope, const struct symbol *name);

#endif
