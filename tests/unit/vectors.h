/* SPDX-License-Identifier: BSD-2-Clause */
/* What Go makes of many inputs (tests/conform/vectors.go), read row by row. */
#ifndef VSECM_TESTS_UNIT_VECTORS_H
#define VSECM_TESTS_UNIT_VECTORS_H

#include <inttypes.h>

#include "template/text.h"
#include "template/value.h"
#include "tests/unit/check.h"
#include "tests/unit/pools.h"

#define VECTORS_VALUES 64 /* of one row or of one list in it, at most */

struct vectors_row {
    struct span operation, input, output;
    struct value values[VECTORS_VALUES];
    size_t count;
    struct pool *pool;
};

static inline struct span vectors_word(struct span *line)
{
    const char *blank = memchr(line->data, ' ', line->length);
    size_t length = blank ? (size_t)(blank - line->data) : line->length;
    struct span word = {line->data, length};
    size_t taken = blank ? length + 1 : length;
    *line = (struct span){line->data + taken, line->length - taken};
    return word;
}

/* TEXT without its first byte, each \XX in it the byte that it stands for. */
static inline struct span vectors_text(struct pool *pool, struct span text)
{
    CHECK(text.length > 0);
    char *copy = pool_alloc(pool, text.length);
    size_t length = 0;
    for (size_t i = 1; i < text.length; i++) {
        unsigned byte = (unsigned char)text.data[i];
        if (byte == '\\') {
            CHECK(i + 2 < text.length && sscanf(text.data + i + 1, "%2x", &byte) == 1);
            i += 2;
        }
        copy[length++] = (char)byte;
    }
    return (struct span){copy, length};
}

static inline size_t vectors_values(struct pool *pool, struct span *line, struct value *ret);

static inline struct value vectors_list(struct pool *pool, struct span *line)
{
    struct value *items = pool_alloc(pool, VECTORS_VALUES * sizeof *items);
    size_t count = vectors_values(pool, line, items);
    return (struct value){.kind = VALUE_LIST, .list = {items, count}};
}

/* Names and values by turns, sorted by name. */
static inline struct value vectors_map(struct pool *pool, struct span *line)
{
    struct value list = vectors_list(pool, line);
    size_t count = list.list.count / 2;
    struct value_member *members = pool_alloc(pool, (count + 1) * sizeof *members);
    for (size_t i = 0; i < count; i++)
        members[i] =
            (struct value_member){list.list.items[2 * i].string, list.list.items[2 * i + 1]};
    return (struct value){.kind = VALUE_MAP, .map = {members, count}};
}

static inline struct value vectors_value(struct pool *pool, struct span word, struct span *line)
{
    struct value value = value_nil();
    uint64_t bits;
    switch (word.data[0]) {
    case 'n': return value;
    case 't': return value_bool(1);
    case 'f': return value_bool(0);
    case 'i': return value_int(strtoll(word.data + 1, NULL, 10));
    case 'y':
        value = value_int(strtoll(word.data + 1, NULL, 10));
        value.kind = VALUE_BYTE;
        return value;
    case 'd':
        bits = strtoull(word.data + 1, NULL, 16);
        value = value_float(0);
        memcpy(&value.number, &bits, sizeof bits);
        return value;
    case 's': return value_string(vectors_text(pool, word));
    case '[': return vectors_list(pool, line);
    case '{': return vectors_map(pool, line);
    default: check_fail(__FILE__, __LINE__, "a value begins with '%c'", word.data[0]);
    }
}

/* The values in front of a closing bracket, or of the end of LINE. */
static inline size_t vectors_values(struct pool *pool, struct span *line, struct value *ret)
{
    size_t count = 0;
    while (line->length) {
        struct span word = vectors_word(line);
        if (span_is(word, "]") || span_is(word, "}"))
            break;
        CHECK(count < VECTORS_VALUES);
        ret[count++] = vectors_value(pool, word, line);
    }
    return count;
}

/* TEXT must hold what ROW says. */
static inline void vectors_compare(const struct vectors_row *row, const struct text *text,
                                   size_t number)
{
    struct span got = text_all(text);
    if (text->error || !span_equal(got, row->output))
        check_fail(__FILE__, __LINE__, "row %zu: %.*s of \"%.*s\" is \"%.*s\", not \"%.*s\"",
                   number, (int)row->operation.length, row->operation.data, (int)row->input.length,
                   row->input.data, (int)got.length, got.data, (int)row->output.length,
                   row->output.data);
}

/*
 * Call RUN with every row of file NAME and a text to write to, and compare. VECTORS_DIR in the
 * environment has other files of these names. The number of rows.
 */
static inline size_t vectors_run(const char *name,
                                 void (*run)(const struct vectors_row *row, struct text *out))
{
    const char *directory = getenv("VECTORS_DIR");
    char path[512], *line = NULL;
    size_t size = 0, number = 0;
    ssize_t length;
    snprintf(path, sizeof path, "%s/%s.txt", directory ? directory : "tests/conform/vectors", name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while ((length = getline(&line, &size, file)) > 0) {
        if (line[0] == '#')
            continue;
        struct vectors_row row = {.pool = pools_new(LIMIT_TEMPLATE_MEMORY)};
        struct span rest = {line, (size_t)length - 1};
        row.operation = vectors_word(&rest);
        row.input = vectors_text(row.pool, vectors_word(&rest));
        row.output = vectors_text(row.pool, vectors_word(&rest));
        row.count = vectors_values(row.pool, &rest, row.values);
        struct text out = text_in(row.pool, LIMIT_TEMPLATE_OUTPUT);
        run(&row, &out);
        vectors_compare(&row, &out, ++number);
        pool_free(row.pool);
    }
    free(line);
    fclose(file);
    return number;
}

#endif
