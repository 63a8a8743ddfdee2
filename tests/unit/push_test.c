/* SPDX-License-Identifier: BSD-2-Clause */
/* Followers from their request on: decided, put on record, told. */
#include "serve/push.h"

#include <sys/mman.h>
#include <unistd.h>

#include "identity/identity.h"
#include "serve/audit.h"
#include "serve/event.h"
#include "serve/follow.h"
#include "serve/subject.h"
#include "tests/unit/requests.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)

static struct service service;
static struct stores stores;
static struct place pod = {.kind = PLACE_POD, .pod_uid = "u", .container = "c", .path = "/k/u/c"};
static struct subject web = {.attested = 1, .place = &pod, .tier = "lsm"};
static struct subject stranger = {.attested = 1, .place = &pod, .tier = "lsm"};
static struct follow follow;

static void begin(void)
{
    struct audit_options options = {.target = "none"};
    stores_begin(&stores, 8 * ARENA_MIB, 100, 10);
    service = (struct service){.working = 1, .arena = stores.arena, .store = stores.store};
    CHECK_EQ_INT(service_init(&service), 0);
    store_set_changed(stores.store, follow_changed, service.followers);
    CHECK_EQ_INT(audit_open(&options, &service.audit, NULL), 0);
    web.identity = identity_new(0);
    CHECK_EQ_INT(identity_set_names(web.identity, span_of("ns"), span_of("web")), 0);
    follow = (struct follow){0};
}

static void end(void)
{
    follow_end(service.followers, &follow);
    store_set_changed(stores.store, NULL, NULL);
    identity_unref(web.identity);
    audit_close(service.audit);
    service_done(&service);
    stores_end(&stores);
}

static void put(const char *value)
{
    CHECK_EQ_INT(stores_put(&stores, "ns/web", span_of(value), T0), 0);
}

static struct call call_as(const struct subject *subject)
{
    static struct pending pending;
    pending = (struct pending){0};
    return (struct call){.subject = subject, .pending = &pending, .follow = &follow};
}

static int ask(const struct subject *subject, const char *line)
{
    return requests_ask(&service, call_as(subject), requests_text(line, NULL));
}

static enum push_result next(struct event *event)
{
    struct call call = call_as(&web);
    service_end_turn(&service);
    follow_next_due(service.followers);
    return push_next(&service, &call, event);
}

/* ---- watches --------------------------------------------------------------------------------- */

TEST(a_watch_is_told_what_is_and_what_changes)
{
    struct event event;
    begin();
    CHECK_EQ_INT(ask(&web, "GET /v1/watch"), 200);
    requests_check_says("Content-Type: text/event-stream\r\n");
    CHECK(!requests_closes);
    CHECK(follow_has_due(service.followers));
    CHECK_EQ_INT(next(&event), PUSH_EVENT);
    CHECK_EQ_INT(event.reason, PAGE_REASON_NO_SECRET);
    CHECK(!follow_has_due(service.followers));
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    put("one");
    CHECK(follow_has_due(service.followers));
    CHECK_EQ_INT(next(&event), PUSH_EVENT);
    CHECK(event.reason == PAGE_REASON_NONE && span_is(event.version->value, "one"));
    put("two");
    put("three");
    CHECK_EQ_INT(next(&event), PUSH_EVENT);
    CHECK(span_is(event.version->value, "three"));
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    end();
}

TEST(what_has_begun_ends_when_the_clock_is_put_back)
{
    const struct change_put later = {.value = span_of("v"),
                                     .validity = {T0 + 1000, VALIDITY_NEVER},
                                     .if_version = CHANGE_ANY_VERSION};
    struct span name = span_of("ns/web");
    struct change_conflict conflict;
    struct event event;
    uint64_t ticket;
    begin();
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &later, T0, &ticket, &conflict), 0);
    CHECK_EQ_INT(ask(&web, "GET /v1/watch"), 200);
    service.now_us = T0 + 1000;
    follow_next_due(service.followers);
    struct call call = call_as(&web);
    CHECK_EQ_INT(push_next(&service, &call, &event), PUSH_EVENT);
    CHECK_EQ_INT(event.reason, PAGE_REASON_NONE);
    follow_tick(service.followers, T0 + 1001);
    CHECK(!follow_has_due(service.followers));
    follow_tick(service.followers, T0 + 500);
    CHECK(follow_has_due(service.followers));
    service.now_us = T0 + 500;
    follow_next_due(service.followers);
    CHECK_EQ_INT(push_next(&service, &call, &event), PUSH_EVENT);
    CHECK_EQ_INT(event.reason, PAGE_REASON_NOT_YET);
    end();
}

TEST(strangers_follow_nothing)
{
    begin();
    CHECK_EQ_INT(ask(&stranger, "GET /v1/watch"), 403);
    CHECK_EQ_INT(ask(&stranger, "GET /v1/page"), 403);
    CHECK_EQ_INT(follow.kind, FOLLOW_NOTHING);
    CHECK_EQ_INT(ask(&web, "POST /v1/watch"), 405);
    end();
}

TEST(nothing_is_told_while_attestation_fails)
{
    struct event event;
    begin();
    put("one");
    CHECK_EQ_INT(ask(&web, "GET /v1/watch"), 200);
    service.working = 0;
    CHECK_EQ_INT(next(&event), PUSH_LATER);
    follow_tick(service.followers, T0);
    CHECK(follow_has_due(service.followers)); /* it is asked about again */
    service.working = 1;
    CHECK_EQ_INT(next(&event), PUSH_EVENT);
    end();
}

TEST(whoever_is_nobody_any_more_is_cut)
{
    struct event event;
    begin();
    CHECK_EQ_INT(ask(&web, "GET /v1/watch"), 200);
    struct identity *identity = web.identity;
    web.identity = NULL;
    CHECK_EQ_INT(next(&event), PUSH_OVER);
    web.identity = identity;
    CHECK_EQ_INT(next(&event), PUSH_EVENT);
    end();
}

/* ---- pages ----------------------------------------------------------------------------------- */

static const struct page_head *map_page(void)
{
    struct page *page = follow_live_page(&follow);
    CHECK(page != NULL);
    const void *memory =
        mmap(NULL, PAGE_VALUE_AT + page_capacity(page), PROT_READ, MAP_SHARED, page_fd(page), 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

static const char *value_of(const struct page_head *head)
{
    return (const char *)head + PAGE_VALUE_AT;
}

TEST(a_page_shows_what_is_and_what_changes)
{
    struct event event;
    begin();
    CHECK_EQ_INT(ask(&web, "GET /v1/page"), 200);
    requests_check_says("{\"capacity\":3968}\n");
    const struct page_head *head = map_page();
    CHECK(head->state == PAGE_ABSENT && head->reason == PAGE_REASON_NO_SECRET);
    CHECK_EQ_INT(ask(&web, "GET /v1/page"), 409); /* one is enough */
    CHECK(follow.kind == FOLLOW_PAGE && head->keeper != PAGE_KEEPER_DIED);
    put("one");
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    CHECK(head->state == PAGE_VALUE && head->length == 3 && !memcmp(value_of(head), "one", 3));
    service.working = 0;
    put("two");
    CHECK_EQ_INT(next(&event), PUSH_LATER);
    CHECK(head->state == PAGE_ABSENT && head->reason == PAGE_REASON_WITHHELD && !*value_of(head));
    service.working = 1;
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    CHECK(head->state == PAGE_VALUE && !memcmp(value_of(head), "two", 3));
    CHECK_EQ_INT(stores_delete(&stores, "ns/web", T0), 0);
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    CHECK(head->state == PAGE_ABSENT && head->reason == PAGE_REASON_NO_SECRET && !*value_of(head));
    end();
}

TEST(a_value_outgrows_its_page)
{
    static char large[8001];
    struct event event;
    begin();
    put("small");
    CHECK_EQ_INT(ask(&web, "GET /v1/page"), 200);
    const struct page_head *head = map_page();
    memset(large, 'x', sizeof large - 1);
    put(large);
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    CHECK(head->state == PAGE_MOVED && !*value_of(head) && !follow_live_page(&follow));
    CHECK_EQ_INT(next(&event), PUSH_NOTHING);
    CHECK_EQ_INT(ask(&web, "GET /v1/page"), 200);
    CHECK_MEM(value_of(map_page()), large, sizeof large);
    end();
}

TEST(a_page_that_was_not_told_yet_moves_at_once)
{
    static char large[8001];
    struct follow another = {0};
    begin();
    put("small");
    CHECK_EQ_INT(ask(&web, "GET /v1/page"), 200);
    memset(large, 'x', sizeof large - 1);
    put(large); /* nobody was told of this when the next one asks */
    struct call call = call_as(&web);
    call.follow = &another;
    CHECK_EQ_INT(requests_ask(&service, call, requests_text("GET /v1/page", NULL)), 200);
    CHECK(!follow_live_page(&follow) && follow_live_page(&another));
    CHECK(page_capacity(follow_live_page(&another)) >= 8000);
    follow_end(service.followers, &another);
    end();
}

CHECK_MAIN
