/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/export_book.h"

#include <stdlib.h>

#include "base/table.h"
#include "base/writer.h"
#include "store/key.h"

#define SHOWN 20u /* failed ones that the status names */

struct export_book {
    struct table *rows;
    void *context;
    struct export_row *first, *last; /* of the queue */
};

struct export_book *export_book_new(size_t max, void *context)
{
    struct export_book *book = calloc(1, sizeof *book);
    if (!book)
        return NULL;
    book->context = context;
    book->rows = table_new(max);
    if (book->rows)
        return book;
    free(book);
    return NULL;
}

static struct export_row *add(struct export_book *book, struct span key)
{
    struct export_row *row = calloc(1, sizeof *row + key.length);
    if (!row)
        return NULL;
    row->context = book->context;
    row->key_length = (uint16_t)key.length;
    memcpy(row->key, key.data, key.length);
    if (table_set(book->rows, export_book_key(row), row, NULL) == 0)
        return row;
    free(row);
    return NULL;
}

struct export_row *export_book_row(struct export_book *book, struct span key)
{
    if (!key_is_good(key) || !key_is_export(key))
        return NULL;
    struct export_row *row = table_find(book->rows, key);
    return row ? row : add(book, key);
}

static struct export_row *find(struct export_book *book, struct span namespace, const char *mark,
                               struct span name)
{
    char key[LIMIT_KEY];
    struct writer w = writer_on(key, sizeof key);
    writer_span(&w, namespace);
    writer_text(&w, mark);
    writer_span(&w, name);
    return writer_ok(&w) ? export_book_row(book, (struct span){key, w.used}) : NULL;
}

struct export_row *export_book_secret(struct export_book *book, struct span namespace,
                                      struct span name)
{
    return find(book, namespace, "/k8s.", name);
}

int export_book_is_object(struct span name)
{
    return key_is_name(name) && key_asks_export(name);
}

struct export_row *export_book_object(struct export_book *book, struct span namespace,
                                      struct span name)
{
    return find(book, namespace, "/", name);
}

struct export_row *export_book_next(const struct export_book *book, size_t *at)
{
    return table_next(book->rows, at);
}

void export_book_push(struct export_book *book, struct export_row *row)
{
    if (row->is_queued)
        return;
    row->is_queued = 1;
    row->next = NULL;
    if (book->last)
        book->last->next = row;
    else
        book->first = row;
    book->last = row;
}

struct export_row *export_book_pop(struct export_book *book)
{
    struct export_row *row = book->first;
    if (!row)
        return NULL;
    book->first = row->next;
    if (!book->first)
        book->last = NULL;
    row->is_queued = 0;
    return row;
}

void export_book_forget(struct export_book *book, int is_leader, uint64_t now_ms)
{
    struct export_row *row;
    for (size_t at = 0; (row = export_book_next(book, &at));) {
        int is_over = row->is_removed || (row->is_gone && !is_leader);
        if (is_over && !row->is_asked && !row->is_queued && row->retry_ms <= now_ms) {
            table_remove(book->rows, export_book_key(row));
            free(row);
            return;
        }
    }
}

static void write_failed(struct writer *w, const struct export_book *book)
{
    struct export_row *row;
    unsigned shown = 0;
    for (size_t at = 0; shown < SHOWN && (row = export_book_next(book, &at));) {
        if (!row->why)
            continue;
        struct key_parts key = key_split(export_book_key(row));
        writer_text(w, shown++ ? ",{\"key\":\"" : "{\"key\":\"");
        writer_span(w, key.namespace);
        writer_literal(w, "/");
        key_write_name(w, key.workload);
        writer_literal(w, "\",\"why\":");
        writer_json(w, row->why, strlen(row->why));
        writer_literal(w, "}");
    }
}

void export_book_write(struct writer *w, const struct export_book *book)
{
    struct export_row *row;
    uint64_t pending = 0, count = 0;
    for (size_t at = 0; (row = export_book_next(book, &at));) {
        count += row->is_there;
        pending +=
            row->is_queued || row->is_asked || (row->retry_ms && !row->is_gone && !row->is_removed);
    }
    writer_named_u64(w, ",\"secrets\":", count);
    writer_named_u64(w, ",\"pending\":", pending);
    writer_literal(w, ",\"failed\":[");
    write_failed(w, book);
    writer_literal(w, "]");
}

void export_book_free(struct export_book *book)
{
    if (!book)
        return;
    struct export_row *row;
    for (size_t at = 0; (row = table_next(book->rows, &at));)
        free(row);
    table_free(book->rows);
    free(book);
}
