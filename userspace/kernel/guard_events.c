/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/guard_events.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "kernel/guard_state.h"

/* What is returned below zero ends the reading; what was read by then is taken. */
static int on_event(void *context, void *data, size_t size)
{
    struct guards *guards = context;
    if (size < sizeof(struct vsecm_denial))
        return 0;
    guards->tell(guards->context, data);
    return ++guards->told < guards->max ? 0 : -EAGAIN;
}

int guard_events_open(struct guards *guards)
{
    guards->ring = ring_buffer__new(guards->map[GUARD_EVENTS], on_event, guards, NULL);
    return guards->ring ? 0 : -errno;
}

int guard_events_fd(const struct guards *guards)
{
    return guards->ring ? ring_buffer__epoll_fd(guards->ring) : -1;
}

size_t guard_events_read(struct guards *guards, size_t max,
                         void (*tell)(void *context, const struct vsecm_denial *denial),
                         void *context)
{
    if (!guards->ring || max == 0)
        return 0;
    guards->tell = tell;
    guards->context = context;
    guards->max = max;
    guards->told = 0;
    ring_buffer__consume(guards->ring);
    return guards->told;
}
