/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/parser.h"

#include <errno.h>

#include "limits.h"
#include "template/mark.h"
#include "template/pool.h"

int parser_step(struct parser *parser)
{
    return lex_next(&parser->lex, &parser->now, parser->error);
}

int parser_skip_blank(struct parser *parser)
{
    int r = 0;
    while (r == 0 && parser->now.kind == LEX_BLANK)
        r = parser_step(parser);
    return r;
}

int parser_expect(struct parser *parser, enum lex_kind kind, const char *context)
{
    int r = parser_skip_blank(parser);
    if (r < 0)
        return r;
    if (parser->now.kind != kind)
        return mark_error(parser->error, -EINVAL, parser->lex.source, parser_at(parser),
                          "expected %s in %s, not %s", lex_name(kind), context,
                          lex_name(parser->now.kind));
    return parser_step(parser);
}

int parser_unexpected(struct parser *parser, const char *context)
{
    return mark_error(parser->error, -EINVAL, parser->lex.source, parser_at(parser),
                      "%s does not belong into %s", lex_name(parser->now.kind), context);
}

size_t parser_at(const struct parser *parser)
{
    return (size_t)(parser->now.text.data - parser->lex.source.data);
}

int parser_alloc(struct parser *parser, size_t size, void *ret)
{
    void *memory = pool_alloc(parser->pool, size);
    if (!memory)
        return pool_error(parser->pool);
    memset(memory, 0, size);
    memcpy(ret, &memory, sizeof memory);
    return 0;
}

int parser_enter(struct parser *parser)
{
    if (parser->depth == LIMIT_TEMPLATE_NESTING)
        return mark_error(parser->error, -E2BIG, parser->lex.source, parser_at(parser),
                          "more than %u blocks and parentheses within each other",
                          LIMIT_TEMPLATE_NESTING);
    parser->depth++;
    return 0;
}

void parser_leave(struct parser *parser)
{
    parser->depth--;
}

int parser_symbol(struct parser *parser, struct span name, struct symbol **ret)
{
    *ret = symbol_get(parser->symbols, name);
    return *ret ? 0 : pool_error(parser->pool);
}

int parser_declare(struct parser *parser, struct span name, struct symbol **ret)
{
    struct parser_variable *variable = NULL;
    int r = parser_symbol(parser, name, ret);
    if (r == 0)
        r = parser_alloc(parser, sizeof *variable, &variable);
    if (r < 0)
        return r;
    *variable = (struct parser_variable){parser->variables, *ret};
    parser->variables = variable;
    (*ret)->declared++;
    return 0;
}

void parser_forget(struct parser *parser, const struct parser_variable *mark)
{
    for (; parser->variables != mark; parser->variables = parser->variables->before)
        parser->variables->symbol->declared--;
}

void parser_inside(struct parser *parser, struct parser *outer)
{
    *outer = *parser;
    for (struct parser_variable *each = parser->variables; each; each = each->before)
        each->symbol->declared--;
    parser->variables = NULL;
    parser->ranges = 0;
}

void parser_outside(struct parser *parser, const struct parser *outer)
{
    parser_forget(parser, NULL);
    parser->variables = outer->variables;
    parser->ranges = outer->ranges;
    for (struct parser_variable *each = parser->variables; each; each = each->before)
        each->symbol->declared++;
}
