/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A change of many keys that is put together over several turns of the loop and takes effect as a
 * whole: what a restore is. Until it is committed or abandoned all other changes get -EAGAIN;
 * readers notice nothing.
 */
#ifndef VSECM_STORE_STAGE_H
#define VSECM_STORE_STAGE_H

#include <stdint.h>

#include "base/span.h"

struct change_put;
struct record;
struct stage;
struct store;

/* 0 with *ret, -EAGAIN while anything else is under way, -ENOKEY, -EIO, -ENOMEM. */
int stage_begin(struct store *store, int64_t now_us, struct stage **ret);

/* A new version of KEY, as change_put() makes it. 0 or -errno: then abandon the stage. */
int stage_put(struct stage *stage, struct span key, const struct change_put *put);

/*
 * A version of a key that is not in the store, with its number and times as RECORD has them; of one
 * key, numbers grow. 0 or -errno: -EINVAL, the key is there or the number is no greater; then
 * abandon the stage.
 */
int stage_record(struct stage *stage, const struct record *record);

/*
 * Make it all take effect, as change_put() does: 0, -EINPROGRESS with *ticket, which is left as it
 * is unless it was 0, or -errno, and nothing has changed. The stage is gone.
 */
int stage_commit(struct stage *stage, uint64_t *ticket);

/* Nothing of it has been. NULL is fine. */
void stage_abandon(struct stage *stage);

#endif
