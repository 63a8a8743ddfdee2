/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backup: every version that is kept, as of one moment, in an age file that stock age opens with
 * the key alone. Inside is one JSON object a line: a head, the records as they are sealed in the
 * log (store/record.h), an end. docs/FORMAT.md has it.
 *
 * It is made piece by piece, so that a backup of any size needs bounded memory, while changes and
 * even a rekey go on.
 */
#ifndef VSECM_STORE_BACKUP_H
#define VSECM_STORE_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* How the first line of every one begins. */
#define BACKUP_BEGINNING "{\"vsecmBackup\":"

struct age_recipient;
struct backup;
struct store;

/*
 * Begin one as of now, sealed to COUNT recipients. 0 with *ret the caller's; -EINVAL (no or too
 * many recipients), -ENOSPC (arena), -ENOMEM.
 */
int backup_new(struct store *store, const struct age_recipient *to, size_t count, int64_t now_us,
               struct backup **ret);

/* Bytes of the whole file: what backup_next() gives in all. */
uint64_t backup_size(const struct backup *backup);

/*
 * The next piece, which lives until the next call; empty at the end. 0, or -errno: the log cannot
 * be read, and what was given so far is no backup.
 */
int backup_next(struct backup *backup, struct span *piece);

/* NULL is fine. */
void backup_free(struct backup *backup);

#endif
