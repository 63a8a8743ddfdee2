/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A power cut: what of a directory's files was written and not synced is lost, as a whole or in
 * holes, and so is a rename whose directory was not synced. Notes are taken in one process, from
 * power_begin() on; files that were there then count as synced.
 */
#ifndef VSECM_TESTS_FAULT_POWER_H
#define VSECM_TESTS_FAULT_POWER_H

#include <sys/types.h>

void power_begin(int dir);

/* FD is about to be written to at OFFSET; what it had there and behind is the older state. */
void power_note_write(int fd, off_t offset);

/* FD, a file or the directory, was synced. */
void power_note_sync(int fd);

/* Something is about to get the name TO in DIR. */
void power_note_rename(int dir, const char *to);

/* Lose what was not synced; PARTLY: each piece of it by the toss of a coin. */
void power_cut(int partly);

#endif
