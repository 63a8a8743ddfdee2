/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The newest version of every key as of one moment, to be read at leisure: values stay in the log
 * until they are asked for, one by one, while changes and even a rekey go on.
 */
#ifndef VSECM_STORE_SNAPSHOT_H
#define VSECM_STORE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct record;
struct snapshot;

/* One as of now. 0 with *ret the caller's, or -ENOMEM. The store's arena outlives it. */
int snapshot_new(struct store *store, struct snapshot **ret);

size_t snapshot_count(const struct snapshot *snapshot);

/* Row INDEX, sorted by key; it lives as long as the snapshot. */
const struct store_row *snapshot_row(const struct snapshot *snapshot, size_t index);

/* Bytes that its value has at most: known without reading it. */
size_t snapshot_bound(const struct snapshot *snapshot, size_t index);

/*
 * Its value, in the arena. On 0 *ret is to be given to record_done(). -ESTALE: it has expired at
 * NOW_US; -EBADMSG or -EUCLEAN: its record is not what was stored; else -errno.
 */
int snapshot_read(const struct snapshot *snapshot, size_t index, int64_t now_us,
                  struct record *ret);

/* NULL is fine. */
void snapshot_free(struct snapshot *snapshot);

#endif
