/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's end of the connection with vsecm-sync, which comes and goes: whatever is asked gets
 * exactly one end, and whoever wants to know of something is told whichever vsecm-sync says it.
 */
#ifndef VSECM_CLUSTER_LINK_H
#define VSECM_CLUSTER_LINK_H

#include <stdint.h>

#include "wire/wire.h"

struct arena;
struct link;
struct loop;

/* Told of messages of one kind. */
typedef void link_observer(void *context, const struct wire_message *message);

/*
 * The answer to what was asked: of the kind that belongs to it, or a WIRE_RESULT. A WIRE_HISTORY is
 * answered by WIRE_VERSIONs and ends with a WIRE_RESULT. Asking from within is fine.
 */
typedef void link_answer(void *context, const struct wire_message *message);

/* What is sent lies in ARENA on its way. NULL: out of memory. */
struct link *link_new(struct loop *loop, struct arena *arena);

/*
 * Call OBSERVER for each message of KIND that answers nothing; WIRE_NONE: the connection was lost.
 * Several may observe one kind, and are called in the order in which they asked for it. 0 or
 * -ENOMEM. To be done before the first link_attach().
 */
int link_observe(struct link *link, enum wire_kind kind, link_observer *observer, void *context);

/*
 * Talk to the vsecm-sync at FD, a stream socket, the link's from now on. One that was there before
 * is cut off: it is the newer one that lives. 0 or -errno.
 */
int link_attach(struct link *link, int fd);

/* Send MESSAGE, to which there is no answer. 0, -ENOTCONN, or as channel_send(). */
int link_tell(struct link *link, const struct wire_message *message);

/*
 * Send MESSAGE, whose number the link sets. On 0 ANSWER is called later, never from within: when
 * the connection is lost or LIMIT_LINK_MS pass, with the WIRE_RESULT "unreachable". -ENOTCONN,
 * -EBUSY (LIMIT_LINK_ASKED are under way), or as channel_send(): then it is not called.
 */
int link_ask(struct link *link, struct wire_message *message, link_answer *answer, void *context);

/* Non-zero while vsecm-sync is there and says that the API server can be reached. */
int link_is_up(const struct link *link);

/* Why it is not, for people; "" while it is. */
const char *link_why(const struct link *link);

/* When that began, by clock_mono_ms(). */
uint64_t link_since_ms(const struct link *link);

/* For how many seconds it cannot be reached by now; 0 while it can. */
uint64_t link_unreached_s(const struct link *link);

/* Requests under way are answered "unreachable". NULL is fine. */
void link_free(struct link *link);

#endif
