/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/output.h"

#include "cli/say.h"
#include "client/exchange.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a cell; what is longer is cut. */
#define CELL 512

int output_write(int fd, const void *data, size_t length)
{
    for (const char *at = data; length;) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        length -= (size_t)written;
    }
    return 0;
}

enum verb_exit output_bytes(const void *data, size_t length)
{
    int r = output_write(STDOUT_FILENO, data, length);
    return r ? say_failure(VERB_REFUSED, "standard output: %s", strerror(-r)) : VERB_OK;
}

enum verb_exit output_value(const char *data, size_t length)
{
    enum verb_exit status = output_bytes(data, length);
    bool ends = !isatty(STDOUT_FILENO) || (length && data[length - 1] == '\n');
    return status || ends ? status : output_bytes("\n", 1);
}

enum verb_exit output_body(const struct exchange_answer *answer)
{
    size_t length = answer->head.length;
    enum verb_exit status = output_bytes(answer->body, length);
    bool ends = length && answer->body[length - 1] == '\n';
    return status || ends ? status : output_bytes("\n", 1);
}

/* ITEM as one line of text. */
static void format_cell(const cJSON *item, char cell[CELL])
{
    cell[0] = '\0';
    if (cJSON_IsString(item))
        snprintf(cell, CELL, "%s", item->valuestring);
    else if (item)
        cJSON_PrintPreallocated((cJSON *)item, cell, CELL, false);
    for (char *c = cell; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* The width of COLUMN, or 0 when it is to be left out. */
static size_t column_width(const cJSON *rows, const struct output_column *column)
{
    char cell[CELL];
    size_t width = strlen(column->title);
    bool told = !column->usual;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        format_cell(cJSON_GetObjectItemCaseSensitive(row, column->member), cell);
        width = strlen(cell) > width ? strlen(cell) : width;
        told = told || strcmp(cell, column->usual) != 0;
    }
    return told ? width : 0;
}

/* Blanks go before a cell, not behind it, so that no line ends in them. */
static void print_cell(const char *cell, size_t width, size_t *behind)
{
    printf("%*s%s", (int)*behind, "", cell);
    *behind = width - strlen(cell) + 2;
}

static void print_row(const cJSON *row, const struct output_column *columns, const size_t *widths,
                      size_t count)
{
    char cell[CELL];
    size_t behind = 0;
    for (size_t i = 0; i < count; i++) {
        format_cell(row ? cJSON_GetObjectItemCaseSensitive(row, columns[i].member) : NULL, cell);
        if (widths[i])
            print_cell(row ? cell : columns[i].title, widths[i], &behind);
    }
    putchar('\n');
}

void output_table(const cJSON *rows, const struct output_column *columns, size_t count)
{
    enum { MOST = 8 };
    size_t widths[MOST];
    if (count > MOST)
        count = MOST;
    for (size_t i = 0; i < count; i++)
        widths[i] = column_width(rows, &columns[i]);
    print_row(NULL, columns, widths, count);
    const cJSON *row;
    cJSON_ArrayForEach(row, rows) print_row(row, columns, widths, count);
}

enum verb_exit output_list(const struct exchange_answer *answer, const char *name,
                           const struct output_column *columns, size_t count, bool as_json)
{
    if (as_json)
        return output_body(answer);
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->head.length);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, name);
    enum verb_exit status = VERB_OK;
    if (cJSON_IsArray(rows))
        output_table(rows, columns, count);
    else
        status = say_failure(VERB_REFUSED, "the answer has no %s", name);
    cJSON_Delete(json);
    return status;
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Call USE for every member, those of inner objects as OUTER.INNER. */
static void for_each(const cJSON *object, void (*use)(const char *, const cJSON *, size_t *),
                     size_t *width)
{
    const cJSON *member, *inner;
    cJSON_ArrayForEach(member, object)
    {
        if (!cJSON_IsObject(member)) {
            use(member->string, member, width);
            continue;
        }
        cJSON_ArrayForEach(inner, member)
        {
            char name[128];
            snprintf(name, sizeof name, "%s.%s", member->string, inner->string);
            use(name, inner, width);
        }
    }
}

static void measure(const char *name, const cJSON *value, size_t *width)
{
    (void)value;
    *width = strlen(name) > *width ? strlen(name) : *width;
}

static void print_line(const char *name, const cJSON *value, size_t *width)
{
    char cell[CELL];
    format_cell(value, cell);
    printf(cell[0] ? "%s:%*s %s\n" : "%s:\n", name, (int)(*width - strlen(name)), "", cell);
}

enum verb_exit output_object(const struct exchange_answer *answer)
{
    cJSON *object = cJSON_ParseWithLength(answer->body, answer->head.length);
    enum verb_exit status = VERB_OK;
    size_t width = 0;
    if (cJSON_IsObject(object)) {
        for_each(object, measure, &width);
        for_each(object, print_line, &width);
    } else {
        status = say_failure(VERB_REFUSED, "the answer is no JSON object");
    }
    cJSON_Delete(object);
    return status;
}
