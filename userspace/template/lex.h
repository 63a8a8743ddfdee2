/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A template's text in tokens, one at a time: what stands outside of {{ and }} is text, what stands
 * inside are words, numbers, quotes and signs (Go 1.26, text/template/parse).
 */
#ifndef VSECM_TEMPLATE_LEX_H
#define VSECM_TEMPLATE_LEX_H

#include <stddef.h>

#include "base/span.h"

struct error;

enum lex_kind {
    LEX_END,      /* of the template */
    LEX_TEXT,     /* what is written as it is; trimmed already */
    LEX_OPEN,     /* {{ with its trim marker */
    LEX_CLOSE,    /* }} with its trim marker */
    LEX_BLANK,    /* a run of blanks in an action */
    LEX_WORD,     /* an identifier */
    LEX_BOOL,     /* true, false */
    LEX_FIELD,    /* .name */
    LEX_VARIABLE, /* $ or $name */
    LEX_NUMBER,   /* what begins like one; whether it is one, number literals decide */
    LEX_RUNE,     /* 'x', quotes and all */
    LEX_STRING,   /* "x", quotes and all */
    LEX_RAW,      /* `x`, quotes and all */
    LEX_PIPE,     /* | */
    LEX_LEFT,     /* ( */
    LEX_RIGHT,    /* ) */
    LEX_ASSIGN,   /* = */
    LEX_DECLARE,  /* := */
    LEX_COMMA,    /* , */
    LEX_OTHER,    /* any other ASCII sign: never right anywhere */
    LEX_DOT,      /* . */
    LEX_NIL,      /* from here on: words that are no identifiers */
    LEX_BLOCK,
    LEX_BREAK,
    LEX_CONTINUE,
    LEX_DEFINE,
    LEX_ELSE,
    LEX_ENDING, /* the word "end" */
    LEX_IF,
    LEX_RANGE,
    LEX_TEMPLATE,
    LEX_WITH,
};

struct lex_token {
    enum lex_kind kind;
    struct span text; /* in the source */
};

struct lex {
    struct span source;
    size_t at;
    unsigned parens; /* open in this action */
    int inside;      /* an action */
};

static inline struct lex lex_new(struct span source)
{
    return (struct lex){.source = source};
}

/*
 * The next token; LEX_END again and again at the end. 0, or -EINVAL with LINE:COLUMN and what is
 * wrong in ERROR.
 */
int lex_next(struct lex *lex, struct lex_token *ret, struct error *error);

/* What KIND is called in messages: "a string", "{{". */
const char *lex_name(enum lex_kind kind);

#endif
