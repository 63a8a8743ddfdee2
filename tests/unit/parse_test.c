/* SPDX-License-Identifier: BSD-2-Clause */
/* What a template's trees are, and where it is refused. What Go accepts is in exec_test.c. */
#include "template/parse.h"

#include <errno.h>

#include "base/error.h"
#include "template/symbol.h"
#include "template/tree.h"
#include "tests/unit/check.h"
#include "tests/unit/pools.h"

static struct pool *pool;
static struct symbol_table symbols;
static struct symbol *name;
static struct error error;

static int parse_in(size_t memory, const char *text)
{
    pool_free(pool);
    pool = pools_new(memory);
    symbols = (struct symbol_table){.pool = pool};
    name = symbol_get(&symbols, SPAN_LITERAL("main"));
    error.text[0] = '\0';
    return parse_template(span_of(text), name, &symbols, &error);
}

static int parse(const char *text)
{
    return parse_in(LIMIT_TEMPLATE_MEMORY, text);
}

static const struct tree_node *first(const char *text)
{
    CHECK_EQ_INT(parse(text), 0);
    return name->definition->first;
}

static void end(void)
{
    pool_free(pool);
    pool = NULL;
}

TEST(nodes)
{
    const struct tree_node *node = first("a{{.b}}{{if 1}}x{{else}}y{{end}}{{template \"t\"}}");
    CHECK(node->kind == TREE_TEXT && span_is(node->text, "a") && node->at == 0);
    node = node->next;
    CHECK(node->kind == TREE_ACTION && node->pipe->at == 3 && !node->pipe->variable_count);
    node = node->next;
    CHECK(node->kind == TREE_IF && node->list && node->otherwise && !node->chained);
    node = node->next;
    CHECK(node->kind == TREE_TEMPLATE && span_is(node->name->name, "t") && !node->pipe);
    CHECK(!node->name->definition && !node->next);
    end();
}

TEST(pipelines)
{
    const struct tree_pipe *pipe = first("{{print 1 $.a.b (nil) | len}}")->pipe;
    const struct tree_operand *operand = pipe->first->first;
    CHECK(operand->kind == TREE_FUNCTION && !operand->fields);
    operand = operand->next;
    CHECK(operand->kind == TREE_CONSTANT && operand->constant.kind == VALUE_INT);
    operand = operand->next;
    CHECK(operand->kind == TREE_VARIABLE && span_is(operand->variable->name, "$"));
    CHECK(span_is(operand->fields->name, "a") && span_is(operand->fields->next->name, "b"));
    operand = operand->next;
    CHECK(operand->kind == TREE_PARENS && operand->parens->first->first->kind == TREE_NIL);
    CHECK(!operand->next && pipe->first->next->first->kind == TREE_FUNCTION);
    CHECK(!pipe->first->next->next);
    end();
}

TEST(variables_of_pipelines)
{
    const struct tree_node *node = first("{{$x := 1}}{{$x = 2}}{{range $i, $x := 3}}{{end}}{{$x}}");
    CHECK(node->pipe->variable_count == 1 && !node->pipe->assigns);
    const struct symbol *x = node->pipe->variables[0];
    node = node->next;
    CHECK(node->pipe->variables[0] == x && node->pipe->assigns);
    node = node->next;
    CHECK(node->kind == TREE_RANGE && node->pipe->variable_count == 2);
    CHECK(span_is(node->pipe->variables[0]->name, "$i") && node->pipe->variables[1] == x);
    CHECK(node->next->pipe->first->first->variable == x);
    end();
}

TEST(chains_are_no_deeper_than_one)
{
    char text[16 * (2 * LIMIT_TEMPLATE_NESTING + 4)] = "{{if 0}}";
    for (unsigned i = 0; i < 2 * LIMIT_TEMPLATE_NESTING; i++)
        memcpy(text + strlen(text), "{{else if 0}}x", sizeof "{{else if 0}}x");
    memcpy(text + strlen(text), "{{else}}{{end}}", sizeof "{{else}}{{end}}");
    unsigned length = 0;
    for (const struct tree_node *node = first(text); node; node = node->chained) {
        length++;
        CHECK(!node->otherwise == (node->chained != NULL));
    }
    CHECK_EQ_INT(length, 2 * LIMIT_TEMPLATE_NESTING + 1);
    end();
}

static void check_nesting(const char *open, const char *close, unsigned deepest)
{
    char text[8192];
    for (unsigned depth = deepest; depth <= deepest + 1; depth++) {
        char *to = text;
        for (unsigned i = 0; i < depth; i++)
            to += snprintf(to, 32, "%s", open);
        to += snprintf(to, 32, "{{(1)}}");
        for (unsigned i = 0; i < depth; i++)
            to += snprintf(to, 32, "%s", close);
        CHECK_EQ_INT(parse(text), depth == deepest ? 0 : -E2BIG);
    }
    CHECK(strstr(error.text, "within each other"));
}

TEST(nesting_is_bounded)
{
    check_nesting("{{if 1}}", "{{end}}", LIMIT_TEMPLATE_NESTING - 1);
    check_nesting("{{range 1}}{{else}}", "{{end}}", LIMIT_TEMPLATE_NESTING - 1);
    check_nesting("{{with 1}}{{else with 2}}", "{{end}}", LIMIT_TEMPLATE_NESTING - 1);
    char text[1024] = "{{";
    memset(text + 2, '(', LIMIT_TEMPLATE_NESTING);
    text[2 + LIMIT_TEMPLATE_NESTING] = '1';
    memset(text + 3 + LIMIT_TEMPLATE_NESTING, ')', LIMIT_TEMPLATE_NESTING);
    memcpy(text + 3 + 2 * LIMIT_TEMPLATE_NESTING, "}}", 3);
    CHECK_EQ_INT(parse(text), 0);
    memset(text + 2, '(', LIMIT_TEMPLATE_NESTING + 1);
    CHECK_EQ_INT(parse(text), -E2BIG);
    end();
}

TEST(definitions)
{
    first("{{define \"a\"}}x{{end}}{{block `b` .}}y{{end}}{{define \"\"}}z{{end}}");
    CHECK(symbol_get(&symbols, SPAN_LITERAL("a"))->definition);
    CHECK(symbol_get(&symbols, SPAN_LITERAL("b"))->definition);
    CHECK(symbol_get(&symbols, SPAN_LITERAL(""))->definition);
    CHECK(!symbol_get(&symbols, SPAN_LITERAL("c"))->definition);
    const struct tree_node *node = name->definition->first;
    CHECK(node->kind == TREE_TEMPLATE && span_is(node->name->name, "b") && !node->next);
    end();
}

TEST(refusals_name_the_place_and_the_matter)
{
    static const struct {
        const char *text, *place, *matter;
    } rows[] = {
        {"{{nofn 1}}", "1:3: ", "nofn"},
        {"a\nb{{$x}}", "2:4: ", "$x"},
        {"{{if 1}}", "1:9: ", "{{end}}"},
        {"{{end}}", "1:8: ", "end"},
        {"{{if 1}}{{else}}{{else}}{{end}}", "1:25: ", "else"},
        {"{{if 1}}{{else with 1}}{{end}}", "1:16: ", "with"},
        {"{{range 1}}{{else if 1}}{{end}}", "1:19: ", "if"},
        {"{{if 1}}{{else 1}}{{end}}", "1:16: ", "}}"},
        {"{{define x}}{{end}}", "1:10: ", "string"},
        {"{{define \"x\" 1}}{{end}}", "1:14: ", "}}"},
        {"{{define \"x\"}}a{{else}}{{end}}", "1:24: ", "else"},
        {"{{define \"x\"}}a{{end}}\n{{define \"x\"}}b{{end}}", "2:3: ", "second"},
        {"{{template \"\\q\"}}", "1:12: ", "escape"},
        {"{{break}}", "1:3: ", "range"},
        {"{{range 1}}{{continue 1}}{{end}}", "1:23: ", "}}"},
        {"{{1 2i}}", "1:5: ", "imaginary"},
        {"{{2.5i}}", "1:3: ", "imaginary"},
        {"{{0i}}", "1:3: ", "imaginary"},
        {"{{1+2i}}", "1:4: ", "complex"},
        {"{{08}}", "1:3: ", "number"},
        {"{{''}}", "1:3: ", "one character"},
        {"{{\"\\q\"}}", "1:3: ", "escape"},
        {"{{1 | 2}}", "1:7: ", "function"},
        {"{{1 | .}}", "1:7: ", "function"},
        {"{{1.5.x}}", "1:6: ", "fields"},
        {"{{()}}", "1:4: ", "value"},
        {"{{$x := }}", "1:9: ", "value"},
        {"{{$x, $y := 1}}", "1:5: ", "range"},
        {"{{range $x, 1}}{{end}}", "1:13: ", "range"},
        {"{{1 = 2}}", "1:5: ", "="},
        {"{{else}}", "1:9: ", "else"},
        {"{{.a define}}", "1:6: ", "define"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ_INT(parse(rows[i].text), -EINVAL);
        if (strncmp(error.text, rows[i].place, strlen(rows[i].place)) != 0 ||
            !strstr(error.text, rows[i].matter))
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i].text, error.text);
    }
    end();
}

/* Whatever allocation is the one that fails. */
TEST(too_little_memory)
{
    char text[4096] = "";
    for (unsigned i = 0; i < 20; i++)
        snprintf(text + strlen(text), 200,
                 "{{$x%u := .a.b}}{{if $x%u}}{{print \"%u\"}}{{else if 1}}{{end}}"
                 "{{define \"d%u\"}}x{{end}}",
                 i, i, i, i);
    CHECK_EQ_INT(parse(text), 0);
    size_t needed = pool_used(pool);
    unsigned refused = 0;
    for (size_t memory = 4096; memory < needed; memory += 16) {
        int r = parse_in(memory, text);
        CHECK(r == -E2BIG || r == 0);
        refused += r < 0;
    }
    CHECK(refused > 100);
    end();
}

CHECK_MAIN
