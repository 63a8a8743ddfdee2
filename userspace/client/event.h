/* SPDX-License-Identifier: BSD-2-Clause */
/* What an event of a watch says, as docs/API.md has it. */
#ifndef VSECM_CLIENT_EVENT_H
#define VSECM_CLIENT_EVENT_H

#include "client/event_stream.h"
#include "vsecm/vsecm.h"

#include <stdbool.h>

/* Whether events of its type are for us; others are for those who know them. */
bool event_is_ours(const struct event_stream_event *event);

/*
 * Read FROM, one of ours, whose data is used up. On VSECM_OK *ret is to be cleared by
 * vsecm_event_clear(). Else VSECM_PROTOCOL, and *wrong says what is as a constant text that follows
 * "the event", or VSECM_NO_MEMORY; then *ret means nothing.
 */
vsecm_result event_read(const struct event_stream_event *from, vsecm_event *ret,
                        const char **wrong);

#endif
