/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/parse.h"

#include <errno.h>

#include "base/error.h"
#include "template/literal.h"
#include "template/mark.h"
#include "template/parse_pipe.h"
#include "template/parser.h"
#include "template/pool.h"
#include "template/tree.h"
#include "template/utf8.h"

/* What a list of nodes ended with; of "else if" and "else with" the second word is in hand. */
enum end { END_TEMPLATE, END_END, END_ELSE, END_ELSE_IF, END_ELSE_WITH };

static int read_list(struct parser *parser, const struct tree_list **ret, enum end *end);

static int fail(struct parser *parser, size_t at, const char *what)
{
    return mark_error(parser->error, -EINVAL, parser->lex.source, at, "%s", what);
}

/* ---- definitions ----------------------------------------------------------------------------- */

static int is_space(uint32_t rune)
{
    return (rune >= '\t' && rune <= '\r') || rune == ' ' || rune == 0x85 || rune == 0xa0 ||
           rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
           rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}

static int is_blank(const struct tree_list *list)
{
    for (const struct tree_node *node = list->first; node; node = node->next) {
        if (node->kind != TREE_TEXT)
            return 0;
        for (size_t at = 0; at < node->text.length;) {
            uint32_t rune;
            at += utf8_decode((struct span){node->text.data + at, node->text.length - at}, &rune);
            if (!is_space(rune))
                return 0;
        }
    }
    return 1;
}

/* LIST is what NAME stands for; only a definition that is blank may have another beside it. */
static int define(struct parser *parser, struct symbol *name, const struct tree_list *list,
                  size_t at)
{
    if (name->definition && !is_blank(name->definition)) {
        if (!is_blank(list))
            return fail(parser, at, "a second definition of the same template");
        return 0;
    }
    name->definition = list;
    return 0;
}

static int read_name(struct parser *parser, struct symbol **ret)
{
    struct span name;
    int r = parser_skip_blank(parser);
    if (r < 0)
        return r;
    if (parser->now.kind != LEX_STRING && parser->now.kind != LEX_RAW)
        return fail(parser, parser_at(parser), "expected the name of a template, a string");
    r = literal_string(parser->now.text, parser->pool, &name);
    if (r == -EINVAL)
        return fail(parser, parser_at(parser), "unknown escape in a string");
    if (r == 0)
        r = parser_symbol(parser, name, ret);
    return r < 0 ? r : parser_step(parser);
}

/* The body of template NAME, up to its end. */
static int read_body(struct parser *parser, struct symbol *name, size_t at)
{
    struct parser outer;
    const struct tree_list *list = NULL;
    enum end end = END_END;
    parser_inside(parser, &outer);
    int r = read_list(parser, &list, &end);
    parser_outside(parser, &outer);
    if (r < 0)
        return r;
    if (end != END_END)
        return fail(parser, parser_at(parser), "an else without its if, with or range");
    return define(parser, name, list, at);
}

static int read_definition(struct parser *parser)
{
    struct symbol *name = NULL;
    size_t at = parser_at(parser);
    int r = parser_step(parser);
    if (r == 0)
        r = read_name(parser, &name);
    if (r == 0)
        r = parser_expect(parser, LEX_CLOSE, "define");
    return r < 0 ? r : read_body(parser, name, at);
}

static int read_block(struct parser *parser, struct tree_node *node)
{
    struct symbol *name = NULL;
    size_t at = parser_at(parser);
    int r = parser_step(parser);
    if (r == 0)
        r = read_name(parser, &name);
    if (r == 0)
        r = parse_pipe(parser, PARSE_PIPE_OF_OTHERS, LEX_CLOSE, &node->pipe);
    if (r < 0)
        return r;
    node->kind = TREE_TEMPLATE;
    node->name = name;
    return read_body(parser, name, at);
}

/* ---- actions --------------------------------------------------------------------------------- */

static int read_template(struct parser *parser, struct tree_node *node)
{
    struct symbol *name = NULL;
    int r = parser_step(parser);
    if (r == 0)
        r = read_name(parser, &name);
    if (r == 0)
        r = parser_skip_blank(parser);
    if (r < 0)
        return r;
    node->kind = TREE_TEMPLATE;
    node->name = name;
    if (parser->now.kind == LEX_CLOSE)
        return parser_step(parser);
    return parse_pipe(parser, PARSE_PIPE_OF_OTHERS, LEX_CLOSE, &node->pipe);
}

static int read_jump(struct parser *parser, struct tree_node *node)
{
    int is_break = parser->now.kind == LEX_BREAK;
    if (!parser->ranges)
        return fail(parser, node->at, "break and continue belong into a range");
    node->kind = is_break ? TREE_BREAK : TREE_CONTINUE;
    int r = parser_step(parser);
    return r < 0 ? r : parser_expect(parser, LEX_CLOSE, is_break ? "break" : "continue");
}

/* Pipeline and list of one branch; its keyword is behind. */
static int read_branch(struct parser *parser, struct tree_node *node, enum end *end)
{
    int is_range = node->kind == TREE_RANGE;
    int r = parse_pipe(parser, is_range ? PARSE_PIPE_OF_RANGE : PARSE_PIPE_OF_OTHERS, LEX_CLOSE,
                       &node->pipe);
    if (r < 0)
        return r;
    parser->ranges += is_range ? 1 : 0;
    r = read_list(parser, &node->list, end);
    parser->ranges -= is_range ? 1 : 0;
    return r;
}

/* Behind "else if": the next branch of the chain. */
static int add_chained(struct parser *parser, struct tree_node **node)
{
    struct tree_node *chained = NULL;
    int r = parser_alloc(parser, sizeof *chained, &chained);
    if (r < 0)
        return r;
    chained->kind = (*node)->kind;
    chained->at = parser_at(parser);
    (*node)->chained = chained;
    *node = chained;
    return parser_step(parser);
}

static int read_otherwise(struct parser *parser, struct tree_node *node)
{
    enum end end;
    int r = read_list(parser, &node->otherwise, &end);
    if (r < 0)
        return r;
    return end == END_END ? 0 : fail(parser, parser_at(parser), "expected end, not a second else");
}

/* A chain of else if is no deeper than one if, however long. */
static int read_branches(struct parser *parser, struct tree_node *node)
{
    enum end chain = node->kind == TREE_IF     ? END_ELSE_IF
                     : node->kind == TREE_WITH ? END_ELSE_WITH
                                               : END_TEMPLATE;
    enum end end = END_END;
    int r = parser_step(parser);
    if (r == 0)
        r = read_branch(parser, node, &end);
    while (r == 0 && end == chain) {
        r = add_chained(parser, &node);
        if (r == 0)
            r = read_branch(parser, node, &end);
    }
    if (r < 0 || end == END_END)
        return r;
    if (end != END_ELSE)
        return parser_unexpected(parser, "this else");
    return read_otherwise(parser, node);
}

static int read_control(struct parser *parser, struct tree_node *node)
{
    const struct parser_variable *mark = parser->variables;
    node->kind = parser->now.kind == LEX_IF     ? TREE_IF
                 : parser->now.kind == LEX_WITH ? TREE_WITH
                                                : TREE_RANGE;
    int r = read_branches(parser, node);
    parser_forget(parser, mark);
    return r;
}

static int read_action(struct parser *parser, struct tree_node *node)
{
    node->kind = TREE_ACTION;
    return parse_pipe(parser, PARSE_PIPE_OF_OTHERS, LEX_CLOSE, &node->pipe);
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* "end" or "else" is in hand. */
static int read_end(struct parser *parser, enum end *end)
{
    int is_else = parser->now.kind == LEX_ELSE;
    int r = parser_step(parser);
    if (r == 0)
        r = parser_skip_blank(parser);
    if (r < 0)
        return r;
    *end = !is_else                       ? END_END
           : parser->now.kind == LEX_IF   ? END_ELSE_IF
           : parser->now.kind == LEX_WITH ? END_ELSE_WITH
                                          : END_ELSE;
    if (*end == END_ELSE_IF || *end == END_ELSE_WITH)
        return 0;
    return parser_expect(parser, LEX_CLOSE, is_else ? "else" : "end");
}

/* The action whose first word is in hand, into NODE. */
static int read_node(struct parser *parser, struct tree_node *node)
{
    switch (parser->now.kind) {
    case LEX_IF:
    case LEX_WITH:
    case LEX_RANGE: return read_control(parser, node);
    case LEX_BLOCK: return read_block(parser, node);
    case LEX_TEMPLATE: return read_template(parser, node);
    case LEX_BREAK:
    case LEX_CONTINUE: return read_jump(parser, node);
    default: return read_action(parser, node);
    }
}

static int read_text(struct parser *parser, struct tree_node *node)
{
    node->kind = TREE_TEXT;
    node->text = parser->now.text;
    return parser_step(parser);
}

static int new_node(struct parser *parser, const struct tree_node ***last, struct tree_node **ret)
{
    int r = parser_alloc(parser, sizeof **ret, ret);
    if (r < 0)
        return r;
    (*ret)->at = parser_at(parser);
    **last = *ret;
    *last = &(*ret)->next;
    return 0;
}

/* Text or an action; *end is set when it ends the list. Outside of all blocks there may be
 * definitions. */
static int read_item(struct parser *parser, const struct tree_node ***last, enum end *end)
{
    struct tree_node *node = NULL;
    int is_text = parser->now.kind == LEX_TEXT;
    int r = is_text ? 0 : parser_step(parser);
    if (r == 0 && !is_text)
        r = parser_skip_blank(parser);
    if (r < 0)
        return r;
    if (!is_text && (parser->now.kind == LEX_ENDING || parser->now.kind == LEX_ELSE))
        return read_end(parser, end);
    if (!is_text && parser->now.kind == LEX_DEFINE && parser->depth == 0)
        return read_definition(parser);
    r = new_node(parser, last, &node);
    return r < 0 ? r : is_text ? read_text(parser, node) : read_node(parser, node);
}

static int read_items(struct parser *parser, struct tree_list *list, enum end *end)
{
    const struct tree_node **last = &list->first;
    int r = 0;
    *end = END_TEMPLATE;
    while (r == 0 && *end == END_TEMPLATE && parser->now.kind != LEX_END)
        r = read_item(parser, &last, end);
    return r;
}

/* A list in a block, up to its end or else. */
static int read_list(struct parser *parser, const struct tree_list **ret, enum end *end)
{
    struct tree_list *list = NULL;
    int r = parser_enter(parser);
    if (r == 0)
        r = parser_alloc(parser, sizeof *list, &list);
    if (r == 0)
        r = read_items(parser, list, end);
    if (r < 0)
        return r;
    parser_leave(parser);
    *ret = list;
    return *end == END_TEMPLATE ? fail(parser, parser_at(parser), "expected {{end}}") : 0;
}

int parse_template(struct span source, struct symbol *main, struct symbol_table *symbols,
                   struct error *error)
{
    struct parser parser = {
        .lex = lex_new(source), .symbols = symbols, .pool = symbols->pool, .error = error};
    struct tree_list *list = NULL;
    enum end end;
    int r = parser_step(&parser);
    if (r == 0)
        r = parser_alloc(&parser, sizeof *list, &list);
    if (r == 0)
        r = read_items(&parser, list, &end);
    if (r < 0)
        return r;
    if (end != END_TEMPLATE)
        return fail(&parser, parser_at(&parser), "an end or else without its block");
    return define(&parser, main, list, 0);
}
