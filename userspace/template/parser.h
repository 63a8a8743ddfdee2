/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parser's files share: the token in hand, memory, which variables are in scope. */
#ifndef VSECM_TEMPLATE_PARSER_H
#define VSECM_TEMPLATE_PARSER_H

#include <stddef.h>

#include "template/lex.h"
#include "template/symbol.h"

struct error;
struct pool;

struct parser_variable {
    struct parser_variable *before;
    struct symbol *symbol;
};

struct parser {
    struct lex lex;
    struct lex_token now; /* in hand, not used yet */
    struct pool *pool;
    struct symbol_table *symbols;
    struct error *error;
    struct parser_variable *variables; /* in scope, newest first */
    unsigned ranges;                   /* around what is read now, in this template */
    unsigned depth;                    /* of blocks and parentheses */
};

/* On to the next token, blanks and all. 0, or the lexer's error. */
int parser_step(struct parser *parser);

/* To the first token from here that is no blank. */
int parser_skip_blank(struct parser *parser);

/* Over a token of KIND, which must be here (after blanks), in CONTEXT for the message. */
int parser_expect(struct parser *parser, enum lex_kind kind, const char *context);

/* -EINVAL: the token in hand does not belong here. */
int parser_unexpected(struct parser *parser, const char *context);

/* The offset of the token in hand. */
size_t parser_at(const struct parser *parser);

/* SIZE zeroed bytes to *RET, a pointer. 0, or pool_error(), about which nothing is said. */
int parser_alloc(struct parser *parser, size_t size, void *ret);

/* One level more of blocks or parentheses. 0, or -E2BIG; parser_leave() ends it. */
int parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);

/* The symbol of NAME. 0, or pool_error(). */
int parser_symbol(struct parser *parser, struct span name, struct symbol **ret);

/* NAME, which begins with '$', is a variable from here on. 0 and its symbol, or pool_error(). */
int parser_declare(struct parser *parser, struct span name, struct symbol **ret);

/* Forget the variables that were declared after MARK, an earlier parser->variables. */
void parser_forget(struct parser *parser, const struct parser_variable *mark);

/*
 * Begin the body of another template, which sees no variable from here but $. OUTER keeps what
 * parser_outside() brings back.
 */
void parser_inside(struct parser *parser, struct parser *outer);
void parser_outside(struct parser *parser, const struct parser *outer);

#endif
