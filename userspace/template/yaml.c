/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/yaml.h"

#include <stdlib.h>

#include "template/pool.h"
#include "template/text.h"
#include "template/value.h"
#include "template/yaml_order.h"
#include "template/yaml_scalar.h"

#define SIMPLE_KEY 128u /* bytes of a key, tag included, that stands in front of its colon */

/* The column of a level that is opened at INDENT, by an entry of a list or of a map. */
static size_t deeper(size_t indent, int in_list)
{
    /* Behind "- " whatever the width of a level; everything else goes to the next multiple of it.
     */
    if (in_list)
        return indent + 2;
    return (indent + YAML_SCALAR_INDENT) / YAML_SCALAR_INDENT * YAML_SCALAR_INDENT;
}

static void write_node(struct yaml_scalar_place *place, const struct value *value, size_t indent);

/* The mark of an entry, behind which a first entry of another level may follow in the same line. */
static void mark_entry(struct yaml_scalar_place *place, const char *mark, size_t indent)
{
    yaml_scalar_indent(place, indent);
    yaml_scalar_mark(place, mark, 1);
}

static void write_empty(struct yaml_scalar_place *place, const char *brackets)
{
    yaml_scalar_mark(place, brackets, 1);
    place->is_fresh = 0;
}

static void write_list(struct yaml_scalar_place *place, const struct value *list, size_t indent)
{
    for (size_t i = 0; i < list->list.count; i++) {
        mark_entry(place, "-", indent);
        write_node(place, &list->list.items[i], deeper(indent, 1));
    }
}

/* ---- maps ------------------------------------------------------------------------------------ */

static int by_order(const void *a, const void *b)
{
    const struct value_member *const *left = a, *const *right = b;
    return yaml_order((*left)->name, (*right)->name);
}

static int is_simple(const struct yaml_scalar *key)
{
    size_t tag = key->is_binary ? strlen("!!binary") : 0;
    return !key->is_multiple && key->text.length + tag <= SIMPLE_KEY;
}

static void write_member(struct yaml_scalar_place *place, const struct value_member *member,
                         size_t indent)
{
    const struct value name = value_string(member->name);
    struct yaml_scalar key = yaml_scalar_of(&name, place->out);
    size_t inside = deeper(indent, 0);
    if (is_simple(&key)) {
        yaml_scalar_indent(place, indent);
        yaml_scalar_write(place, &key, inside);
        yaml_scalar_mark(place, ":", 0);
        place->is_fresh = 0;
    } else {
        mark_entry(place, "?", indent);
        yaml_scalar_write(place, &key, inside);
        mark_entry(place, ":", indent);
    }
    write_node(place, &member->value, inside);
}

static void write_map(struct yaml_scalar_place *place, const struct value *map, size_t indent)
{
    size_t count = map->map.count;
    const struct value_member **order = pool_alloc(place->out->pool, count * sizeof(void *));
    if (!order) {
        place->out->error = pool_error(place->out->pool);
        return;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = &map->map.members[i];
    qsort(order, count, sizeof *order, by_order);
    for (size_t i = 0; i < count && !place->out->error; i++)
        write_member(place, order[i], indent);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* INDENT: of what is inside of VALUE. */
static void write_node(struct yaml_scalar_place *place, const struct value *value, size_t indent)
{
    if (value->kind == VALUE_LIST && !value->list.count) {
        write_empty(place, "[]");
    } else if (value->kind == VALUE_MAP && !value->map.count) {
        write_empty(place, "{}");
    } else if (value->kind == VALUE_LIST) {
        write_list(place, value, indent);
    } else if (value->kind == VALUE_MAP) {
        write_map(place, value, indent);
    } else {
        struct yaml_scalar scalar = yaml_scalar_of(value, place->out);
        yaml_scalar_write(place, &scalar, indent);
    }
}

int yaml_write(struct text *out, const struct value *value)
{
    int is_nested = value->kind == VALUE_LIST || value->kind == VALUE_MAP;
    struct yaml_scalar_place place = {.out = out, .is_blank = 1, .is_fresh = 1};
    write_node(&place, value, is_nested ? 0 : YAML_SCALAR_INDENT);
    yaml_scalar_indent(&place, 0);
    return out->error ? out->error : pool_error(out->pool);
}
