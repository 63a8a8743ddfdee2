/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections with more to do in the next turn. Each pod has a line of its own, and only as much of
 * it is looked at as its share of the turn reaches: a thousand that wait cost the others nothing.
 */
#ifndef VSECM_SERVE_LINE_H
#define VSECM_SERVE_LINE_H

#include <stdint.h>

struct conn;

/* Of one pod, in the order in which they came; all zero when nobody is in it. */
struct line {
    struct conn *first, *last;
    struct line *next, *previous; /* the other lines with somebody in them */
    uint64_t pass;                /* the last one that came by here */
};

/* All lines with somebody in them; all zero at first. */
struct lines {
    struct line *first, *last;
    uint64_t passes; /* through all lines, so far */
};

/* Put CONN at the end of LINE, and LINE behind the others if it was empty. CONN is in no line. */
void line_join(struct lines *lines, struct line *line, struct conn *conn);

/* Take CONN, which is in it, out of LINE. */
void line_leave(struct lines *lines, struct line *line, struct conn *conn);

#endif
