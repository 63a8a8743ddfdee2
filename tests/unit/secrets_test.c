/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cluster has, and what becomes of it on a node. */
#include "cluster/secrets.h"

#include "tests/unit/node_secrets.h"

static void check_why(const char *text, const char *part)
{
    if (!strstr(text, part))
        check_fail(__FILE__, __LINE__, "'%s' is not in: %s", part, text);
}

/* ---- fetching -------------------------------------------------------------------------------- */

static int is_coming(const char *key)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    return upstream->is_coming(upstream->self, span_of(key));
}

TEST(what_is_coming)
{
    begin_with(0);
    CHECK(is_coming("a/1")); /* nobody knows yet what there is */
    sync_side_come(loop, line);
    put_object("a/1", 1, "one");
    put_object_as("a/2", "a/9", 1, "moved", &identities[0]);
    sync_side_list();
    WAIT_FOR(a1_is_one);
    WAIT_FOR(was_refused);
    CHECK(!is_coming("a/1") && !is_coming("a/2") && !is_coming("a/3"));
    end();
}

TEST(what_pods_need_is_fetched)
{
    begin();
    put_object("a/1", 1, "one");
    put_object("b/1", 1, "of others");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    CHECK_EQ_INT(store_find(stores.store, SPAN_LITERAL("a/1"))->created_us, T0);
    CHECK(is_absent("b/1"));
    CHECK_EQ_INT(sync_side.gets, 1);
    WAIT_FOR(was_told);
    CHECK_STR(sync_side_find("a/1")->status_version, "1");
    CHECK_STR(sync_side_find("a/1")->readers, "a/pod-of-a/1\n");
    sync_side_see(put_object("a/1", 2, "two"));
    WAIT_FOR(a1_is_two);
    end();
}

static int b1_is_there(void)
{
    return is_at("b/1", "of others", 1);
}

TEST(pods_come_later)
{
    begin();
    put_object("b/1", 1, "of others");
    sync_side_list();
    sync_side_see(put_object("a/1", 1, "one"));
    WAIT_FOR(a1_is_one);
    CHECK(is_absent("b/1"));
    snprintf(needed, sizeof needed, "b");
    secrets_look_again(secrets);
    WAIT_FOR(b1_is_there);
    CHECK(a1_is_one()); /* for a while */
    end();
}

TEST(root_key_comes_later)
{
    begin();
    identity_count = 0;
    secrets_look_again(secrets);
    put_object("a/1", 1, "one");
    sync_side_list();
    identity_count = 2;
    secrets_look_again(secrets);
    WAIT_FOR(a1_is_one);
    end();
}

TEST(another_root_key_opens_what_was_refused)
{
    struct age_identity other;
    begin();
    age_key_generate(&other);
    sync_side_see(put_object_as("a/1", "a/1", 1, "one", &other));
    WAIT_FOR(was_refused);
    CHECK_STR(heard.reason, "sealed-to-others");
    identities[1] = identities[0];
    identities[0] = other;
    secrets_look_again(secrets);
    WAIT_FOR(a1_is_one);
    end();
}

TEST(old_root_key_opens_too)
{
    begin();
    sync_side_see(put_object_as("a/1", "a/1", 1, "one", &identities[1]));
    WAIT_FOR(a1_is_one);
    end();
}

/* ---- time ------------------------------------------------------------------------------------ */

/* A sweep and some more have passed. */
static void let_pass(uint64_t ms)
{
    skip_ms(ms);
    wait_ms(never, 5);
    for (unsigned i = 0; i < LIMIT_SWEEP_TICKS; i++) {
        skip_ms(LIMIT_TICK_MS);
        wait_ms(never, 5);
    }
}

TEST(what_nobody_needs_is_forgotten_after_a_while)
{
    begin();
    sync_side_see(put_object("a/1", 1, "one"));
    WAIT_FOR(a1_is_one);
    snprintf(needed, sizeof needed, "b");
    secrets_look_again(secrets);
    let_pass(0);
    CHECK(a1_is_one());
    let_pass(LIMIT_UNNEEDED_MS / 2);
    CHECK(a1_is_one());
    snprintf(needed, sizeof needed, "a"); /* a pod that was started anew */
    secrets_look_again(secrets);
    let_pass(LIMIT_UNNEEDED_MS);
    CHECK(a1_is_one());
    snprintf(needed, sizeof needed, "b");
    secrets_look_again(secrets);
    sync_side_say(WIRE_API, "", "gone");
    wait_ms(never, 5);
    let_pass(2 * LIMIT_UNNEEDED_MS); /* who knows what there is now */
    CHECK(a1_is_one());
    sync_side_say(WIRE_API, "1", "");
    wait_ms(never, 5);
    let_pass(0);
    CHECK(a1_is_one());
    let_pass(LIMIT_UNNEEDED_MS);
    CHECK(a1_is_absent());
    snprintf(needed, sizeof needed, "a");
    secrets_look_again(secrets);
    WAIT_FOR(a1_is_one);
    end();
}

static int was_asked(void)
{
    return sync_side.gets > 0;
}

TEST(what_cannot_be_fetched_is_tried_again)
{
    begin();
    struct sync_side_object *object = put_object("a/1", 1, "one");
    sync_side_see(object);
    snprintf(object->name, sizeof object->name, "a/2"); /* as if it were not there yet */
    WAIT_FOR(was_asked);
    wait_ms(never, 20);
    CHECK_EQ_INT(sync_side.gets, 1);
    let_pass(LIMIT_FETCH_MIN_MS);
    CHECK(sync_side.gets >= 2 && sync_side.gets <= 6 && a1_is_absent());
    snprintf(object->name, sizeof object->name, "a/1");
    skip_ms(LIMIT_FETCH_MAX_MS);
    WAIT_FOR(a1_is_one);
    end();
}

TEST(sixteen_at_a_time)
{
    char name[16];
    begin();
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "a/%u", i);
        put_object(name, 1, "one");
    }
    sync_side.is_silent = 1;
    sync_side_list();
    wait_ms(never, 50);
    char text[512];
    struct writer w = writer_on(text, sizeof text - 1);
    secrets_write_status(&w, secrets);
    text[w.used] = '\0';
    check_why(text, "\"secrets\":40,\"local\":0,\"pending\":40,");
    CHECK_EQ_INT(sync_side.unanswered, LIMIT_FETCHES);
    sync_side.is_silent = 0;
    sync_side_lose(); /* all that was asked has its end */
    sync_side_come(loop, line);
    sync_side_list();
    wait_ms(never, 20);
    skip_ms(LIMIT_FETCH_MAX_MS);
    while (store_count(stores.store) < 40)
        CHECK(!wait_ms(never, 20) && until_ms);
    end();
}

/* ---- refusals -------------------------------------------------------------------------------- */

static int was_refused_and_told(void)
{
    return was_refused() && sync_side.event[0] != '\0';
}

/* The daemon's side and the event that tells of it come in turns of their own. */
static void check_refused(const char *reason)
{
    heard.refused = 0;
    sync_side.event[0] = '\0';
    WAIT_FOR(was_refused_and_told);
    CHECK_STR(heard.reason, reason);
    check_why(sync_side.event, reason);
}

static int has_error(void)
{
    return sync_side_find("a/1")->status_error[0] != '\0';
}

/* Each node with a pod that reads it tells its status: that must not cost each of the others a
 * read. */
TEST(a_flock_of_statuses_is_looked_at_once)
{
    begin();
    struct sync_side_object *object = put_object("a/1", 1, "one");
    sync_side_see(object);
    WAIT_FOR(a1_is_one);
    WAIT_FOR(was_told);
    unsigned gets = sync_side.gets, statuses = sync_side.statuses;
    for (int i = 0; i < 100; i++) {
        object->rv = ++sync_side.last_rv;
        sync_side_see(object);
    }
    skip_ms(LIMIT_STATUS_MS / 2 - 1000);
    wait_ms(never, 50);
    CHECK_EQ_INT(sync_side.gets, gets);
    snprintf(object->status_version, sizeof object->status_version, "7"); /* somebody who errs */
    skip_ms(LIMIT_STATUS_MS / 2 + 1000);
    while (sync_side.gets == gets)
        wait_ms(never, 5);
    CHECK_EQ_INT(sync_side.gets, gets + 1);
    while (sync_side.statuses == statuses) {
        skip_ms(LIMIT_TELL_MS);
        wait_ms(never, 5);
    }
    CHECK_STR(object->status_version, "1");
    end();
}

static int has_no_error(void)
{
    return sync_side_find("a/1")->status_error[0] == '\0' && sync_side.statuses > 0;
}

TEST(older_version_is_refused)
{
    begin();
    sync_side_see(put_object("a/1", 2, "two"));
    WAIT_FOR(a1_is_two);
    struct sync_side_object *object = put_object("a/1", 1, "one");
    sync_side_see(object);
    check_refused("rollback");
    CHECK(a1_is_two());
    WAIT_FOR(has_error);
    CHECK_STR(object->status_version, "2");
    /* Told once, though the status made another resource version of it. */
    unsigned gets = sync_side.gets;
    sync_side_see(object);
    object->claims[2][0] = 'x';
    sync_side_see(object);
    put_object("a/2", 1, "mark");
    sync_side_see(sync_side_find("a/2"));
    while (sync_side.gets < gets + 2)
        wait_ms(never, 10);
    CHECK(heard.refused == 1 && sync_side.events == 1);
    object->allows_rollback = 1;
    object->generation++;
    object->rv = ++sync_side.last_rv;
    object->claims[2][0] = 'y';
    object->claims[1][0] = '1';
    sync_side_see(object);
    WAIT_FOR(a1_is_one);
    WAIT_FOR(has_no_error);
    CHECK_STR(object->status_version, "1");
    end();
}

/* A node that never had it knows by the status that there was a newer one. */
TEST(older_version_on_a_node_that_is_new)
{
    begin();
    struct sync_side_object *object = put_object("a/1", 1, "one");
    snprintf(object->status_version, sizeof object->status_version, "2");
    sync_side_see(object);
    check_refused("rollback");
    CHECK(a1_is_absent());
    end();
}

TEST(others_content_under_a_known_number)
{
    begin();
    sync_side_see(put_object("a/1", 2, "two"));
    WAIT_FOR(a1_is_two);
    struct sync_side_object *object = put_object("a/1", 2, "other");
    snprintf(object->claims[2], 8, "changed");
    snprintf(object->claims[1], 8, "changed");
    sync_side_see(object);
    check_refused("conflict");
    CHECK(a1_is_two());
    end();
}

TEST(what_was_sealed_for_another_key)
{
    begin();
    sync_side_see(put_object_as("a/1", "b/1", 1, "one", &identities[0]));
    check_refused("moved");
    sync_side_see(sync_side_set("a/1", "2", SPAN_LITERAL("rubbish")));
    check_refused("damaged");
    sync_side_see(sync_side_set("a/1", "3", SPAN_LITERAL("")));
    WAIT_FOR(has_error);
    CHECK(a1_is_absent());
    struct sync_side_object *object = put_object("a/1", 4, "one");
    object->sealed[object->length / 2] ^= 2;
    sync_side_see(object);
    check_refused("damaged");
    CHECK(a1_is_absent());
    end();
}

static int one_is_ignored(void)
{
    char text[1024];
    struct writer w = writer_on(text, sizeof text - 1);
    secrets_write_status(&w, secrets);
    text[w.used] = '\0';
    return strstr(text, ",\"objects\":{\"secrets\":1,\"local\":1,\"pending\":0,\"refused\":0,"
                        "\"ignored\":1,\"synced\":true,\"stale_s\":0}") != NULL;
}

TEST(names_that_are_no_keys)
{
    begin();
    put_object_as("a/x.y", "a/1", 1, "one", &identities[0]);
    put_object("a/1", 1, "one");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    WAIT_FOR(one_is_ignored);
    end();
}

/* ---- deletions ------------------------------------------------------------------------------- */

TEST(deleted_elsewhere)
{
    begin();
    struct sync_side_object *object = put_object("a/1", 1, "one");
    sync_side_see(object);
    WAIT_FOR(a1_is_one);
    sync_side_gone(object);
    WAIT_FOR(a1_is_absent);
    end();
}

TEST(deleted_while_nobody_looked)
{
    begin();
    sync_side_see(put_object("a/1", 1, "one"));
    WAIT_FOR(a1_is_one);
    sync_side_lose();
    sync_side_remove(sync_side_find("a/1"));
    sync_side_come(loop, line);
    sync_side_list();
    WAIT_FOR(a1_is_absent);
    end();
}

/* A daemon that starts serves what it had, until it knows better. */
TEST(cache_of_a_former_life)
{
    begin_with(0);
    CHECK_EQ_INT(stores_put(&stores, "a/1", SPAN_LITERAL("one"), T0), 0);
    CHECK_EQ_INT(stores_put(&stores, "a/2", SPAN_LITERAL("gone"), T0), 0);
    CHECK(a1_is_one());
    put_object("a/1", 2, "two");
    sync_side_come(loop, line);
    sync_side_list();
    WAIT_FOR(a1_is_two);
    CHECK(is_absent("a/2"));
    end();
}

TEST(made_anew_by_the_same_name)
{
    begin();
    sync_side_see(put_object("a/1", 2, "two"));
    WAIT_FOR(a1_is_two);
    sync_side_remove(sync_side_find("a/1"));
    sync_side_see(put_object("a/1", 1, "one"));
    WAIT_FOR(a1_is_one);
    CHECK_EQ_INT(heard.refused, 0);
    end();
}

CHECK_MAIN
