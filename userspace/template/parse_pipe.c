/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/parse_pipe.h"

#include <errno.h>

#include "template/funcs.h"
#include "template/literal.h"
#include "template/mark.h"
#include "template/parser.h"
#include "template/tree.h"

#define SHOWN 64 /* bytes of a name in a message, at most */

static int fail(struct parser *parser, size_t at, const char *what)
{
    return mark_error(parser->error, -EINVAL, parser->lex.source, at, "%s", what);
}

/* As fail(), about a name. */
static int fail_name(struct parser *parser, struct span name, const char *what)
{
    int shown = name.length < SHOWN ? (int)name.length : SHOWN;
    return mark_error(parser->error, -EINVAL, parser->lex.source, parser_at(parser), "%s %.*s",
                      what, shown, name.data);
}

/* ---- operands -------------------------------------------------------------------------------- */

static int read_number(struct parser *parser, struct tree_operand *operand)
{
    struct span text = parser->now.text;
    int r = literal_number(text, parser->pool, &operand->constant);
    if (r == -ERANGE) {
        operand->kind = TREE_TOO_LARGE;
        return 0;
    }
    if (r == -EINVAL && text.data[text.length - 1] == 'i')
        return fail(parser, parser_at(parser), "there are no imaginary numbers");
    return r == -EINVAL ? fail(parser, parser_at(parser), "no number, or one too large") : r;
}

static int read_string(struct parser *parser, struct tree_operand *operand)
{
    struct span string;
    int r = literal_string(parser->now.text, parser->pool, &string);
    operand->constant = value_string(string);
    return r == -EINVAL ? fail(parser, parser_at(parser), "unknown escape in a string") : r;
}

static int read_rune(struct parser *parser, struct tree_operand *operand)
{
    int64_t rune = 0;
    if (literal_rune(parser->now.text, &rune) < 0)
        return fail(parser, parser_at(parser), "expected one character between single quotes");
    operand->constant = value_int(rune);
    return 0;
}

static int read_bool(struct parser *parser, struct tree_operand *operand)
{
    operand->constant = value_bool(span_is(parser->now.text, "true"));
    return 0;
}

static int read_nothing(struct parser *parser, struct tree_operand *operand)
{
    (void)parser;
    (void)operand;
    return 0;
}

static int read_variable(struct parser *parser, struct tree_operand *operand)
{
    struct span name = parser->now.text;
    struct symbol *symbol = NULL;
    int r = parser_symbol(parser, name, &symbol);
    if (r < 0)
        return r;
    if (!symbol->declared && !span_is(name, "$"))
        return fail_name(parser, name, "nothing declares the variable");
    operand->variable = symbol;
    return 0;
}

static int read_function(struct parser *parser, struct tree_operand *operand)
{
    operand->function = funcs_find(parser->now.text);
    return operand->function ? 0 : fail_name(parser, parser->now.text, "there is no function");
}

/* Tokens that are an operand on their own. */
static const struct operand_reader {
    enum lex_kind token;
    enum tree_operand_kind kind;
    int (*read)(struct parser *parser, struct tree_operand *operand);
} readers[] = {
    {LEX_NUMBER, TREE_CONSTANT, read_number},
    {LEX_STRING, TREE_CONSTANT, read_string},
    {LEX_RAW, TREE_CONSTANT, read_string},
    {LEX_RUNE, TREE_CONSTANT, read_rune},
    {LEX_BOOL, TREE_CONSTANT, read_bool},
    {LEX_NIL, TREE_NIL, read_nothing},
    {LEX_DOT, TREE_DOT, read_nothing},
    {LEX_FIELD, TREE_DOT, read_nothing},
    {LEX_VARIABLE, TREE_VARIABLE, read_variable},
    {LEX_WORD, TREE_FUNCTION, read_function},
    {LEX_LEFT, TREE_PARENS, read_nothing},
};

static const struct operand_reader *reader_of(enum lex_kind token)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i].token == token)
            return &readers[i];
    return NULL;
}

static int read_parens(struct parser *parser, struct tree_operand *operand)
{
    int r = parser_enter(parser);
    if (r == 0)
        r = parser_step(parser);
    if (r == 0)
        r = parse_pipe(parser, PARSE_PIPE_OF_OTHERS, LEX_RIGHT, &operand->parens);
    parser_leave(parser);
    return r;
}

static int read_fields(struct parser *parser, struct tree_operand *operand)
{
    const struct tree_field **last = &operand->fields;
    while (parser->now.kind == LEX_FIELD) {
        struct tree_field *field = NULL;
        int r = parser_alloc(parser, sizeof *field, &field);
        if (r < 0)
            return r;
        struct span text = parser->now.text;
        *field =
            (struct tree_field){.name = {text.data + 1, text.length - 1}, .at = parser_at(parser)};
        *last = field;
        last = &field->next;
        r = parser_step(parser);
        if (r < 0)
            return r;
    }
    return 0;
}

static int has_no_fields(const struct parser *parser, const struct tree_operand *operand,
                         enum lex_kind token)
{
    return parser->now.kind == LEX_FIELD && token != LEX_FIELD && operand->kind != TREE_VARIABLE &&
           operand->kind != TREE_FUNCTION && operand->kind != TREE_PARENS;
}

/* The operand whose first token READER reads. */
static int read_operand(struct parser *parser, const struct operand_reader *reader,
                        struct tree_operand **ret)
{
    struct tree_operand *operand = NULL;
    int r = parser_alloc(parser, sizeof *operand, &operand);
    if (r < 0)
        return r;
    operand->kind = reader->kind;
    operand->at = parser_at(parser);
    r = reader->read(parser, operand);
    if (r == 0 && reader->token == LEX_LEFT)
        r = read_parens(parser, operand);
    else if (r == 0 && reader->token != LEX_FIELD)
        r = parser_step(parser);
    if (r < 0)
        return r;
    if (has_no_fields(parser, operand, reader->token))
        return fail(parser, parser_at(parser), "what stands before this has no fields");
    *ret = operand;
    return read_fields(parser, operand);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* What ends a command: "|" is taken, the end of the pipeline is left. */
static int end_command(struct parser *parser, int *is_over)
{
    *is_over = 1;
    switch (parser->now.kind) {
    case LEX_BLANK: *is_over = 0; return 0;
    case LEX_PIPE: return parser_step(parser);
    case LEX_CLOSE:
    case LEX_RIGHT: return 0;
    default: return parser_unexpected(parser, "a command");
    }
}

static int read_command(struct parser *parser, const struct tree_command **ret)
{
    struct tree_command *command = NULL;
    int r = parser_alloc(parser, sizeof *command, &command);
    const struct tree_operand **last = r == 0 ? &command->first : NULL;
    for (int is_over = 0; r == 0 && !is_over;) {
        r = parser_skip_blank(parser);
        const struct operand_reader *reader = reader_of(parser->now.kind);
        struct tree_operand *operand = NULL;
        if (r == 0 && reader)
            r = read_operand(parser, reader, &operand);
        if (operand) {
            *last = operand;
            last = &operand->next;
        }
        if (r == 0)
            r = end_command(parser, &is_over);
    }
    *ret = r == 0 ? command : NULL;
    return r;
}

/* A command that takes the result of another is a function, or turns out to be none later. */
static int can_take(const struct tree_operand *first)
{
    return first->fields || (first->kind != TREE_CONSTANT && first->kind != TREE_TOO_LARGE &&
                             first->kind != TREE_NIL && first->kind != TREE_DOT);
}

/* ---- pipelines ------------------------------------------------------------------------------- */

/* Behind "$name": an operator makes it a target. 0: it is none, 1: one more may follow, 2: the last
 * one. */
static int read_target(struct parser *parser, enum parse_pipe_of of, struct tree_pipe *pipe)
{
    struct parser before = *parser;
    struct span name = parser->now.text;
    int r = parser_step(parser);
    if (r == 0)
        r = parser_skip_blank(parser);
    if (r < 0)
        return r;
    enum lex_kind sign = parser->now.kind;
    if (sign != LEX_ASSIGN && sign != LEX_DECLARE && sign != LEX_COMMA) {
        *parser = before;
        return 0;
    }
    if (sign == LEX_COMMA && (of != PARSE_PIPE_OF_RANGE || pipe->variable_count > 0))
        return fail(parser, parser_at(parser), "too many variables: only range sets two");
    struct symbol *symbol = NULL;
    r = parser_declare(parser, name, &symbol);
    if (r < 0)
        return r;
    pipe->variables[pipe->variable_count++] = symbol;
    pipe->assigns = sign == LEX_ASSIGN;
    r = parser_step(parser);
    return r < 0 ? r : sign == LEX_COMMA ? 1 : 2;
}

static int read_targets(struct parser *parser, enum parse_pipe_of of, struct tree_pipe *pipe)
{
    int r = 1;
    while (r == 1 && parser->now.kind == LEX_VARIABLE) {
        r = read_target(parser, of, pipe);
        int skipped = r < 0 ? 0 : parser_skip_blank(parser);
        if (skipped < 0)
            return skipped;
    }
    if (r == 1 && pipe->variable_count)
        return parser_unexpected(parser, "the variables of a range");
    return r < 0 ? r : 0;
}

static int read_commands(struct parser *parser, enum lex_kind end, struct tree_pipe *pipe)
{
    const struct tree_command **last = &pipe->first;
    for (;;) {
        int r = parser_skip_blank(parser);
        if (r < 0)
            return r;
        if (parser->now.kind == end)
            return 0;
        if (!reader_of(parser->now.kind))
            return parser_unexpected(parser, "a pipeline");
        const struct tree_command *command = NULL;
        r = read_command(parser, &command);
        if (r < 0)
            return r;
        if (pipe->first && !can_take(command->first))
            return fail(parser, command->first->at, "expected a function behind |");
        *last = command;
        last = (const struct tree_command **)&command->next;
    }
}

int parse_pipe(struct parser *parser, enum parse_pipe_of of, enum lex_kind end,
               const struct tree_pipe **ret)
{
    struct tree_pipe *pipe = NULL;
    int r = parser_skip_blank(parser);
    if (r == 0)
        r = parser_alloc(parser, sizeof *pipe, &pipe);
    if (r < 0)
        return r;
    pipe->at = parser_at(parser);
    r = read_targets(parser, of, pipe);
    if (r == 0)
        r = read_commands(parser, end, pipe);
    if (r < 0)
        return r;
    if (!pipe->first)
        return fail(parser, parser_at(parser), "expected a value");
    *ret = pipe;
    return parser_step(parser);
}
