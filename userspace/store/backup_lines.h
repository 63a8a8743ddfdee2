/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of a backup, read piece by piece: a head, records, an end. Empty lines, and whatever
 * blanks jq puts around, mean nothing. All plaintext is in the arena.
 */
#ifndef VSECM_STORE_BACKUP_LINES_H
#define VSECM_STORE_BACKUP_LINES_H

#include <stddef.h>

struct arena;
struct backup_lines;
struct error;
struct record;

/* One record, a put or an expiry. 0 or -errno, which ends the reading and is returned. */
typedef int backup_lines_take(void *context, const struct record *record);

/* ERROR outlives the reading. NULL: no memory. */
struct backup_lines *backup_lines_new(struct arena *arena, backup_lines_take *take, void *context,
                                      struct error *error);

/*
 * Read LENGTH bytes more of it; LINES is a struct backup_lines (this is an age_sink). 0, -EINVAL
 * with *error naming the line, never what it says, or -ENOSPC.
 */
int backup_lines_write(void *lines, const void *data, size_t length);

/* That was all: -EINVAL with *error when the end is missing. */
int backup_lines_end(struct backup_lines *lines);

/* Wipes. NULL is fine. */
void backup_lines_free(struct backup_lines *lines);

#endif
