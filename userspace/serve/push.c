/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/push.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "identity/identity.h"
#include "kernel/guard.h"
#include "limits.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/event.h"
#include "serve/follow.h"
#include "serve/http.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/page.h"
#include "store/store.h"

/* The key is the identity: no request can name another. */
static struct span own_key(const struct call *call)
{
    const struct identity *identity = call->subject->identity;
    return (struct span){identity->key, identity->key_length};
}

void push_watch(struct service *service, struct call *call, struct reply *reply)
{
    int r =
        follow_watch(service->followers, call->follow, own_key(call), call->request->last_event_id);
    if (r == 0) {
        event_head(reply);
        return;
    }
    call->reason = "no-memory";
    reply_error(reply, 500, ERROR_INTERNAL, "out of memory");
}

/* ---- pages --------------------------------------------------------------------------------- */

/* A value that has outgrown the page is announced through it. */
static void show(struct follow *follow, const struct event *event)
{
    struct page *page = follow_live_page(follow);
    snprintf(follow_seen(follow), EVENT_ID, "%s", event->id);
    if (event->reason != PAGE_REASON_NONE)
        page_wipe(page, PAGE_ABSENT, event->reason);
    else if (event->version->value.length > page_capacity(page))
        follow_kill_page(follow, PAGE_MOVED);
    else
        page_write(page, event->version);
}

static int is_shown(struct follow *follow, const struct event *event)
{
    return strcmp(follow_seen(follow), event->id) == 0;
}

/* A page is of one domain, for the kernel keeps it from all others: of a pod, a service. */
static struct span sharer_of(const struct call *call)
{
    const struct vsecm_domain *domain = &call->subject->domain;
    return (struct span){(const char *)&domain->cgroup_id, sizeof domain->cgroup_id};
}

/* Whoever is in no cgroup but the root has no domain, and shares with all that are like him. */
static int keep_in_domain(const struct service *service, const struct call *call,
                          const struct page *page)
{
    const struct vsecm_domain *domain = &call->subject->domain;
    int r = domain->cgroup_id ? guard_file(service->attest, page_fd(page), domain) : 0;
    return r == -EOPNOTSUPP ? 0 : r;
}

static void refuse_page(struct call *call, int r, struct reply *reply)
{
    int is_full = r == -ENOSPC;
    call->reason = is_full ? "pages-full" : "no-memory";
    if (is_full)
        reply_error(reply, 507, ERROR_FULL,
                    "at most %u pages of %u MiB in all are kept; read by %s instead", LIMIT_PAGES,
                    LIMIT_PAGE_MEMORY >> 20, PATH_WATCH);
    else
        reply_error(reply, 500, ERROR_INTERNAL, "a page cannot be made: %s", strerror(-r));
}

/* The kernel limits what was passed and not taken yet, for all peers together (ETOOMANYREFS). */
static int has_page(const struct follow *follow)
{
    return follow->kind == FOLLOW_PAGE && follow_live_page(follow);
}

void push_page(struct service *service, struct call *call, struct reply *reply)
{
    struct follow *follow = call->follow;
    if (has_page(follow)) {
        call->reason = "has-page";
        reply_error(
            reply, 409, ERROR_CONFLICT,
            "this connection has its page already, and it is kept; ask again when it is dead");
        return;
    }
    struct span key = own_key(call);
    struct event event;
    event_of(service->store, key, service_now_us(service), &event);
    size_t length = event.reason == PAGE_REASON_NONE ? event.version->value.length : 0;
    int r = follow_page(service->followers, follow, key, sharer_of(call), length);
    if (r == 0 && (r = keep_in_domain(service, call, follow_live_page(follow))) < 0)
        follow_end(service->followers, follow);
    if (r == 0 && !is_shown(follow, &event))
        show(follow, &event);
    if (r == 0)
        r = reply_page(reply, follow_live_page(follow));
    follow_expect(service->followers, event.until_us);
    if (r < 0)
        refuse_page(call, r, reply);
}

/* ---- changes ------------------------------------------------------------------------------- */

/* A page must not go on saying what its readers could not ask for now. */
static void withhold(struct follow *follow)
{
    const char *seen = event_reason(PAGE_REASON_WITHHELD); /* no event's id is a word */
    if (follow->kind != FOLLOW_PAGE || strcmp(follow_seen(follow), seen) == 0)
        return;
    snprintf(follow_seen(follow), EVENT_ID, "%s", seen);
    page_wipe(follow_live_page(follow), PAGE_ABSENT, PAGE_REASON_WITHHELD);
}

static enum push_result postpone(struct service *service, struct follow *follow)
{
    withhold(follow);
    follow_postpone(service->followers);
    return PUSH_LATER;
}

static enum push_result tell(struct service *service, struct call *call, const struct event *event)
{
    struct follow *follow = call->follow;
    if (service_keep_record(service, call, "push", own_key(call), event_reason(event->reason)) < 0)
        return postpone(service, follow);
    if (follow->kind == FOLLOW_PAGE) {
        show(follow, event);
        return PUSH_NOTHING;
    }
    snprintf(follow->seen, EVENT_ID, "%s", event->id);
    return PUSH_EVENT;
}

enum push_result push_next(struct service *service, struct call *call, struct event *ret)
{
    struct follow *follow = call->follow;
    if (follow->kind == FOLLOW_PAGE && !follow_live_page(follow))
        return PUSH_NOTHING;
    struct decision decision = access_decide(ACCESS_WORKLOAD, call->subject, service->working);
    if (!service->working)
        return postpone(service, follow);
    if (decision.verdict != VERDICT_ALLOW)
        return PUSH_OVER;
    event_of(service->store, own_key(call), service_now_us(service), ret);
    follow_expect(service->followers, ret->until_us);
    return is_shown(follow, ret) ? PUSH_NOTHING : tell(service, call, ret);
}
