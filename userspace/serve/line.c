/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/line.h"

#include <stddef.h>

#include "serve/conn.h"

void line_join(struct lines *lines, struct line *line, struct conn *conn)
{
    conn->next_ready = NULL;
    conn->previous_ready = line->last;
    if (line->last) {
        line->last->next_ready = conn;
        line->last = conn;
        return;
    }
    line->first = line->last = conn;
    line->next = NULL;
    line->previous = lines->last;
    if (lines->last)
        lines->last->next = line;
    else
        lines->first = line;
    lines->last = line;
}

static void remove_line(struct lines *lines, struct line *line)
{
    if (line->previous)
        line->previous->next = line->next;
    else
        lines->first = line->next;
    if (line->next)
        line->next->previous = line->previous;
    else
        lines->last = line->previous;
    line->next = line->previous = NULL;
}

void line_leave(struct lines *lines, struct line *line, struct conn *conn)
{
    if (conn->previous_ready)
        conn->previous_ready->next_ready = conn->next_ready;
    else
        line->first = conn->next_ready;
    if (conn->next_ready)
        conn->next_ready->previous_ready = conn->previous_ready;
    else
        line->last = conn->previous_ready;
    if (!line->first)
        remove_line(lines, line);
}
