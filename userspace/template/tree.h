/* SPDX-License-Identifier: BSD-2-Clause */
/* A template that was parsed. All of it lives in the pool and never changes once it is there. */
#ifndef VSECM_TEMPLATE_TREE_H
#define VSECM_TEMPLATE_TREE_H

#include <stddef.h>

#include "base/span.h"
#include "template/value.h"

struct funcs_entry;
struct symbol;

/* .name behind an operand. */
struct tree_field {
    const struct tree_field *next;
    struct span name;
    size_t at; /* offset in the source, as in all that follows */
};

enum tree_operand_kind {
    TREE_CONSTANT,  /* number, string, boolean */
    TREE_TOO_LARGE, /* a number that fits no int: an error once it is evaluated */
    TREE_NIL,
    TREE_DOT,
    TREE_VARIABLE,
    TREE_FUNCTION,
    TREE_PARENS,
};

/* One word of a command, and the fields behind it. */
struct tree_operand {
    enum tree_operand_kind kind;
    size_t at;
    const struct tree_operand *next;
    const struct tree_field *fields;
    union {
        struct value constant;
        const struct symbol *variable;
        const struct funcs_entry *function;
        const struct tree_pipe *parens;
    };
};

/* An operand and its arguments. */
struct tree_command {
    const struct tree_command *next;
    const struct tree_operand *first;
};

/* Commands, each with the result of the one before as its last argument. */
struct tree_pipe {
    size_t at;
    const struct tree_command *first;
    const struct symbol *variables[2]; /* that it declares, or assigns to */
    unsigned variable_count;
    int assigns;
};

enum tree_kind {
    TREE_TEXT,
    TREE_ACTION,
    TREE_IF,
    TREE_WITH,
    TREE_RANGE,
    TREE_TEMPLATE,
    TREE_BREAK,
    TREE_CONTINUE,
};

struct tree_list {
    const struct tree_node *first;
};

struct tree_node {
    enum tree_kind kind;
    size_t at;
    const struct tree_node *next;
    const struct tree_pipe *pipe; /* NULL: a {{template}} without one */
    union {
        struct span text;
        const struct symbol *name;                    /* TREE_TEMPLATE */
        struct {                                      /* TREE_IF, TREE_WITH, TREE_RANGE */
            const struct tree_list *list, *otherwise; /* the latter may be NULL */
            const struct tree_node *chained;          /* {{else if}}, {{else with}}, or NULL */
        };
    };
};

#endif
