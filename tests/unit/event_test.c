/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/event.h"

#include "crypto/secret.h"
#include "serve/reply.h"
#include "tests/unit/stores.h"

#define NOW INT64_C(1800000000000000)

static struct stores stores;
static const struct span key = {"app/web", 7};

static void put(const char *value, struct validity validity)
{
    const struct change_put put = {
        .value = span_of(value), .validity = validity, .if_version = CHANGE_ANY_VERSION};
    struct change_conflict conflict;
    uint64_t ticket;
    CHECK_EQ_INT(change_put(stores.store, &key, 1, &put, NOW, &ticket, &conflict), 0);
}

/* What is sent of the state at NOW_US. */
static const char *text_at(int64_t now_us)
{
    static char text[2 * REPLY_TEXT];
    static struct reply before, after;
    struct event event;
    event_of(stores.store, key, now_us, &event);
    event_write(&event, key, &before, &after);
    snprintf(text, sizeof text, "%.*s%.*s%.*s", (int)before.text_length, before.text,
             (int)before.part.length, before.part.data ? before.part.data : "",
             (int)after.text_length, after.text);
    reply_done(&before);
    reply_done(&after);
    return text;
}

static const char *id_at(int64_t now_us)
{
    static struct event event;
    event_of(stores.store, key, now_us, &event);
    return event.id;
}

TEST(says_what_is)
{
    const struct validity short_lived = {VALIDITY_NOW, NOW + 1000};
    stores_begin(&stores, 2 * ARENA_MIB, 10, 3);
    CHECK_STR(text_at(NOW), "id: 0\nevent: absent\ndata: {\"reason\":\"no-secret\",\"message\":"
                            "\"there is no secret for app/web\"}\n\n");
    put("hunter2", short_lived);
    CHECK_STR(text_at(NOW),
              "id: 1.0006651728988000\nevent: secret\ndata: {\"data\":\"hunter2\",\"created\":"
              "\"2027-01-15T08:00:00Z\",\"updated\":\"2027-01-15T08:00:00Z\"}\n\n");
    CHECK_STR(text_at(NOW + 1000),
              "id: 1.0006651728988000x\nevent: absent\ndata: {\"reason\":\"expired\",\"message\":"
              "\"the secret of app/web has expired\"}\n\n");
    put("later", (struct validity){NOW + 500, VALIDITY_NEVER});
    CHECK_STR(text_at(NOW),
              "id: 2.0006651728988000n\nevent: absent\ndata: {\"reason\":\"not-yet\",\"message\":"
              "\"the secret of app/web is not valid yet\"}\n\n");
    stores_end(&stores);
}

TEST(an_id_is_one_state)
{
    stores_begin(&stores, 2 * ARENA_MIB, 10, 3);
    char first[EVENT_ID];
    put("same", VALIDITY_ALWAYS);
    snprintf(first, sizeof first, "%s", id_at(NOW));
    CHECK_STR(id_at(NOW + 1), first);
    CHECK_EQ_INT(stores_reopen(&stores, 10, 3, NOW), 0);
    CHECK_STR(id_at(NOW), first);
    put("same", VALIDITY_ALWAYS);
    CHECK(strcmp(id_at(NOW), first) != 0);
    stores_end(&stores);
}

TEST(knows_when_it_changes_by_itself)
{
    struct event event;
    stores_begin(&stores, 2 * ARENA_MIB, 10, 3);
    event_of(stores.store, key, NOW, &event);
    CHECK(event.until_us == VALIDITY_NEVER && !event.version);
    put("value", (struct validity){NOW + 10, NOW + 20});
    event_of(stores.store, key, NOW, &event);
    CHECK(event.until_us == NOW + 10 && event.reason == PAGE_REASON_NOT_YET);
    event_of(stores.store, key, NOW + 10, &event);
    CHECK(event.until_us == NOW + 20 && event.reason == PAGE_REASON_NONE);
    event_of(stores.store, key, NOW + 20, &event);
    CHECK(event.until_us == VALIDITY_NEVER && event.reason == PAGE_REASON_EXPIRED);
    event_of(stores.store, key, NOW, &event); /* the clock went back: what is over stays over */
    CHECK_EQ_INT(event.reason, PAGE_REASON_EXPIRED);
    stores_end(&stores);
}

CHECK_MAIN
