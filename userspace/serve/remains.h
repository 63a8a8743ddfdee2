/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets that are over and expensive to close: the kernel frees what their other end sent and
 * nobody read, message by message, while everybody else waits. Those are shut at once and closed a
 * few at a time, and until then they count as connections of whoever made them.
 */
#ifndef VSECM_SERVE_REMAINS_H
#define VSECM_SERVE_REMAINS_H

struct remain;

/* In the order in which they came. All zero: none. */
struct remains {
    struct remain *first, *last;
};

/*
 * Close FD, a connected socket, now (0), or shut it and keep it with OWNER for remains_close() (1):
 * when more than LIMIT_CLOSE_BYTES were not read.
 */
int remains_take(struct remains *remains, int fd, void *owner);

/* Close the oldest: 1 with *owner what came with it, or 0 when there is none. */
int remains_close(struct remains *remains, void **owner);

#endif
