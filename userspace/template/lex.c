/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/lex.h"

#include <errno.h>

#include "template/letter.h"
#include "template/mark.h"
#include "template/utf8.h"

#define END UINT32_MAX /* a rune that stands for the end of the template */

static const char BLANKS[] = " \t\r\n";

/* ---- looking at the source ------------------------------------------------------------------- */

static struct span rest(const struct lex *lex)
{
    return (struct span){lex->source.data + lex->at, lex->source.length - lex->at};
}

static int starts(struct span text, const char *with)
{
    size_t length = strlen(with);
    return text.length >= length && memcmp(text.data, with, length) == 0;
}

/* Offset of WHAT in TEXT, or its length. */
static size_t find(struct span text, const char *what)
{
    const char *found = text.length ? memmem(text.data, text.length, what, strlen(what)) : NULL;
    return found ? (size_t)(found - text.data) : text.length;
}

static int is_blank(uint32_t rune)
{
    return rune == ' ' || rune == '\t' || rune == '\r' || rune == '\n';
}

static int is_word(uint32_t rune)
{
    return rune == '_' || (rune != END && (letter_is(rune) || letter_is_digit(rune)));
}

/* The rune here and its bytes, 0 of them at the end. */
static uint32_t look(const struct lex *lex, size_t *length)
{
    uint32_t rune = END;
    *length = lex->at < lex->source.length ? utf8_decode(rest(lex), &rune) : 0;
    return rune;
}

static uint32_t peek(const struct lex *lex)
{
    size_t length;
    return look(lex, &length);
}

static uint32_t take(struct lex *lex)
{
    size_t length;
    uint32_t rune = look(lex, &length);
    lex->at += length;
    return rune;
}

/* Step over one byte of SET. Non-zero when there was one. */
static int accept(struct lex *lex, const char *set)
{
    char c = lex->at < lex->source.length ? lex->source.data[lex->at] : '\0';
    int found = c && strchr(set, c);
    lex->at += found ? 1 : 0;
    return found;
}

static void accept_all(struct lex *lex, const char *set)
{
    while (accept(lex, set)) {
    }
}

static size_t blanks_before(const struct lex *lex, size_t from, size_t to)
{
    size_t end = to;
    while (end > from && is_blank((unsigned char)lex->source.data[end - 1]))
        end--;
    return to - end;
}

/* Bytes of the "}}" here, with " -" before it when it trims; 0 when there is none. */
static size_t close_here(const struct lex *lex)
{
    struct span text = rest(lex);
    if (starts(text, "}}"))
        return 2;
    return text.length >= 4 && is_blank((unsigned char)text.data[0]) &&
                   memcmp(text.data + 1, "-}}", 3) == 0
               ? 4
               : 0;
}

/* Behind "{{": does it trim what stands before? */
static int trims_here(const struct lex *lex, size_t at)
{
    return at + 1 < lex->source.length && lex->source.data[at] == '-' &&
           is_blank((unsigned char)lex->source.data[at + 1]);
}

/* ---- text and comments ----------------------------------------------------------------------- */

static int give(const struct lex *lex, enum lex_kind kind, size_t from, struct lex_token *ret)
{
    *ret = (struct lex_token){kind, {lex->source.data + from, lex->at - from}};
    return 0;
}

static void step_over_close(struct lex *lex)
{
    size_t length = close_here(lex);
    lex->at += length;
    if (length > 2)
        accept_all(lex, BLANKS);
}

/* Over the comment whose slash and asterisk are here: it fills its action whole. */
static int skip_comment(struct lex *lex, struct error *error)
{
    size_t start = lex->at;
    lex->at += 2;
    size_t length = find(rest(lex), "*/");
    if (length == rest(lex).length)
        return mark_error(error, -EINVAL, lex->source, start, "comment without its end");
    lex->at += length + 2;
    if (!close_here(lex))
        return mark_error(error, -EINVAL, lex->source, lex->at, "expected }} behind a comment");
    step_over_close(lex);
    return 0;
}

/* Outside of actions. */
static int next_text(struct lex *lex, struct lex_token *ret, struct error *error)
{
    while (lex->at < lex->source.length) {
        size_t from = lex->at, open = from + find(rest(lex), "{{");
        if (open == lex->source.length) {
            lex->at = open;
            return give(lex, LEX_TEXT, from, ret);
        }
        int trims = trims_here(lex, open + 2);
        lex->at = open - (trims ? blanks_before(lex, from, open) : 0);
        if (lex->at > from) {
            give(lex, LEX_TEXT, from, ret);
            lex->at = open;
            return 0;
        }
        lex->at = open + (trims ? 4 : 2);
        if (!starts(rest(lex), "/*")) {
            lex->inside = 1;
            lex->parens = 0;
            return give(lex, LEX_OPEN, open, ret);
        }
        int r = skip_comment(lex, error);
        if (r < 0)
            return r;
    }
    return give(lex, LEX_END, lex->at, ret);
}

/* ---- words and numbers ----------------------------------------------------------------------- */

/* What may follow a word: a blank, a sign that cannot be one of its own, or the end. */
static int ends_word(const struct lex *lex)
{
    uint32_t rune = peek(lex);
    return is_blank(rune) || rune == END || (rune < 0x80 && rune && strchr(".,|:)(", (char)rune)) ||
           starts(rest(lex), "}}");
}

static enum lex_kind kind_of_word(struct span word)
{
    static const struct {
        const char *word;
        enum lex_kind kind;
    } words[] = {
        {"block", LEX_BLOCK}, {"break", LEX_BREAK},       {"continue", LEX_CONTINUE},
        {"else", LEX_ELSE},   {"define", LEX_DEFINE},     {"end", LEX_ENDING},
        {"if", LEX_IF},       {"range", LEX_RANGE},       {"nil", LEX_NIL},
        {"with", LEX_WITH},   {"template", LEX_TEMPLATE}, {"true", LEX_BOOL},
        {"false", LEX_BOOL},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (span_is(word, words[i].word))
            return words[i].kind;
    return LEX_WORD;
}

static int next_word(struct lex *lex, enum lex_kind kind, size_t from, struct lex_token *ret,
                     struct error *error)
{
    while (is_word(peek(lex)))
        take(lex);
    if (!ends_word(lex))
        return mark_error(error, -EINVAL, lex->source, lex->at, "unexpected character in a name");
    give(lex, kind, from, ret);
    if (kind == LEX_WORD)
        ret->kind = kind_of_word(ret->text);
    if (kind == LEX_FIELD && ret->text.length == 1)
        ret->kind = LEX_DOT;
    return 0;
}

/* Over what looks like a number. Non-zero when no word follows it at once. */
static int skip_number(struct lex *lex)
{
    static const char decimal[] = "0123456789_", hex[] = "0123456789abcdefABCDEF_";
    const char *digits = decimal;
    accept(lex, "+-");
    if (accept(lex, "0")) {
        if (accept(lex, "xX"))
            digits = hex;
        else if (accept(lex, "oO"))
            digits = "01234567_";
        else if (accept(lex, "bB"))
            digits = "01_";
    }
    accept_all(lex, digits);
    if (accept(lex, "."))
        accept_all(lex, digits);
    if ((digits == decimal && accept(lex, "eE")) || (digits == hex && accept(lex, "pP"))) {
        accept(lex, "+-");
        accept_all(lex, decimal);
    }
    accept(lex, "i");
    return !is_word(peek(lex));
}

static int next_number(struct lex *lex, size_t from, struct lex_token *ret, struct error *error)
{
    if (!skip_number(lex))
        return mark_error(error, -EINVAL, lex->source, from, "this is no number");
    uint32_t sign = peek(lex);
    if (sign == '+' || sign == '-')
        return mark_error(error, -EINVAL, lex->source, lex->at,
                          "expected a blank behind a number; there are no complex numbers");
    return give(lex, LEX_NUMBER, from, ret);
}

/* ---- quotes and signs ------------------------------------------------------------------------ */

/* Behind the opening quote. What is between the quotes is read elsewhere. */
static int next_quote(struct lex *lex, enum lex_kind kind, char quote, size_t from,
                      struct lex_token *ret, struct error *error)
{
    while (lex->at < lex->source.length) {
        char c = lex->source.data[lex->at++];
        if (c == quote)
            return give(lex, kind, from, ret);
        if (quote == '`')
            continue;
        if (c == '\\' && lex->at < lex->source.length)
            c = lex->source.data[lex->at++];
        if (c == '\n')
            break;
    }
    return mark_error(error, -EINVAL, lex->source, from, "%s without its end", lex_name(kind));
}

static int next_sign(struct lex *lex, uint32_t rune, size_t from, struct lex_token *ret,
                     struct error *error)
{
    static const struct {
        char sign;
        enum lex_kind kind;
    } signs[] = {
        {'=', LEX_ASSIGN}, {'|', LEX_PIPE}, {',', LEX_COMMA}, {'(', LEX_LEFT}, {')', LEX_RIGHT}};
    if (rune < ' ' || rune > '~')
        return mark_error(error, -EINVAL, lex->source, from, "unexpected character");
    if (rune == ':') {
        if (!accept(lex, "="))
            return mark_error(error, -EINVAL, lex->source, from, "expected :=");
        return give(lex, LEX_DECLARE, from, ret);
    }
    if (rune == ')' && lex->parens == 0)
        return mark_error(error, -EINVAL, lex->source, from, "a ) without its (");
    lex->parens += (rune == '(') - (unsigned)(rune == ')');
    give(lex, LEX_OTHER, from, ret);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (rune == (unsigned char)signs[i].sign)
            ret->kind = signs[i].kind;
    return 0;
}

/* ---- inside of actions ----------------------------------------------------------------------- */

static int next_close(struct lex *lex, struct lex_token *ret, struct error *error)
{
    size_t from = lex->at;
    if (lex->parens)
        return mark_error(error, -EINVAL, lex->source, from, "expected ) before }}");
    step_over_close(lex);
    lex->inside = 0;
    return give(lex, LEX_CLOSE, from, ret);
}

/* The last blank of a run may be the first byte of " -}}". */
static int next_blank(struct lex *lex, struct lex_token *ret)
{
    size_t from = lex->at;
    while (!close_here(lex) && accept(lex, BLANKS)) {
    }
    return give(lex, LEX_BLANK, from, ret);
}

static int next_inside(struct lex *lex, struct lex_token *ret, struct error *error)
{
    if (close_here(lex))
        return next_close(lex, ret, error);
    size_t from = lex->at;
    if (is_blank(peek(lex)))
        return next_blank(lex, ret);
    uint32_t rune = take(lex), after = peek(lex);
    switch (rune) {
    case END: return mark_error(error, -EINVAL, lex->source, from, "expected }}");
    case '"': return next_quote(lex, LEX_STRING, '"', from, ret, error);
    case '`': return next_quote(lex, LEX_RAW, '`', from, ret, error);
    case '\'': return next_quote(lex, LEX_RUNE, '\'', from, ret, error);
    case '$': return next_word(lex, LEX_VARIABLE, from, ret, error);
    default: break;
    }
    if (rune == '.' && after != END && (after < '0' || after > '9'))
        return next_word(lex, LEX_FIELD, from, ret, error);
    if (rune == '+' || rune == '-' || rune == '.' || (rune >= '0' && rune <= '9')) {
        lex->at = from;
        return next_number(lex, from, ret, error);
    }
    if (is_word(rune))
        return next_word(lex, LEX_WORD, from, ret, error);
    return next_sign(lex, rune, from, ret, error);
}

int lex_next(struct lex *lex, struct lex_token *ret, struct error *error)
{
    return lex->inside ? next_inside(lex, ret, error) : next_text(lex, ret, error);
}

const char *lex_name(enum lex_kind kind)
{
    static const char *const names[] = {
        [LEX_END] = "the end of the template",
        [LEX_TEXT] = "text",
        [LEX_OPEN] = "{{",
        [LEX_CLOSE] = "}}",
        [LEX_BLANK] = "a blank",
        [LEX_WORD] = "a name",
        [LEX_BOOL] = "true or false",
        [LEX_FIELD] = "a field",
        [LEX_VARIABLE] = "a variable",
        [LEX_NUMBER] = "a number",
        [LEX_RUNE] = "a character",
        [LEX_STRING] = "a string",
        [LEX_RAW] = "a raw string",
        [LEX_PIPE] = "|",
        [LEX_LEFT] = "(",
        [LEX_RIGHT] = ")",
        [LEX_ASSIGN] = "=",
        [LEX_DECLARE] = ":=",
        [LEX_COMMA] = ",",
        [LEX_OTHER] = "a sign that has no meaning here",
        [LEX_DOT] = ".",
        [LEX_NIL] = "nil",
        [LEX_BLOCK] = "block",
        [LEX_BREAK] = "break",
        [LEX_CONTINUE] = "continue",
        [LEX_DEFINE] = "define",
        [LEX_ELSE] = "else",
        [LEX_ENDING] = "end",
        [LEX_IF] = "if",
        [LEX_RANGE] = "range",
        [LEX_TEMPLATE] = "template",
        [LEX_WITH] = "with",
    };
    return names[kind];
}
