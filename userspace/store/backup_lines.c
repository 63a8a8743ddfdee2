/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/backup_lines.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "crypto/arena.h"
#include "limits.h"
#include "store/json.h"
#include "store/record.h"

#define FORMAT 1 /* member "vsecmBackup" of the head */

enum state { WANTS_HEAD, WANTS_RECORD, HAS_ENDED };

struct backup_lines {
    struct arena *arena;
    backup_lines_take *take;
    void *context;
    struct error *error;
    enum state state;
    unsigned long number; /* of the line, from 1 */
    double promised;      /* records, by the head */
    double seen;          /* and those that were there, or had been and could not be read */
    char *line;           /* in the arena: the front of a line whose end is to come */
    size_t used, size;
};

struct backup_lines *backup_lines_new(struct arena *arena, backup_lines_take *take, void *context,
                                      struct error *error)
{
    struct backup_lines *lines = calloc(1, sizeof *lines);
    if (lines)
        *lines = (struct backup_lines){
            .arena = arena, .take = take, .context = context, .error = error, .number = 1};
    return lines;
}

static int wrong(struct backup_lines *lines, const char *what)
{
    return error_set(lines->error, -EINVAL, "line %lu of the backup %s", lines->number, what);
}

/* ---- kinds of lines -------------------------------------------------------------------------- */

/* The number that member NAME of LINE is; -1 when it is none. */
static double number_in(struct span line, const char *name, int *ret_is_full)
{
    struct cJSON *json = NULL;
    const char *why;
    *ret_is_full = json_read(line, &json, &why) == -ENOSPC;
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    double number = cJSON_IsNumber(member) ? member->valuedouble : -1;
    cJSON_Delete(json);
    return number;
}

static int take_head(struct backup_lines *lines, struct span line)
{
    int is_full;
    double format = number_in(line, "vsecmBackup", &is_full);
    if (is_full)
        return -ENOSPC;
    if (format < 0)
        return wrong(lines, "is not the head of a backup ({\"vsecmBackup\":1,...})");
    if (format > FORMAT || format < FORMAT)
        return wrong(lines, "says that another version of this program wrote it");
    lines->promised = number_in(line, "records", &is_full);
    lines->state = WANTS_RECORD;
    return is_full ? -ENOSPC : 0;
}

static int is_equal(double a, double b)
{
    return a >= b && a <= b;
}

static int take_end(struct backup_lines *lines, double records)
{
    if (!is_equal(records, lines->promised) || !is_equal(records, lines->seen))
        return error_set(lines->error, -EINVAL,
                         "the backup has %.0f records, its head promises %.0f and its end %.0f",
                         lines->seen, lines->promised, records);
    lines->state = HAS_ENDED;
    return 0;
}

static int take_record(struct backup_lines *lines, struct span line)
{
    struct record record;
    struct error why = {""};
    int is_full;
    int r = record_read(line, lines->arena, &record, &why);
    if (r == -EINVAL) {
        double records = number_in(line, "end", &is_full);
        if (records >= 0)
            return take_end(lines, records);
        return error_set(lines->error, r, "line %lu of the backup: %.300s", lines->number,
                         why.text);
    }
    if (r < 0)
        return r;
    lines->seen++;
    if (record.op == RECORD_DELETE)
        r = wrong(lines, "has a deletion, which no backup has");
    else
        r = lines->take(lines->context, &record);
    record_done(lines->arena, &record);
    return r;
}

static int take_line(struct backup_lines *lines, struct span line)
{
    int r = 0;
    size_t length = line.length;
    line = str_trim(line);
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    if (line.length == 0) /* a long one of blanks was a record: see backup.c */
        lines->seen += length > 1 && lines->state == WANTS_RECORD;
    else if (lines->state == WANTS_HEAD)
        r = take_head(lines, line);
    else if (lines->state == WANTS_RECORD)
        r = take_record(lines, line);
    else
        r = wrong(lines, "stands behind the end");
    lines->number++;
    return r;
}

/* ---- lines out of pieces --------------------------------------------------------------------- */

static int keep(struct backup_lines *lines, struct span part)
{
    if (part.length > LIMIT_RECORD - lines->used)
        return wrong(lines, "is longer than any record");
    if (part.length > lines->size - lines->used) {
        size_t size = 2 * (lines->used + part.length);
        size = size < 4096 ? 4096 : size > LIMIT_RECORD ? LIMIT_RECORD : size;
        char *line = arena_alloc(lines->arena, size);
        if (!line)
            return -ENOSPC;
        if (lines->used)
            memcpy(line, lines->line, lines->used);
        arena_free(lines->arena, lines->line);
        lines->line = line;
        lines->size = size;
    }
    if (part.length)
        memcpy(lines->line + lines->used, part.data, part.length);
    lines->used += part.length;
    return 0;
}

/* PART ends a line. */
static int end_line(struct backup_lines *lines, struct span part)
{
    if (!lines->used)
        return take_line(lines, part);
    int r = keep(lines, part);
    if (r == 0)
        r = take_line(lines, (struct span){lines->line, lines->used});
    arena_wipe(lines->line, lines->used);
    lines->used = 0;
    return r;
}

int backup_lines_write(void *context, const void *data, size_t length)
{
    struct backup_lines *lines = context;
    struct span rest = {data, length};
    int r = 0;
    while (r == 0 && rest.length) {
        const char *newline = memchr(rest.data, '\n', rest.length);
        if (!newline)
            return keep(lines, rest);
        size_t front = (size_t)(newline - rest.data);
        r = end_line(lines, (struct span){rest.data, front});
        rest = (struct span){newline + 1, rest.length - front - 1};
    }
    return r;
}

int backup_lines_end(struct backup_lines *lines)
{
    int r = lines->used ? end_line(lines, (struct span){"", 0}) : 0;
    if (r == 0 && lines->state != HAS_ENDED)
        r = error_set(lines->error, -EINVAL, "the backup has no end: it is not whole");
    return r;
}

void backup_lines_free(struct backup_lines *lines)
{
    if (!lines)
        return;
    arena_free(lines->arena, lines->line);
    free(lines);
}
