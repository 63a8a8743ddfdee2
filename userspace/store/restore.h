/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backup brought back. The file is received piece by piece into the state directory, still
 * sealed, and then read twice: the first time all of it is checked, from the seal of its last chunk
 * to every record, and what it would change is found out; the second time it is done, as one change
 * that takes effect whole or not at all. Both in slices, while readers are served.
 *
 * A key that the store does not have comes back with all its versions, numbers and times. A key
 * that it has gets the newest value of the backup as a new version, unless that is what it has: its
 * numbers never step back. Keys that the backup does not have stay.
 */
#ifndef VSECM_STORE_RESTORE_H
#define VSECM_STORE_RESTORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct keyring;
struct restore;
struct store;

/* What becomes of one key. */
enum restore_change {
    RESTORE_SAME,    /* the store has that value already */
    RESTORE_NEW,     /* it had no such key */
    RESTORE_CHANGED, /* it had another value */
};

struct restore_row {
    struct span key;
    enum restore_change change;
    uint64_t version; /* that the key has afterwards */
};

/* No file, nothing under way. What an earlier one left in the directory is removed. NULL: no
 * memory. */
struct restore *restore_new(struct store *store, const struct keyring *keyring);

/*
 * Take the next piece of the file; OFFSET is where it goes, and 0 begins anew. *total = bytes
 * received in all. 0; -ESTALE: OFFSET is not what has been received; -EBUSY while a restore is
 * under way; or -errno (-ENOSPC): what was received is gone, for others need the room.
 */
int restore_receive(struct restore *restore, uint64_t offset, struct span piece, uint64_t *total);

/*
 * Restore the file: of COUNT keys, of all with COUNT 0. With IS_TRIAL nothing is changed. The keys
 * are copied. -EINPROGRESS with *ticket: store_options.settled tells; or at once, and so is what it
 * tells: 0; -EINVAL: the file is damaged, cut short, no backup, or sealed to another key; -ENOENT:
 * it lacks a key that was chosen; -EAGAIN: something else is under way, also an earlier restore
 * that is not settled yet; -ENOSPC; -errno.
 */
int restore_apply(struct restore *restore, const struct span *keys, size_t count, int is_trial,
                  int64_t now_us, uint64_t *ticket);

/*
 * More about the last restore_apply() once it is over: the rows, sorted by key, if it succeeded;
 * what was wrong, or "", if it did not. Both live until the next one.
 */
void restore_result(const struct restore *restore, const struct restore_row **rows, size_t *count,
                    const struct error **error);

/* NULL is fine. What was received is removed. */
void restore_free(struct restore *restore);

#endif
