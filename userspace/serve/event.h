/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What whoever follows a secret is told: that there is a value, or why there is none. Pure but for
 * what store_readable() does.
 */
#ifndef VSECM_SERVE_EVENT_H
#define VSECM_SERVE_EVENT_H

#include <stdint.h>

#include "base/span.h"
#include "page_abi.h"

struct reply;
struct store;
struct store_version;

#define EVENT_ID 64

struct event {
    char id[EVENT_ID];                   /* the same for the same state and for no other */
    enum page_reason reason;             /* PAGE_REASON_NONE: there is a value */
    const struct store_version *version; /* NULL with PAGE_REASON_NO_SECRET */
    int64_t until_us; /* when it becomes another by itself; VALIDITY_NEVER: not at all */
};

/* The state of KEY at NOW_US; it lives until the key is changed. */
void event_of(struct store *store, struct span key, int64_t now_us, struct event *ret);

/* The word for REASON in events and in audit; "ok" for PAGE_REASON_NONE. */
const char *event_reason(enum page_reason reason);

/* The head of an answer that is a stream of events. It ends with its connection. */
void event_head(struct reply *reply);

/* EVENT about KEY as server-sent text: BEFORE, and behind it AFTER. */
void event_write(const struct event *event, struct span key, struct reply *before,
                 struct reply *after);

/* A comment: the daemon is still here. */
void event_heartbeat(struct reply *reply);

#endif
