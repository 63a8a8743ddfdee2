/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/listing.h"

#include "cli/output.h"
#include "cli/say.h"
#include "client/exchange.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a cell; what is longer is cut. */
#define CELL 512

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

/* The width of COLUMN, or 0 when it is to be left out. */
static size_t column_width(const cJSON *rows, const struct listing_column *column)
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

static void print_row(const cJSON *row, const struct listing_column *columns, const size_t *widths,
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

void listing_table(const cJSON *rows, const struct listing_column *columns, size_t count)
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

enum verb_exit listing_print(const struct exchange_answer *answer, const char *name,
                             const struct listing_column *columns, size_t count, bool as_json)
{
    if (as_json)
        return output_body(answer);
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->head.length);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, name);
    enum verb_exit status = VERB_OK;
    if (cJSON_IsArray(rows))
        listing_table(rows, columns, count);
    else
        status = say_failure(VERB_REFUSED, "the answer has no %s", name);
    cJSON_Delete(json);
    return status;
}
