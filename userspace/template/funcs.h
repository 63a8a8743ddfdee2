/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that every template of text/template has. */
#ifndef VSECM_TEMPLATE_FUNCS_H
#define VSECM_TEMPLATE_FUNCS_H

#include <stddef.h>

#include "base/span.h"
#include "template/text.h"
#include "template/value.h"

struct budget;
struct error;
struct pool;

struct funcs_call {
    struct value *args; /* the function may change them */
    size_t count;
    struct pool *pool;     /* for strings that are made */
    struct budget *budget; /* for what takes long */
    struct text *work;     /* two, in the pool, that calls use one after another */
    struct error *error;
};

enum funcs_kind {
    FUNCS_PLAIN,
    FUNCS_AND, /* evaluates its arguments until one is false */
    FUNCS_OR,  /* until one is true */
};

struct funcs_entry {
    const char *name;
    enum funcs_kind kind;
    unsigned least; /* arguments */
    int takes_more; /* than that */
    int text_first; /* the first argument must be a string */

    /*
     * 0 and *RET, whose kind may be VALUE_NIL; -EINVAL: the arguments do not fit; -E2BIG, -ETIME,
     * -ENOSPC. The reason is in call->error, without a place. NULL of FUNCS_AND and FUNCS_OR.
     */
    int (*call)(struct funcs_call *call, struct value *ret);
};

/* The function NAME, or NULL. */
const struct funcs_entry *funcs_find(struct span name);

/* What if, with, and, or and not go by: neither nil, zero, empty nor false. */
int funcs_truth(const struct value *value);

#endif
