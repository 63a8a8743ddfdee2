/* SPDX-License-Identifier: BSD-2-Clause */
/* What administrators change, in the cluster first. */
#include "cluster/secrets.h"

#include "tests/unit/node_secrets.h"

/* ---- changes --------------------------------------------------------------------------------- */

static uint64_t ticket;

static int put_if(const char *key, const char *value, uint64_t if_version)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    struct change_conflict conflict = {.version = 0};
    struct span name = span_of(key);
    const struct change_put put = {
        .value = span_of(value), .validity = VALIDITY_ALWAYS, .if_version = if_version};
    heard.settled = 0;
    return upstream->put(upstream->self, &name, 1, &put, clock_wall_us(), &ticket, &conflict);
}

static int put(const char *key, const char *value)
{
    return put_if(key, value, CHANGE_ANY_VERSION);
}

/* What comes of what has begun. */
static int settle(void)
{
    WAIT_FOR(has_settled);
    CHECK_EQ_INT(heard.ticket, ticket);
    CHECK(ticket & UPSTREAM_TICKET);
    return heard.result;
}

static int delete (const char *key)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    struct span name = span_of(key);
    heard.settled = 0;
    return upstream->delete (upstream->self, &name, 1, clock_wall_us(), &ticket);
}

static const char *why(void)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    return upstream->why(upstream->self);
}

static void check_why(const char *text, const char *part)
{
    if (!strstr(text, part))
        check_fail(__FILE__, __LINE__, "'%s' is not in: %s", part, text);
}

/* ---- puts ------------------------------------------------------------------------------------ */

TEST(put_creates)
{
    begin();
    uint64_t blocks = arenas_blocks(stores.arena);
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    CHECK(a1_is_absent());
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_one());
    CHECK_STR(sync_side_find("a/1")->claims[0], "1");
    CHECK_STR(sync_side_find("a/1")->claims[4], "never");
    CHECK_EQ_INT(put("a/1", "two"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_two());
    CHECK_STR(sync_side_find("a/1")->claims[0], "2");
    CHECK_EQ_INT(sync_side.gets, 0);
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks + 1);
    end();
}

static int b1_is_put(void)
{
    return sync_side_find("b/1") != NULL;
}

TEST(put_of_what_is_not_needed_here)
{
    begin();
    CHECK_EQ_INT(put("b/1", "far"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(b1_is_put() && is_absent("b/1"));
    char created[40];
    snprintf(created, sizeof created, "%s", sync_side_find("b/1")->claims[1]);
    CHECK_EQ_INT(put("b/1", "further"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_STR(sync_side_find("b/1")->claims[0], "2");
    CHECK_STR(sync_side_find("b/1")->claims[1], created);
    CHECK_EQ_INT(sync_side.gets, 0);
    end();
}

/* Whoever wrote the object wrote no annotations: what is in it counts. */
TEST(put_over_an_object_without_claims)
{
    begin();
    struct sync_side_object *object = put_object("b/1", 1764000000, "by hand");
    object->claims[0][0] = object->claims[1][0] = '\0';
    sync_side_see(object);
    CHECK_EQ_INT(put("b/1", "next"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_STR(object->claims[0], "1764000001");
    CHECK_STR(object->claims[1], "2026-11-24T20:15:30.123456Z");
    CHECK(is_absent("b/1"));
    end();
}

/* Nobody can open it, so it gives way, to a version above all that was ever said of it. */
TEST(put_over_an_object_that_does_not_open)
{
    struct age_identity other;
    begin();
    age_key_generate(&other);
    struct sync_side_object *object = put_object_as("b/1", "b/1", 9, "of others", &other);
    object->claims[1][0] = '\0';
    sync_side_see(object);
    CHECK_EQ_INT(put("b/1", "next"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_STR(object->claims[0], "10");
    CHECK(strncmp(object->claims[1], "20", 2) == 0 && strncmp(object->claims[1], "2026-11-24", 10));
    sync_side_see(sync_side_set("b/1", "9007199254740992", SPAN_LITERAL("rubbish")));
    snprintf(object->status_version, sizeof object->status_version, "12");
    CHECK_EQ_INT(put("b/1", "next"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_STR(object->claims[0], "13"); /* what cannot be counted on is no number */
    end();
}

/* Somebody else stores version 7 each time before us. */
static void store_seven(struct sync_side *side, struct sync_side_object *object)
{
    (void)side;
    put_object(object->name, 7, "seven");
}

TEST(put_meets_others)
{
    begin();
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    sync_side.before_conflict = store_seven;
    sync_side.conflicts = 2;
    CHECK_EQ_INT(put("a/1", "eight"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(is_at("a/1", "eight", 8));
    CHECK_EQ_INT(sync_side.gets, 2);
    sync_side.conflicts = 100;
    CHECK_EQ_INT(put("a/1", "never"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), -EBUSY);
    check_why(heard.why, "a/1: others change it all the time; it was not stored");
    CHECK(is_at("a/1", "eight", 8));
    end();
}

TEST(put_of_what_somebody_else_has_created)
{
    begin();
    put_object("a/1", 1, "one"); /* the watch is late */
    CHECK_EQ_INT(put("a/1", "two"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_two());
    end();
}

TEST(put_with_a_condition)
{
    begin();
    CHECK_EQ_INT(put_if("a/1", "x", 3), -ESTALE);
    check_why(why(), "there is no secret a/1 yet; it was not stored");
    CHECK_EQ_INT(put_if("a/1", "one", 0), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_EQ_INT(put_if("a/1", "x", 0), -ESTALE);
    check_why(why(), "a/1 is at version 1; it was not stored");
    CHECK_EQ_INT(put_if("a/1", "two", 1), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_two());
    sync_side.conflicts = 1; /* but a status was told */
    CHECK_EQ_INT(put_if("a/1", "three", 2), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(is_at("a/1", "three", 3));
    sync_side.conflicts = 1;
    sync_side.before_conflict = store_seven;
    CHECK_EQ_INT(put_if("a/1", "four", 3), -EINPROGRESS);
    CHECK_EQ_INT(settle(), -ESTALE);
    check_why(heard.why, "a/1 is at version 7; it was not stored");
    CHECK_STR(why(), "");
    end();
}

TEST(put_that_is_refused)
{
    static const struct {
        const char *code;
        int result;
        const char *why;
    } rows[] = {
        {"forbidden", -EACCES, "a/1: the API server does not allow it: because; it was not stored"},
        {"invalid", -EINVAL, "a/1: the API server refuses it: because"},
        {"foreign", -EEXIST, "that is not ours"},
        {"busy", -EBUSY, "the API server is busy"},
        {"new-word", -EIO, "an answer that is not known"},
        {"unreachable", -EHOSTUNREACH, "it is not known whether a/1 was stored"},
    };
    begin();
    sync_side.message = "because";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sync_side.refuses = rows[i].code;
        CHECK_EQ_INT(put("a/1", "x"), -EINPROGRESS);
        CHECK_EQ_INT(settle(), rows[i].result);
        check_why(heard.why, rows[i].why);
    }
    CHECK(a1_is_absent());
    end();
}

/* ---- the root key that is the newest ----------------------------------------------------------
 */

TEST(put_asks_whether_the_root_key_is_the_newest)
{
    begin();
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_EQ_INT(sync_side.key_gets, 1);
    CHECK_EQ_INT(put("a/1", "two"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_EQ_INT(sync_side.key_gets, 1); /* it was, a moment ago */
    skip_ms(LIMIT_CONFIRMED_MS);
    CHECK_EQ_INT(put("a/1", "three"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_EQ_INT(sync_side.key_gets, 2);
    root.object.is_there = 0; /* one that was brought, and is nowhere yet */
    sync_side.key = NULL;
    skip_ms(LIMIT_CONFIRMED_MS);
    CHECK_EQ_INT(put("a/1", "four"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK_EQ_INT(sync_side.key_gets, 3);
    end();
}

static int opens(const struct age_identity *identity)
{
    const struct sync_side_object *object = sync_side_find("a/1");
    struct record record;
    int r = sealed_record_read(stores.arena, (struct span){object->sealed, object->length},
                               identity, 1, &record);
    if (r == 0)
        record_done(stores.arena, &record);
    return r == 0;
}

static int was_asked_twice(void)
{
    return sync_side.key_gets > 1;
}

/* The node was cut off when the root key was changed, and can write again before it hears of it. */
TEST(put_waits_for_a_root_key_that_is_newer)
{
    struct age_identity gone;
    begin();
    gone = identities[0];
    sync_side.key = "2";
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    WAIT_FOR(was_asked_twice);
    CHECK_EQ_INT(sync_side.puts, 0);
    age_key_generate(&identities[0]);
    snprintf(root.object.version, sizeof root.object.version, "2");
    root.object.is_unjudged = 1; /* it has come, and there was no memory to look into it */
    unsigned asked = sync_side.key_gets;
    while (sync_side.key_gets == asked)
        wait_ms(never, 50);
    CHECK_EQ_INT(sync_side.puts, 0);
    root.object.is_unjudged = 0;
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_one() && opens(&identities[0]) && !opens(&gone));
    end();
}

TEST(put_whose_newer_root_key_does_not_come)
{
    begin();
    sync_side.key = "2";
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    for (int i = 0; i < 100 && !heard.settled; i++) {
        skip_ms(LIMIT_TICK_MS);
        wait_ms(never, 5);
    }
    CHECK_EQ_INT(settle(), -EBUSY);
    check_why(heard.why, "a/1: the cluster's VSecMKey was changed, and this node has not seen the "
                         "change yet; it was not stored");
    CHECK_EQ_INT(sync_side.puts, 0);
    end();
}

TEST(put_when_the_newest_root_key_cannot_be_asked_for)
{
    begin();
    sync_side.key_refuses = "unreachable";
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), -EHOSTUNREACH);
    check_why(heard.why, "a/1 was not changed");
    sync_side.key_refuses = "forbidden";
    CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), -EACCES);
    CHECK_EQ_INT(sync_side.puts, 0);
    end();
}

/* ---- puts that fail ---------------------------------------------------------------------------
 */

TEST(put_that_is_too_large)
{
    static char value[800 * 1024];
    begin();
    memset(value, 'x', sizeof value - 1);
    CHECK_EQ_INT(put("a/1", value), -EINPROGRESS);
    CHECK_EQ_INT(settle(), -EFBIG);
    check_why(heard.why, "and an object takes 1024000 at most; it was not stored");
    value[600 * 1024] = '\0';
    CHECK_EQ_INT(put("a/1", value), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(is_at("a/1", value, 1));
    end();
}

TEST(api_server_is_away)
{
    begin();
    sync_side_see(put_object("a/1", 1, "one"));
    WAIT_FOR(a1_is_one);
    sync_side_say(WIRE_API, "", "connection refused");
    while (link_is_up(line))
        wait_ms(never, 1);
    CHECK_EQ_INT(put("a/1", "x"), -EHOSTUNREACH);
    check_why(why(), "the API server cannot be reached since 20");
    check_why(why(), "Z: connection refused; nothing was changed");
    CHECK_EQ_INT(delete ("a/1"), -EHOSTUNREACH);
    CHECK(a1_is_one());
    end();
}

/* Whether it was done or not before the connection broke: nobody knows, and a repeat is safe. */
TEST(connection_is_lost_during_a_put)
{
    for (int how = 1; how <= 2; how++) {
        begin();
        sync_side.breaks_on_put = how;
        CHECK_EQ_INT(put("a/1", "one"), -EINPROGRESS);
        CHECK_EQ_INT(settle(), -EHOSTUNREACH);
        check_why(heard.why, "it is not known whether a/1 was stored; to do it once more does no "
                             "harm");
        CHECK(a1_is_absent());
        sync_side.breaks_on_put = 0;
        sync_side_come(loop, line);
        sync_side_list();
        WAIT_FOR(is_up);
        CHECK_EQ_INT(put("a/1", how == 1 ? "one" : "two"), -EINPROGRESS);
        CHECK_EQ_INT(settle(), 0);
        CHECK(how == 1 ? a1_is_one() : a1_is_two());
        end();
    }
}

TEST(several_keys_one_after_the_other)
{
    static const struct span keys[] = {SPAN_LITERAL("a/1"), SPAN_LITERAL("b/1"),
                                       SPAN_LITERAL("a/1"), SPAN_LITERAL("a/2")};
    const struct change_put three = {
        .value = SPAN_LITERAL("one"), .validity = VALIDITY_ALWAYS, .if_version = 0};
    struct change_conflict conflict;
    begin();
    const struct upstream *upstream = secrets_upstream(secrets);
    CHECK_EQ_INT(upstream->put(upstream->self, keys, 4, &three, T0, &ticket, &conflict),
                 -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_one() && b1_is_put() && is_at("a/2", "one", 1));
    CHECK_EQ_INT(sync_side.puts, 3);
    CHECK_EQ_INT(delete ("a/1"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    heard.settled = 0;
    CHECK_EQ_INT(upstream->put(upstream->self, keys, 4, &three, T0, &ticket, &conflict),
                 -EINPROGRESS);
    CHECK_EQ_INT(settle(), -ESTALE);
    check_why(heard.why, "b/1 is at version 1; it was not stored; stored before it: a/1");
    CHECK(a1_is_one());
    end();
}

TEST(deletes)
{
    begin();
    CHECK_EQ_INT(delete ("a/1"), -ENOENT);
    sync_side_see(put_object("a/1", 1, "one"));
    WAIT_FOR(a1_is_one);
    sync_side.conflicts = 2;
    CHECK_EQ_INT(delete ("a/1"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_absent() && !sync_side_find("a/1"));
    CHECK_EQ_INT(delete ("a/1"), -ENOENT);
    sync_side_see(put_object("b/1", 1, "one"));
    put_object("a/1", 1, "one");
    sync_side_see(sync_side_find("a/1"));
    WAIT_FOR(a1_is_one);
    sync_side_remove(sync_side_find("b/1"));
    CHECK_EQ_INT(delete ("b/1"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), -ENOENT);
    check_why(heard.why, "b/1: there is no such secret; it was not deleted");
    end();
}

TEST(list_has_all_keys)
{
    struct store_row *rows;
    size_t count;
    begin();
    put_object("b/2", 3, "far");
    put_object("a/1", 1, "one");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    const struct upstream *upstream = secrets_upstream(secrets);
    CHECK_EQ_INT(upstream->list(upstream->self, &rows, &count), 0);
    CHECK_EQ_INT(count, 2);
    CHECK(span_is(rows[0].key, "a/1") && span_is(rows[1].key, "b/2"));
    CHECK(rows[1].number == 3 && rows[1].created_us == T0);
    CHECK(upstream->version(upstream->self, SPAN_LITERAL("b/2")));
    CHECK(!upstream->version(upstream->self, SPAN_LITERAL("b/3")));
    free(rows);
    end();
}

TEST(root_key_is_not_known)
{
    begin();
    identity_count = 0;
    CHECK_EQ_INT(put("a/1", "x"), -ENOKEY);
    check_why(why(), "a/1: this node waits to be let in; it was not stored");
    CHECK_EQ_INT(sync_side.puts, 0);
    end();
}

/* With the key that it has, nobody could open what it seals. */
TEST(a_node_that_was_left_out_seals_nothing)
{
    begin();
    put_object("a/1", 1, "one");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    is_left_out = 1;
    unsigned puts = sync_side.puts;
    CHECK_EQ_INT(put("a/1", "two"), -ENOKEY);
    CHECK(is_at("a/1", "one", 1));
    CHECK_EQ_INT(sync_side.puts, puts);
    is_left_out = 0;
    end();
}

/* ---- with a disk ------------------------------------------------------------------------------
 */

TEST(changes_are_durable_before_they_are_told)
{
    begin_with(1);
    sync_side_come(loop, line);
    put_object("a/2", 1, "fetched");
    sync_side_list();
    WAIT_FOR(is_up);
    for (uint64_t i = 1; i <= 3; i++) {
        CHECK_EQ_INT(put("a/1", "again"), -EINPROGRESS);
        CHECK_EQ_INT(settle(), 0);
        CHECK(is_at("a/1", "again", i));
    }
    CHECK_EQ_INT(delete ("a/1"), -EINPROGRESS);
    CHECK_EQ_INT(settle(), 0);
    CHECK(a1_is_absent());
    CHECK(is_at("a/2", "fetched", 1));
    end();
}

static void make_anew(void)
{
    sync_side_gone(sync_side_find("a/1"));
    sync_side_see(put_object("a/1", 1, "two"));
}

static int a1_is_the_new_one(void)
{
    return is_at("a/1", "two", 1);
}

/* What is being stored is another object's by then, and must not hold off the new one. */
TEST(an_object_made_anew_while_the_old_one_is_stored)
{
    begin_with(1);
    sync_side_come(loop, line);
    sync_side.after_get = make_anew;
    put_object("a/1", 1, "one");
    sync_side_list();
    WAIT_FOR(a1_is_the_new_one);
    CHECK_EQ_INT(heard.refused, 0);
    end();
}

TEST(end_while_something_is_under_way)
{
    begin();
    sync_side.is_silent = 1;
    put_object("a/2", 1, "asked for");
    sync_side_list();
    CHECK_EQ_INT(put("a/1", "x"), -EINPROGRESS);
    wait_ms(never, 20);
    end();
    begin();
    sync_side.is_silent = 1;
    CHECK_EQ_INT(put("a/1", "x"), -EINPROGRESS);
    sync_side_done();
    link_free(line); /* before those who asked */
    CHECK_EQ_INT(heard.result, -EHOSTUNREACH);
    line = link_new(loop, stores.arena);
    end();
}

CHECK_MAIN
