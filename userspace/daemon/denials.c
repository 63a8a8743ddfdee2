/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/denials.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/writer.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "limits.h"
#include "serve/audit.h"
#include "serve/audit_line.h"
#include "serve/service.h"

#define SECOND_MS 1000u
#define QUIET_MS 60000u /* without any, and the next one is logged again */

struct denials {
    struct loop *loop;
    struct attest *attest;
    struct service *service;
    struct loop_source source;
    struct loop_timer timer;
    uint64_t lost; /* as it was told last */
    uint64_t quiet_until_ms;
};

static void keep(struct service *service, const char *line, const struct writer *w)
{
    /* Nothing is served here, so a record that cannot be kept is counted and no more. */
    if (writer_ok(w) && audit_reserve(service->audit, 1) == 0)
        audit_append(service->audit, line, w->used);
}

static void on_denial(void *context, const struct vsecm_denial *denial)
{
    struct denials *denials = context;
    char line[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(line, sizeof line);
    struct vsecm_chain chain;
    int is_known = attest_chain(denials->attest, denial->cgroup_id, &chain) == 0;
    int64_t ago_us = (int64_t)(clock_boot_ns() - denial->boottime) / 1000;
    audit_line_denial(&w, clock_wall_us() - ago_us, denial, is_known ? &chain : NULL);
    keep(denials->service, line, &w);
}

static void tell_lost(struct denials *denials)
{
    struct guard_stats stats;
    char line[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(line, sizeof line);
    guard_read_stats(denials->attest, &stats);
    if (stats.lost == denials->lost)
        return;
    audit_line_lost(&w, clock_wall_us(), stats.lost);
    denials->lost = stats.lost;
    keep(denials->service, line, &w);
}

/* What happens again and again is news once. */
static void warn(struct denials *denials)
{
    uint64_t now = clock_mono_ms();
    if (now >= denials->quiet_until_ms)
        log_warn("guards denied what somebody tried: see op denied in the audit trail");
    denials->quiet_until_ms = now + QUIET_MS;
}

/* The ring is not looked at again before a second is over. */
static void on_events(struct loop_source *source, uint32_t events)
{
    (void)events;
    struct denials *denials = (struct denials *)((char *)source - offsetof(struct denials, source));
    if (guard_read_events(denials->attest, LIMIT_DENIALS, on_denial, denials) > 0)
        warn(denials);
    loop_modify(denials->loop, source, 0);
    loop_set_timer(denials->loop, &denials->timer, SECOND_MS);
}

static void on_second(struct loop_timer *timer)
{
    struct denials *denials = (struct denials *)((char *)timer - offsetof(struct denials, timer));
    tell_lost(denials);
    loop_modify(denials->loop, &denials->source, EPOLLIN);
}

int denials_new(struct loop *loop, struct attest *attest, struct service *service,
                struct denials **ret, struct error *error)
{
    int fd = guard_event_fd(attest);
    *ret = NULL;
    if (fd < 0)
        return 0;
    struct denials *denials = calloc(1, sizeof *denials);
    if (!denials)
        return error_set(error, -ENOMEM, "out of memory");
    *denials = (struct denials){.loop = loop,
                                .attest = attest,
                                .service = service,
                                .source = {.fd = fd, .ready = on_events},
                                .timer = {.fire = on_second}};
    int r = loop_add(loop, &denials->source, EPOLLIN);
    if (r < 0) {
        free(denials);
        return error_errno(error, r, "epoll");
    }
    *ret = denials;
    return 0;
}

void denials_free(struct denials *denials)
{
    if (!denials)
        return;
    loop_cancel_timer(denials->loop, &denials->timer);
    loop_remove(denials->loop, &denials->source);
    free(denials);
}
