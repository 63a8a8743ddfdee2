/* SPDX-License-Identifier: BSD-2-Clause */
/* Small files that people write, read whole; and the lines and words in them. */
#ifndef VSECM_BASE_FILE_H
#define VSECM_BASE_FILE_H

#include <stddef.h>

#include "base/span.h"

struct error;

/*
 * Open PATH for reading. Refused are what is no regular file or has more than MAX bytes, and a file
 * that anybody but its owner can write, or whose owner is neither root nor our uid: what it says
 * decides who is who. A descriptor, the caller's, with what the file says its SIZE is, or -errno
 * with *error naming the file.
 */
int file_open(const char *path, size_t max, size_t *size, struct error *error);

/*
 * The whole of PATH, at most MAX bytes, followed by a NUL that does not count. A NUL inside is
 * refused, and so is what file_open() refuses. On 0 *ret is the caller's, to be freed; else -errno
 * with *error naming the file.
 */
int file_read(const char *path, size_t max, char **ret, size_t *length, struct error *error);

/* A walk over the lines of a text in which '#' starts a comment and empty lines mean nothing. */
struct file_lines {
    struct span rest;
    unsigned number; /* of the line just given, from 1 */
};

/* The next line with something in it, trimmed, without its comment; 0 at the end. */
int file_next_line(struct file_lines *lines, struct span *ret);

/* The next word of *LINE, cut off its front; 0 when there is none. Words are split by blanks. */
int file_next_word(struct span *line, struct span *ret);

#endif
