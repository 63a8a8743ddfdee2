/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/lex.h"

#include <errno.h>

#include "base/error.h"
#include "tests/unit/check.h"

/* One letter a token. */
static char letter_of(enum lex_kind kind)
{
    static const char letters[] = {
        [LEX_END] = '.',      [LEX_TEXT] = 't',    [LEX_OPEN] = '<',     [LEX_CLOSE] = '>',
        [LEX_BLANK] = ' ',    [LEX_WORD] = 'w',    [LEX_BOOL] = 'b',     [LEX_FIELD] = 'f',
        [LEX_VARIABLE] = 'v', [LEX_NUMBER] = 'n',  [LEX_RUNE] = 'r',     [LEX_STRING] = 's',
        [LEX_RAW] = 'S',      [LEX_PIPE] = '|',    [LEX_LEFT] = '(',     [LEX_RIGHT] = ')',
        [LEX_ASSIGN] = '=',   [LEX_DECLARE] = ':', [LEX_COMMA] = ',',    [LEX_OTHER] = '?',
        [LEX_DOT] = 'd',      [LEX_NIL] = 'N',     [LEX_BLOCK] = 'B',    [LEX_BREAK] = 'K',
        [LEX_CONTINUE] = 'C', [LEX_DEFINE] = 'D',  [LEX_ELSE] = 'E',     [LEX_ENDING] = 'Z',
        [LEX_IF] = 'I',       [LEX_RANGE] = 'R',   [LEX_TEMPLATE] = 'T', [LEX_WITH] = 'W',
    };
    return letters[kind];
}

static struct error error;

/* The letters of SOURCE's tokens, '!' where it goes wrong; and its texts, each behind '_'. */
static void read_all(struct span source, char kinds[128], char texts[512])
{
    struct lex lex = lex_new(source);
    struct lex_token token;
    size_t at = 0, used = 0;
    error.text[0] = '\0';
    do {
        CHECK(at < 126);
        int r = lex_next(&lex, &token, &error);
        if (r < 0) {
            CHECK_EQ_INT(r, -EINVAL);
            kinds[at++] = '!';
            break;
        }
        CHECK((token.kind == LEX_END) == (token.text.length == 0));
        CHECK(token.text.data >= source.data &&
              token.text.data + token.text.length <= source.data + source.length);
        kinds[at++] = letter_of(token.kind);
        texts[used++] = '_';
        memcpy(texts + used, token.text.data, token.text.length);
        used += token.text.length;
    } while (token.kind != LEX_END);
    kinds[at] = texts[used] = '\0';
}

static void check_kinds(const char *source, const char *wanted)
{
    char kinds[128], texts[512];
    size_t length = strlen(source);
    char *copy = malloc(length + 1);
    memcpy(copy, source, length);
    read_all((struct span){copy, length}, kinds, texts);
    free(copy);
    if (strcmp(kinds, wanted) != 0)
        check_fail(__FILE__, __LINE__, "'%s' gives %s, not %s", source, kinds, wanted);
    CHECK((strchr(kinds, '!') != NULL) == (error.text[0] != '\0'));
}

TEST(kinds_of_tokens)
{
    static const char *const rows[][2] = {
        {"", "."},
        {"a b", "t."},
        {"{{.}}", "<d>."},
        {"x{{.a.b}}y", "t<ff>t."},
        {"{{ $ $x $x.y }}", "< v v vf >."},
        {"{{1 -2 +3 .5 0x1F 1e3 1i}}", "<n n n n n n n>."},
        {"{{'a' '\\'' \"s\" \"\\\"\" `r\n`}}", "<r r s s S>."},
        {"{{true false nil x _1 \303\251}}", "<b b N w w w>."},
        {"{{block break continue define else}}", "<B K C D E>."},
        {"{{end if range template with}}", "<Z I R T W>."},
        {"{{ends iff}}", "<w w>."},
        {"{{a|b,c}}", "<w|w,w>."},
        {"{{(a)(b)}}", "<(w)(w)>."},
        {"{{a := b = c}}", "<w : w = w>."},
        {"{{a:=b}}", "<w:w>."},
        {"{{! # % & * / ; < > @ [ ] ^ { ~ \\}}", "<? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ?>."},
        {"{{..a}}", "<df>."},
        {"{{. a}}", "<d w>."},
        {"{{}}", "<>."},
        {"{{\t\r\n }}", "< >."},
        {"{{1}}{{2}}", "<n><n>."},
        {"}}", "t."},
        {"{", "t."},
        {"{{{a}}}", "<?w>t."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_kinds(rows[i][0], rows[i][1]);
}

TEST(refusals)
{
    static const char *const rows[][2] = {
        {"{{", "<!"},          {"{{a", "<w!"},          {"{{a }", "<w ?!"},
        {"{{(}}", "<(!"},      {"{{)}}", "<!"},         {"{{())}}", "<()!"},
        {"{{:}}", "<!"},       {"{{a+}}", "<!"},        {"{{.a\"\"}}", "<!"},
        {"{{$a'}}", "<!"},     {"{{a\303\227}}", "<!"}, {"{{\303\227}}", "<!"},
        {"{{\001}}", "<!"},    {"{{\177}}", "<!"},      {"{{\377}}", "<!"},
        {"{{a\377}}", "<!"},   {"{{1a}}", "<!"},        {"{{0b2}}", "<!"},
        {"{{1+2i}}", "<!"},    {"{{1-}}", "<!"},        {"{{'a}}", "<!"},
        {"{{'\n'}}", "<!"},    {"{{\"a\n\"}}", "<!"},   {"{{\"a\\\n\"}}", "<!"},
        {"{{\"a\\", "<!"},     {"{{\"", "<!"},          {"{{`a", "<!"},
        {"{{/* a", "!"},       {"{{/*/}}", "!"},        {"{{/* a */ }}", "!"},
        {"{{/* a */-}}", "!"}, {"{{/* a */", "!"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_kinds(rows[i][0], rows[i][1]);
}

TEST(trimming)
{
    static const struct {
        const char *source, *texts;
    } rows[] = {
        {"a \n{{- b -}}\t\r\n c", "_a_{{- _b_ -}}\t\r\n _c_"},
        {"a {{- b}} c", "_a_{{- _b_}}_ c_"},
        {" {{- b}}", "_{{- _b_}}_"},
        {"a\v{{- b}}", "_a\v_{{- _b_}}_"},
        {"{{-1}}", "_{{_-1_}}_"},
        {"{{- 1}}", "_{{- _1_}}_"},
        {"{{1 -}} a", "_{{_1_ -}} _a_"},
        {"{{1  -}} a", "_{{_1_ _ -}} _a_"},
        {"{{-\n1\n-}}", "_{{-\n_1_\n-}}_"},
        {"a {{/* - */}} b", "_a _ b_"},
        {"a {{- /* - */ -}} b", "_a_b_"},
        {"a {{- /* - */}} b", "_a_ b_"},
        {"a {{/* - */ -}} b", "_a _b_"},
        {"{{/**/}}{{/**/ -}}  ", "_"},
        {"{{/* }} */}}a", "_a_"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char kinds[128], texts[512];
        read_all(span_of(rows[i].source), kinds, texts);
        if (strcmp(texts, rows[i].texts) != 0)
            check_fail(__FILE__, __LINE__, "'%s' gives '%s'", rows[i].source, texts);
    }
}

TEST(places)
{
    static const struct {
        const char *source, *begin;
    } rows[] = {
        {"{{\001", "1:3: "}, {"\n\n  {{\001", "3:5: "}, {"\303\251{{\001", "1:4: "},
        {"{{\"\n", "1:3: "}, {"a\n{{/*\n", "2:3: "},    {"{{a\n", "2:1: "},
        {"{{(a}}", "1:5: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char kinds[128], texts[512];
        read_all(span_of(rows[i].source), kinds, texts);
        if (strncmp(error.text, rows[i].begin, strlen(rows[i].begin)) != 0)
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i].source, error.text);
    }
}

TEST(every_token_has_a_name)
{
    for (enum lex_kind kind = LEX_END; kind <= LEX_WITH; kind++)
        CHECK(lex_name(kind) && lex_name(kind)[0]);
}

CHECK_MAIN
