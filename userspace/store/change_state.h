/* SPDX-License-Identifier: BSD-2-Clause */
/* What change.c and stage.c share; nobody else includes it. */
#ifndef VSECM_STORE_CHANGE_STATE_H
#define VSECM_STORE_CHANGE_STATE_H

#include "store/change.h"
#include "store/record.h"
#include "store/store.h"

struct entry;

/* One key's change, from its preparation until it is durable. */
struct change {
    struct change *following;
    struct entry *entry;
    enum record_op op;
    uint64_t call;
    int has_no_past; /* a put that takes the place of all versions there are */
    struct store_version next;
};

/* The changes of one call, until they are written. */
struct change_call {
    struct store *store;
    uint64_t number;
    int64_t now_us;
    struct change *first, *last;
};

/* A change of ENTRY by CALL, at its end. NULL: out of memory. */
struct change *change_state_add(struct change_call *call, struct entry *entry, enum record_op op);

/* Prepare a put as change_put() says. A key that CALL has changed already is passed over. */
int change_state_put(struct change_call *call, struct span key, const struct change_put *put,
                     struct change_conflict *conflict);

/* All of CALL is in the log as a whole batch: it takes effect, now or with the next sync. */
int change_state_written(struct change_call *call, uint64_t *ticket);

/* None of CALL is in the log: as if it had never been. */
void change_state_forget(struct change_call *call);

#endif
