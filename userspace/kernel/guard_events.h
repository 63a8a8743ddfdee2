/* SPDX-License-Identifier: BSD-2-Clause */
/* Denials, as they come out of the ring. */
#ifndef VSECM_KERNEL_GUARD_EVENTS_H
#define VSECM_KERNEL_GUARD_EVENTS_H

#include <stddef.h>

struct guards;
struct vsecm_denial;

/* Have the ring at hand: its memory is mapped here, and reading it needs no right afterwards. 0 or
 * -errno. */
int guard_events_open(struct guards *guards);

/* guard_event_fd() and guard_read_events() of guard.h. */
int guard_events_fd(const struct guards *guards);
size_t guard_events_read(struct guards *guards, size_t max,
                         void (*tell)(void *context, const struct vsecm_denial *denial),
                         void *context);

#endif
