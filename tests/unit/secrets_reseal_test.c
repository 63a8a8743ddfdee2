/* SPDX-License-Identifier: BSD-2-Clause */
/* What is sealed to an old root key, after there is a new one: identity 1 is the old one. */
#include "cluster/secrets.h"

#include "tests/unit/node_secrets.h"

/* Non-zero when the object of NAME opens with identity WHICH and holds VALUE as version 1. */
static int is_sealed_to(const char *name, size_t which, const char *value)
{
    struct sync_side_object *object = sync_side_find(name);
    struct record record;
    int r = sealed_record_read(stores.arena, (struct span){object->sealed, object->length},
                               &identities[which], 1, &record);
    if (r < 0)
        return 0;
    int ret = record.version == 1 && span_is(record.value, value) && record.created_us == T0 &&
              record.updated_us == T0 + 1;
    record_done(stores.arena, &record);
    return ret;
}

static int both_are_new(void)
{
    return is_sealed_to("a/1", 0, "one") && is_sealed_to("b/1", 0, "other");
}

static int is_reported(void)
{
    return heard.resealed > 0;
}

static void begin_old(int is_leader)
{
    begin();
    put_object_as("a/1", "a/1", 1, "one", &identities[1]);
    put_object_as("b/1", "b/1", 1, "other", &identities[1]);
    if (is_leader)
        sync_side_say(WIRE_LEADER, "1", "");
    sync_side_list();
    WAIT_FOR(a1_is_one);
}

TEST(the_leader_seals_anew)
{
    begin_old(1);
    WAIT_FOR(both_are_new);
    CHECK(!wait_ms(is_reported, 300)); /* others may not have heard of the new key */
    CHECK(is_at("a/1", "one", 1) && is_absent("b/1"));
    /* Somebody had not: what was written with the old key meanwhile is found. */
    sync_side_see(put_object_as("b/1", "b/1", 1, "other", &identities[1]));
    skip_ms(61000);
    WAIT_FOR(both_are_new);
    WAIT_FOR(is_reported);
    CHECK(both_are_new());
    CHECK_EQ_INT(heard.refused, 0);
    end();
}

TEST(others_leave_it_alone)
{
    begin_old(0);
    skip_ms(61000);
    CHECK(!wait_ms(is_reported, 500));
    CHECK(is_sealed_to("a/1", 1, "one") && is_sealed_to("b/1", 1, "other"));
    sync_side_say(WIRE_LEADER, "1", "");
    WAIT_FOR(both_are_new);
    end();
}

TEST(one_key_is_nothing_to_do)
{
    begin();
    identity_count = 1;
    put_object("a/1", 1, "one");
    sync_side_say(WIRE_LEADER, "1", "");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    unsigned puts = sync_side.puts;
    skip_ms(61000);
    CHECK(!wait_ms(is_reported, 500));
    CHECK_EQ_INT(sync_side.puts, puts);
    end();
}

TEST(what_nobody_opens_stands_in_nobodys_way)
{
    struct age_identity stranger;
    age_key_generate(&stranger);
    begin();
    put_object_as("a/1", "a/1", 1, "one", &identities[1]);
    put_object_as("b/1", "b/1", 1, "other", &stranger);
    put_object_as("b/2", "b/9", 1, "moved", &identities[1]);
    sync_side_say(WIRE_LEADER, "1", "");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    skip_ms(61000);
    WAIT_FOR(is_reported);
    CHECK(is_sealed_to("a/1", 0, "one"));
    CHECK(is_sealed_to("b/2", 1, "moved"));
    end();
}

/* What is not told yet may be sealed to the old key. */
TEST(the_old_key_stays_while_a_list_goes_on)
{
    begin_old(1);
    WAIT_FOR(both_are_new);
    sync_side_say(WIRE_RESET, "secrets", "");
    CHECK(!wait_ms(is_reported, 100));
    skip_ms(61000);
    CHECK(!wait_ms(is_reported, 500));
    sync_side_list();
    WAIT_FOR(is_reported);
    end();
}

/* And what there is no room for is never told. */
TEST(the_old_key_stays_while_some_are_not_known)
{
    char name[32], uid[8];
    begin_old(1);
    for (unsigned i = 0; i < 60; i++) {
        struct wire_message seen = {.kind = WIRE_SEEN};
        snprintf(name, sizeof name, "w%u", i);
        snprintf(uid, sizeof uid, "x%u", i);
        seen.field[SECRET_NAMESPACE] = SPAN_LITERAL("c");
        seen.field[SECRET_NAME] = span_of(name);
        seen.field[SECRET_UID] = span_of(uid);
        seen.field[SECRET_RESOURCE_VERSION] = span_of(uid);
        sync_side_send(&seen);
    }
    WAIT_FOR(both_are_new);
    skip_ms(61000);
    CHECK(!wait_ms(is_reported, 500));
    sync_side_list();
    WAIT_FOR(is_reported);
    end();
}

CHECK_MAIN
