/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from the bytes alone is in traits_of(); the choice between the styles is made as
 * yaml.v3 makes it, its slips included: a literal that begins with a line break loses that break,
 * and behind U+FEFF every character is escaped. Whoever compares files sees no difference.
 */
#include "template/yaml_scalar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/str.h"
#include "base/writer.h"
#include "template/number.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/utf8.h"
#include "template/value.h"
#include "template/yaml_word.h"

#define BASE64_LINE 70u /* characters of base64 in one line */
#define BOM 0xfeffu

/* ---- what a text is made of ------------------------------------------------------------------ */

struct traits {
    int plain, single, literal; /* these styles can hold it */
    int has_breaks;
};

static int is_break(uint32_t rune)
{
    return rune == '\n' || rune == '\r' || rune == 0x85 || rune == 0x2028 || rune == 0x2029;
}

/* Nothing above U+FFFF: yaml.v3 writes emoji as \U0001F600. */
static int is_printable(uint32_t rune)
{
    return rune == '\n' || (rune >= ' ' && rune < 0x7f) || (rune >= 0xa0 && rune < 0xd800) ||
           (rune >= 0xe000 && rune < 0xfffe && rune != BOM);
}

static int is_blank(uint32_t rune)
{
    return rune == ' ' || rune == '\t';
}

static uint32_t take_rune(struct span *text)
{
    uint32_t rune;
    size_t length = utf8_decode(*text, &rune);
    *text = (struct span){text->data + length, text->length - length};
    return rune;
}

/* The next byte is a blank, or there is none. */
static int ends_word(struct span text)
{
    return text.length == 0 || is_blank((unsigned char)text.data[0]);
}

/* RUNE, which begins a text or stands behind BEFORE, makes it look like YAML; REST follows. */
static int is_indicator(uint32_t rune, int is_first, uint32_t before, struct span rest)
{
    if (is_first && rune && rune < 0x80 && strchr("#,[]{}&*!|>'\"%@`", (int)rune))
        return 1;
    if (rune == ':' || (is_first && (rune == '?' || rune == '-')))
        return ends_word(rest);
    return rune == '#' && (before == '\0' || is_blank(before) || is_break(before));
}

static int begins_document_mark(struct span text)
{
    return text.length >= 3 &&
           (memcmp(text.data, "---", 3) == 0 || memcmp(text.data, "...", 3) == 0);
}

static struct traits traits_of(struct span text)
{
    int has_indicator = begins_document_mark(text), has_tab = 0, has_special = 0, has_breaks = 0;
    int blank_then_break = 0, break_then_blank = 0, is_edged = 0, ends_blank = 0;
    uint32_t before = 'x';
    if (!text.length)
        return (struct traits){.plain = 1, .single = 1};
    for (struct span rest = text; rest.length;) {
        int is_first = rest.data == text.data;
        uint32_t rune = take_rune(&rest);
        int is_edge = is_first || !rest.length;
        has_indicator |= is_indicator(rune, is_first, before, rest);
        has_tab |= rune == '\t';
        has_special |= rune != '\t' && !is_printable(rune);
        has_breaks |= is_break(rune);
        is_edged |= is_edge && (rune == ' ' || is_break(rune));
        ends_blank |= rune == ' ' && !rest.length;
        break_then_blank |= rune == ' ' && !is_first && is_break(before);
        blank_then_break |= is_break(rune) && !is_first && before == ' ';
        before = rune;
    }
    int is_odd = blank_then_break || has_special;
    return (struct traits){
        .single = !is_odd && !has_tab && !break_then_blank,
        .plain = !is_odd && !has_tab && !is_edged && !has_breaks && !has_indicator,
        .literal = !is_odd && !ends_blank,
        .has_breaks = has_breaks,
    };
}

/* ---- from a value to a scalar ---------------------------------------------------------------- */

static struct span in_pool(struct text *out, const char *words)
{
    struct span copy = pool_copy(out->pool, span_of(words));
    if (!copy.data)
        out->error = pool_error(out->pool);
    return copy;
}

static struct span number_of(double number, struct text *out)
{
    struct text text = text_in(out->pool, 64);
    if (isnan(number))
        text_add(&text, ".nan");
    else if (isinf(number))
        text_add(&text, number < 0 ? "-.inf" : ".inf");
    else
        number_format(&text, number, 'g', -1, 64);
    if (text.error)
        out->error = text.error;
    return text_all(&text);
}

/* Base64, in lines where one would be too long, each with its break. */
static struct span binary_of(struct span bytes, struct text *out)
{
    size_t length = (bytes.length + 2) / 3 * 4;
    char *data = pool_alloc(out->pool, length + 1);
    struct text text = text_in(out->pool, 2 * length + 1);
    if (!data) {
        out->error = pool_error(out->pool);
        return (struct span){"", 0};
    }
    struct writer writer = writer_on(data, length);
    writer_base64(&writer, bytes.data, bytes.length);
    for (size_t at = 0; at < length; at += BASE64_LINE) {
        size_t left = length - at;
        text_bytes(&text, data + at, left < BASE64_LINE ? left : BASE64_LINE);
        if (length >= BASE64_LINE)
            text_byte(&text, '\n');
    }
    if (text.error)
        out->error = text.error;
    return text_all(&text);
}

static struct yaml_scalar string_of(struct span string, struct text *out)
{
    struct yaml_scalar ret = {.text = string, .style = YAML_SCALAR_PLAIN};
    ret.is_binary = !str_is_utf8(string.data, string.length);
    if (ret.is_binary)
        ret.text = binary_of(string, out);
    struct traits traits = traits_of(ret.text);
    ret.is_multiple = traits.has_breaks;
    if (ret.text.length && memchr(ret.text.data, '\n', ret.text.length))
        ret.style = traits.literal ? YAML_SCALAR_LITERAL : YAML_SCALAR_DOUBLE;
    else if (!ret.is_binary && yaml_word(ret.text, out->pool))
        ret.style = YAML_SCALAR_DOUBLE;
    else if (!traits.plain)
        ret.style = traits.single ? YAML_SCALAR_SINGLE : YAML_SCALAR_DOUBLE;
    return ret;
}

struct yaml_scalar yaml_scalar_of(const struct value *value, struct text *out)
{
    char digits[32];
    struct span text = SPAN_LITERAL("null");
    switch (value->kind) {
    case VALUE_BOOL: text = span_of(value->boolean ? "true" : "false"); break;
    case VALUE_INT:
    case VALUE_BYTE:
        snprintf(digits, sizeof digits, "%" PRId64, value->integer);
        text = in_pool(out, digits);
        break;
    case VALUE_FLOAT: text = number_of(value->number, out); break;
    case VALUE_STRING: return string_of(value->string, out);
    default: break;
    }
    return (struct yaml_scalar){.text = text, .style = YAML_SCALAR_PLAIN};
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put(struct yaml_scalar_place *place, struct span bytes)
{
    text_span(place->out, bytes);
    place->column += bytes.length;
}

static void end_line(struct yaml_scalar_place *place)
{
    text_byte(place->out, '\n');
    place->column = 0;
    place->is_fresh = 1;
}

void yaml_scalar_indent(struct yaml_scalar_place *place, size_t indent)
{
    if (!place->is_fresh || place->column > indent || (place->column == indent && !place->is_blank))
        end_line(place);
    text_fill(place->out, ' ', indent - place->column);
    place->column = indent;
    place->is_blank = 1;
}

void yaml_scalar_mark(struct yaml_scalar_place *place, const char *mark, int needs_blank)
{
    if (needs_blank && !place->is_blank)
        put(place, SPAN_LITERAL(" "));
    put(place, span_of(mark));
    place->is_blank = 0;
}

/* The bytes of one rune at the front of TEXT, which is taken off. */
static struct span take_bytes(struct span *text, uint32_t *rune)
{
    struct span before = *text;
    *rune = take_rune(text);
    return (struct span){before.data, before.length - text->length};
}

/* A break inside of a scalar. Those of one byte end the line; others stand in it as they are. */
static void put_break(struct yaml_scalar_place *place, struct span bytes)
{
    if (bytes.data[0] == '\n') {
        end_line(place);
        return;
    }
    put(place, bytes);
    place->column = 0;
    place->is_fresh = 1;
}

/* TEXT as it is, QUOTE (or NUL) doubled; BEHIND_BREAK: a line has just ended. */
static void put_lines(struct yaml_scalar_place *place, struct span text, size_t indent,
                      int behind_break, uint32_t quote)
{
    while (text.length) {
        uint32_t rune;
        struct span bytes = take_bytes(&text, &rune);
        if (is_break(rune)) {
            put_break(place, bytes);
            behind_break = 1;
            continue;
        }
        if (behind_break)
            yaml_scalar_indent(place, indent);
        if (quote && rune == quote)
            put(place, bytes);
        put(place, bytes);
        place->is_fresh = 0;
        behind_break = 0;
    }
}

static void put_escape(struct yaml_scalar_place *place, uint32_t rune)
{
    static const struct {
        uint32_t rune;
        char letter;
    } letters[] = {{0, '0'},     {7, 'a'},    {8, 'b'},    {'\t', 't'},   {'\n', 'n'},
                   {11, 'v'},    {12, 'f'},   {'\r', 'r'}, {27, 'e'},     {'"', '"'},
                   {'\\', '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    char escape[16];
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (letters[i].rune == rune) {
            put(place, (struct span){(const char[]){'\\', letters[i].letter}, 2});
            return;
        }
    snprintf(escape, sizeof escape,
             rune <= 0xff     ? "\\x%02X"
             : rune <= 0xffff ? "\\u%04X"
                              : "\\U%08X",
             rune);
    put(place, span_of(escape));
}

static void put_double(struct yaml_scalar_place *place, struct span text)
{
    uint32_t rune;
    int all = text.length >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;
    yaml_scalar_mark(place, "\"", 1);
    while (text.length) {
        struct span bytes = take_bytes(&text, &rune);
        if (all || !is_printable(rune) || is_break(rune) || rune == '"' || rune == '\\')
            put_escape(place, rune);
        else
            put(place, bytes);
    }
    yaml_scalar_mark(place, "\"", 0);
    place->is_fresh = 0;
}

static void put_single(struct yaml_scalar_place *place, struct span text, size_t indent)
{
    yaml_scalar_mark(place, "'", 1);
    place->is_fresh = 0;
    put_lines(place, text, indent, 0, '\'');
    yaml_scalar_mark(place, "'", 0);
    place->is_fresh = 0;
}

/* Runes at the end of TEXT, up to two, that are breaks. */
static size_t breaks_at_end(struct span text)
{
    uint32_t last = 0, before = 0;
    while (text.length) {
        before = last;
        last = take_rune(&text);
    }
    return !is_break(last) ? 0 : is_break(before) ? 2 : 1;
}

static void put_literal(struct yaml_scalar_place *place, struct span text, size_t indent)
{
    struct span rest = text;
    uint32_t first = take_rune(&rest);
    size_t breaks = breaks_at_end(text);
    yaml_scalar_mark(place, "|", 1);
    if (first == ' ' || is_break(first))
        yaml_scalar_mark(place, "4", 0); /* always, however deep it stands: so does yaml.v3 */
    if (breaks != 1 || !rest.length)
        yaml_scalar_mark(place, breaks ? "+" : "-", 0);
    place->is_fresh = 0;
    place->is_blank = 1;
    put_lines(place, text, indent, 1, 0);
}

static void put_plain(struct yaml_scalar_place *place, struct span text)
{
    if (text.length && !place->is_blank)
        put(place, SPAN_LITERAL(" "));
    put(place, text);
    place->is_blank = place->is_blank && !text.length;
    place->is_fresh = 0;
}

void yaml_scalar_write(struct yaml_scalar_place *place, const struct yaml_scalar *scalar,
                       size_t indent)
{
    if (scalar->is_binary) {
        yaml_scalar_mark(place, "!!binary", 1);
        place->is_fresh = 0;
    }
    switch (scalar->style) {
    case YAML_SCALAR_PLAIN: put_plain(place, scalar->text); break;
    case YAML_SCALAR_SINGLE: put_single(place, scalar->text, indent); break;
    case YAML_SCALAR_DOUBLE: put_double(place, scalar->text); break;
    case YAML_SCALAR_LITERAL: put_literal(place, scalar->text, indent); break;
    }
}
