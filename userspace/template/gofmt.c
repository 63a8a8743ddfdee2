/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gofmt.h"

#include "template/gofmt_number.h"
#include "template/gofmt_spec.h"
#include "template/gofmt_text.h"
#include "template/text.h"
#include "template/value.h"

static void print_nested(struct text *out, const struct gofmt_spec *spec,
                         const struct value *value);

/* ---- lists and maps -------------------------------------------------------------------------- */

/* Before an item: what separates it from the one before. */
static void separate(struct text *out, const struct gofmt_spec *spec, size_t at)
{
    if (at > 0)
        text_add(out, spec->go_syntax ? ", " : " ");
}

static void print_list(struct text *out, const struct gofmt_spec *spec, const struct value *list)
{
    if (spec->go_syntax)
        text_add(out, value_type(list));
    text_byte(out, spec->go_syntax ? '{' : '[');
    for (size_t i = 0; i < list->list.count && !out->error; i++) {
        separate(out, spec, i);
        print_nested(out, spec, &list->list.items[i]);
    }
    text_byte(out, spec->go_syntax ? '}' : ']');
}

static void print_map(struct text *out, const struct gofmt_spec *spec, const struct value *map)
{
    text_add(out, spec->go_syntax ? value_type(map) : "map");
    text_byte(out, spec->go_syntax ? '{' : '[');
    for (size_t i = 0; i < map->map.count && !out->error; i++) {
        const struct value_member *member = &map->map.members[i];
        struct value name = value_string(member->name);
        separate(out, spec, i);
        print_nested(out, spec, &name);
        text_byte(out, ':');
        print_nested(out, spec, &member->value);
    }
    text_byte(out, spec->go_syntax ? '}' : ']');
}

/* ---- any value ------------------------------------------------------------------------------- */

static int print_bool(struct text *out, const struct gofmt_spec *spec, int boolean)
{
    if (spec->verb != 't' && spec->verb != 'v')
        return 0;
    gofmt_text_word(out, spec, boolean ? "true" : "false");
    return 1;
}

static int is_nil(const struct value *value)
{
    return value->kind == VALUE_NIL || value->kind == VALUE_NONE;
}

/* VALUE, which is not nil. 0 with nothing written when the verb is none for its kind. */
static int print_known(struct text *out, const struct gofmt_spec *spec, const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL: return print_bool(out, spec, value->boolean);
    case VALUE_INT: return gofmt_number_int(out, spec, value->integer);
    case VALUE_BYTE: return gofmt_number_byte(out, spec, (uint8_t)value->integer);
    case VALUE_FLOAT: return gofmt_number_float(out, spec, value->number);
    case VALUE_STRING: return gofmt_text(out, spec, value->string);
    case VALUE_LIST: print_list(out, spec, value); return 1;
    case VALUE_MAP: print_map(out, spec, value); return 1;
    case VALUE_NONE:
    case VALUE_NIL: break;
    }
    return 0;
}

/* %!z(string=hi) */
static void print_bad_verb(struct text *out, const struct gofmt_spec *spec,
                           const struct value *value)
{
    struct gofmt_spec plain = *spec;
    plain.verb = 'v';
    text_add(out, "%!");
    text_rune(out, spec->verb);
    text_byte(out, '(');
    text_add(out, value_type(value));
    if (!is_nil(value)) {
        text_byte(out, '=');
        print_known(out, &plain, value);
    }
    text_byte(out, ')');
}

/* In a list or map. Nil is there a type's nil, which no verb or width changes. */
static void print_nested(struct text *out, const struct gofmt_spec *spec, const struct value *value)
{
    if (is_nil(value))
        text_add(out, spec->go_syntax ? "interface {}(nil)" : "<nil>");
    else if (!print_known(out, spec, value))
        print_bad_verb(out, spec, value);
}

static void print_argument(struct text *out, const struct gofmt_spec *spec,
                           const struct value *value)
{
    uint32_t verb = spec->verb;
    if (is_nil(value) && (verb == 'v' || verb == 'T')) {
        gofmt_text_word(out, spec, "<nil>");
    } else if (verb == 'T') {
        struct gofmt_spec name = *spec;
        name.verb = 's';
        gofmt_text(out, &name, span_of(value_type(value)));
    } else if (verb == 'p' || verb == 'w' || !print_known(out, spec, value)) {
        /* Verbs that lists and maps do not hand on to their items: there are neither pointers nor
         * errors. */
        print_bad_verb(out, spec, value);
    }
}

void gofmt_value(struct text *out, const struct value *value)
{
    struct gofmt_spec spec = gofmt_spec_default();
    print_argument(out, &spec, value);
}

/* ---- print, println, printf ------------------------------------------------------------------ */

void gofmt_print(struct text *out, const struct value *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && args[i].kind != VALUE_STRING && args[i - 1].kind != VALUE_STRING)
            text_byte(out, ' ');
        gofmt_value(out, &args[i]);
    }
}

void gofmt_println(struct text *out, const struct value *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_byte(out, ' ');
        gofmt_value(out, &args[i]);
    }
    text_byte(out, '\n');
}

static void print_directive(struct text *out, struct gofmt_spec_reader *reader)
{
    struct gofmt_spec spec;
    const char *trouble = NULL;
    if (!gofmt_spec_read(reader, out, &spec)) {
        text_add(out, "%!(NOVERB)");
        return;
    }
    if (spec.verb == '%') {
        text_byte(out, '%');
        return;
    }
    if (spec.is_bad_index)
        trouble = "(BADINDEX)";
    else if (reader->next >= reader->count)
        trouble = "(MISSING)";
    if (!trouble) {
        print_argument(out, &spec, &reader->args[reader->next++]);
        return;
    }
    text_add(out, "%!");
    text_rune(out, spec.verb);
    text_add(out, trouble);
}

/* Arguments that no directive took. */
static void print_extra(struct text *out, const struct value *args, size_t count)
{
    text_add(out, "%!(EXTRA ");
    for (size_t i = 0; i < count && !out->error; i++) {
        if (i > 0)
            text_add(out, ", ");
        text_add(out, value_type(&args[i]));
        if (is_nil(&args[i]))
            continue;
        text_byte(out, '=');
        gofmt_value(out, &args[i]);
    }
    text_byte(out, ')');
}

void gofmt_printf(struct text *out, struct span format, const struct value *args, size_t count)
{
    struct gofmt_spec_reader reader = {.rest = format, .args = args, .count = count};
    while (reader.rest.length && !out->error) {
        const char *percent = memchr(reader.rest.data, '%', reader.rest.length);
        size_t length = percent ? (size_t)(percent - reader.rest.data) : reader.rest.length;
        text_bytes(out, reader.rest.data, length);
        if (!percent)
            break;
        reader.rest = (struct span){percent + 1, reader.rest.length - length - 1};
        print_directive(out, &reader);
    }
    if (!reader.reordered && reader.next < count)
        print_extra(out, args + reader.next, count - reader.next);
}
