/* SPDX-License-Identifier: BSD-2-Clause */
/* The versions that objects have, listed and stored again, of secrets that are not on the node. */
#include "cluster/secrets.h"

#include <stdlib.h>

#include "tests/unit/node_secrets.h"

static struct store_row *rows;
static size_t row_count;
static int taken; /* what history() gave when its end was told */

static uint64_t ask_history(const char *key)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    uint64_t ticket = 0;
    CHECK_EQ_INT(upstream->history(upstream->self, span_of(key), &rows, &row_count, &ticket),
                 -EINPROGRESS);
    return ticket;
}

/* As a request does that is given again while it is told. */
static void take(uint64_t ticket)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    taken = upstream->history(upstream->self, SPAN_LITERAL("b/1"), &rows, &row_count, &ticket);
}

static void put_b1(const char *value)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    const struct change_put put = {
        .value = span_of(value), .validity = VALIDITY_ALWAYS, .if_version = CHANGE_ANY_VERSION};
    struct change_conflict conflict;
    struct span key = SPAN_LITERAL("b/1");
    uint64_t ticket = 0;
    heard.settled = 0;
    CHECK_EQ_INT(upstream->put(upstream->self, &key, 1, &put, T0, &ticket, &conflict),
                 -EINPROGRESS);
    WAIT_FOR(has_settled);
    CHECK_EQ_INT(heard.result, 0);
}

static int roll_back(uint64_t version, uint64_t if_version, int renews)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    const struct change_put put = {.validity = VALIDITY_ALWAYS, .if_version = if_version};
    struct change_conflict conflict;
    uint64_t ticket = 0;
    heard.settled = 0;
    int r = upstream->roll_back(upstream->self, SPAN_LITERAL("b/1"), version, &put, renews, T0 + 9,
                                &ticket, &conflict);
    if (r != -EINPROGRESS)
        return r;
    WAIT_FOR(has_settled);
    return heard.result;
}

/* The newest value of b/1, as its object has it. */
static int b1_is(const char *value, uint64_t number)
{
    struct sync_side_object *object = sync_side_find("b/1");
    struct record record;
    CHECK_EQ_INT(sealed_record_read(stores.arena, (struct span){object->sealed, object->length},
                                    identities, 1, &record),
                 0);
    int ret = span_is(record.value, value) && record.version == number;
    record_done(stores.arena, &record);
    return ret;
}

static void begin_three(void)
{
    begin();
    put_b1("one");
    put_b1("two");
    put_b1("three");
    CHECK(is_absent("b/1"));
}

TEST(versions_are_listed)
{
    begin_three();
    heard.take = take;
    heard.settled = 0;
    ask_history("b/1");
    WAIT_FOR(has_settled);
    CHECK_EQ_INT(heard.result, 0);
    CHECK_EQ_INT(taken, 0);
    CHECK_EQ_INT(row_count, 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ_INT(rows[i].number, 3 - i);
        CHECK(span_is(rows[i].key, "b/1"));
        CHECK_EQ_INT(rows[i].updated_us, T0);
    }
    CHECK_EQ_INT(rows[0].created_us, T0);
    free(rows);
    heard.take = NULL;
    end();
}

TEST(nobody_takes_them)
{
    begin_three();
    heard.settled = 0;
    ask_history("b/1");
    WAIT_FOR(has_settled);
    CHECK_EQ_INT(heard.result, 0);
    end();
}

TEST(there_is_none)
{
    begin();
    ask_history("b/1");
    WAIT_FOR(has_settled);
    CHECK_EQ_INT(heard.result, -ENOENT);
    end();
}

TEST(without_the_cluster_what_is_here_is_listed)
{
    const struct upstream *upstream;
    uint64_t ticket = 0;
    begin();
    put_object("a/1", 1, "one");
    sync_side_list();
    WAIT_FOR(a1_is_one);
    sync_side_lose();
    skip_ms(1);
    upstream = secrets_upstream(secrets);
    while (link_is_up(line))
        wait_ms(never, 5);
    CHECK_EQ_INT(upstream->history(upstream->self, SPAN_LITERAL("a/1"), &rows, &row_count, &ticket),
                 0);
    CHECK_EQ_INT(row_count, 1);
    free(rows);
    CHECK_EQ_INT(upstream->history(upstream->self, SPAN_LITERAL("b/1"), &rows, &row_count, &ticket),
                 -EHOSTUNREACH);
    end();
}

TEST(an_older_one_is_stored_again)
{
    begin_three();
    CHECK_EQ_INT(roll_back(1, CHANGE_ANY_VERSION, 0), 0);
    CHECK(b1_is("one", 4));
    CHECK(is_absent("b/1"));
    const struct upstream *upstream = secrets_upstream(secrets);
    CHECK_EQ_INT(upstream->version(upstream->self, SPAN_LITERAL("b/1")), 4);
    CHECK_EQ_INT(roll_back(2, 3, 0), -ESTALE);
    CHECK_EQ_INT(roll_back(9, CHANGE_ANY_VERSION, 0), -ENOENT);
    CHECK(b1_is("one", 4));
    CHECK_EQ_INT(roll_back(2, 4, 0), 0);
    CHECK(b1_is("two", 5));
    end();
}

TEST(what_stands_there_is_not_believed)
{
    begin_three();
    struct sync_side_object *object = sync_side_find("b/1");
    snprintf(object->past[0].version, sizeof object->past[0].version, "7");
    CHECK_EQ_INT(roll_back(7, CHANGE_ANY_VERSION, 0), -EBADMSG);
    put_object_as("b/2", "b/9", 5, "of another", &identities[0]);
    struct sync_side_object *other = sync_side_find("b/2");
    free(object->past[1].sealed);
    object->past[1].sealed = other->sealed;
    object->past[1].length = other->length;
    other->sealed = NULL;
    snprintf(object->past[1].version, sizeof object->past[1].version, "5");
    CHECK_EQ_INT(roll_back(5, CHANGE_ANY_VERSION, 0), -EBADMSG);
    CHECK(b1_is("three", 3));
    end();
}

CHECK_MAIN
