/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of pipelines, while a template is executed. */
#ifndef VSECM_TEMPLATE_EVAL_H
#define VSECM_TEMPLATE_EVAL_H

#include <stddef.h>

#include "base/error.h"
#include "template/budget.h"
#include "template/scope.h"
#include "template/text.h"
#include "template/value.h"

struct tree_pipe;

/* One execution. */
struct eval {
    struct span source; /* of the template, for messages */
    struct pool *pool;
    struct text *out;
    struct error *error;
    struct budget budget;
    struct scope scope;
    unsigned calls;     /* templates that are being executed */
    unsigned levels;    /* blocks and parentheses around what is being executed */
    struct value *args; /* a stack: of calls whose arguments are being evaluated */
    size_t arg_count, arg_size;
    struct text work[2]; /* of functions */
    struct error why;    /* of functions */
};

/*
 * *RET = the value of PIPE where DOT is the dot; never VALUE_NIL, which becomes VALUE_NONE. Its
 * variables are then set, or pushed to the scope. 0; -EINVAL: Go would fail too; -E2BIG, -ETIME: a
 * limit; -ENOSPC. LINE:COLUMN and the reason are in the error, but for memory.
 */
int eval_pipe(struct eval *eval, const struct value *dot, const struct tree_pipe *pipe,
              struct value *ret);

/* Count a step of what stands at offset AT. 0, or -ETIME. */
int eval_step(struct eval *eval, size_t at);

/* -ETIME, said of what stands at offset AT. */
int eval_late(struct eval *eval, size_t at);

/* One level deeper. 0, or -E2BIG. Whoever entered counts eval->levels down. */
int eval_enter(struct eval *eval, size_t at);

/* CODE, about what stands at offset AT. */
int eval_fail(struct eval *eval, int code, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
