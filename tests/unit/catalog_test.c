/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/catalog.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "store/store.h"
#include "tests/unit/check.h"
#include "wire/wire.h"

#define T0 INT64_C(1795551330123456)
#define MAX 5

static struct catalog *catalog;
static struct catalog_item *item;
static enum catalog_change change;

static void begin(void)
{
    catalog = catalog_new(MAX);
    CHECK(catalog != NULL);
}

static struct wire_message seen_of(const char *namespace, const char *name, const char *version)
{
    struct wire_message seen = {.kind = WIRE_SEEN};
    for (size_t i = 0; i < WIRE_FIELDS; i++)
        seen.field[i] = SPAN_LITERAL("");
    seen.field[SECRET_NAMESPACE] = span_of(namespace);
    seen.field[SECRET_NAME] = span_of(name);
    seen.field[SECRET_UID] = SPAN_LITERAL("uid-1");
    seen.field[SECRET_RESOURCE_VERSION] = SPAN_LITERAL("17");
    seen.field[SEEN_VERSION] = span_of(version);
    return seen;
}

static int see(const char *namespace, const char *name, const char *version)
{
    const struct wire_message seen = seen_of(namespace, name, version);
    return catalog_see(catalog, &seen, &item, &change);
}

TEST(claims_are_read)
{
    begin();
    struct wire_message seen = seen_of("a", "b", "7");
    seen.field[SEEN_CREATED] = SPAN_LITERAL("2026-11-24T20:15:30.123456Z");
    seen.field[SEEN_UPDATED] = SPAN_LITERAL("2026-11-24T21:15:30+01:00");
    seen.field[SEEN_NOT_BEFORE] = SPAN_LITERAL("now");
    seen.field[SEEN_EXPIRES] = SPAN_LITERAL("2026-11-24T20:15:31Z");
    CHECK_EQ_INT(catalog_see(catalog, &seen, &item, &change), 0);
    CHECK(item->version == 7 && item->created_us == T0 && item->updated_us == T0 - 123456);
    CHECK(item->validity.not_before_us == VALIDITY_NOW);
    CHECK_EQ_INT(item->validity.expires_us, T0 - 123456 + 1000000);
    CHECK_STR(item->resource_version, "17");
    CHECK(span_is(catalog_key(item), "a/b") && catalog_find(catalog, SPAN_LITERAL("a/b")) == item);
    CHECK(catalog_is_of(item, SPAN_LITERAL("uid-1")));
    CHECK(!catalog_is_of(item, SPAN_LITERAL("uid-2")));
    catalog_free(catalog);
}

TEST(claims_that_nobody_can_read)
{
    static const char *const versions[] = {"",   "x",  "-1", "1.5",
                                           "0x", "+1", "1 ", "99999999999999999999"};
    begin();
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct wire_message seen = seen_of("a", "b", versions[i]);
        seen.field[SEEN_CREATED] = seen.field[SEEN_NOT_BEFORE] = SPAN_LITERAL("+90d");
        seen.field[SEEN_UPDATED] = seen.field[SEEN_EXPIRES] = SPAN_LITERAL("2026-02-30");
        CHECK_EQ_INT(catalog_see(catalog, &seen, &item, &change), 0);
        CHECK(item->version == 0 && item->created_us == 0 && item->updated_us == 0);
        CHECK(item->validity.not_before_us == VALIDITY_NOW);
        CHECK(item->validity.expires_us == VALIDITY_NEVER);
    }
    catalog_free(catalog);
}

TEST(what_has_changed)
{
    begin();
    CHECK(see("a", "b", "1") == 0 && change == CATALOG_CHANGED);
    CHECK(see("a", "b", "1") == 0 && change == CATALOG_SAME);
    CHECK(see("a", "b", "2") == 0 && change == CATALOG_CHANGED);
    struct wire_message seen = seen_of("a", "b", "2");
    seen.field[SECRET_RESOURCE_VERSION] = SPAN_LITERAL("18");
    CHECK_EQ_INT(catalog_see(catalog, &seen, &item, &change), 0);
    CHECK_EQ_INT(change, CATALOG_TOUCHED);
    item->generation = 5; /* of the object that was looked at */
    static const struct {
        const char *version, *resource_version, *generation;
        enum catalog_change change;
    } rows[] = {{"2", "19", "5", CATALOG_STATUS},  {"2", "19", "5", CATALOG_SAME},
                {"2", "20", "6", CATALOG_TOUCHED}, {"2", "21", "", CATALOG_TOUCHED},
                {"2", "22", "x", CATALOG_TOUCHED}, {"3", "23", "5", CATALOG_CHANGED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        seen = seen_of("a", "b", rows[i].version);
        seen.field[SECRET_RESOURCE_VERSION] = span_of(rows[i].resource_version);
        seen.field[SEEN_GENERATION] = span_of(rows[i].generation);
        CHECK_EQ_INT(catalog_see(catalog, &seen, &item, &change), 0);
        CHECK_EQ_INT(change, rows[i].change);
    }
    item->generation = 0; /* it was not looked at yet */
    seen.field[SECRET_RESOURCE_VERSION] = SPAN_LITERAL("24");
    seen.field[SEEN_GENERATION] = SPAN_LITERAL("0");
    CHECK_EQ_INT(catalog_see(catalog, &seen, &item, &change), 0);
    CHECK_EQ_INT(change, CATALOG_TOUCHED);
    CHECK_EQ_INT(catalog_count(catalog), 1);
    catalog_free(catalog);
}

TEST(names_that_are_no_keys)
{
    char longer[LIMIT_DNS_SUBDOMAIN + 1];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    begin();
    CHECK_EQ_INT(see("a", "b.c", "1"), -EINVAL);
    CHECK_EQ_INT(see("a", "", "1"), -EINVAL);
    CHECK_EQ_INT(see("", "b", "1"), -EINVAL);
    CHECK_EQ_INT(see("a", "B", "1"), -EINVAL);
    CHECK_EQ_INT(see("a", longer, "1"), -EINVAL);
    CHECK_EQ_INT(see("a/b", "c", "1"), -EINVAL);
    CHECK_EQ_INT(catalog_count(catalog), 0);
    catalog_free(catalog);
}

TEST(no_more_than_so_many)
{
    static const char *const names[MAX] = {"a", "b", "c", "d", "e"};
    struct store_row *rows;
    size_t count;
    begin();
    for (size_t i = MAX; i-- > 0;)
        CHECK_EQ_INT(see("ns", names[i], "1"), 0);
    CHECK_EQ_INT(see("ns", "f", "1"), -ENOSPC);
    CHECK_EQ_INT(see("ns", "a", "2"), 0);
    CHECK_EQ_INT(catalog_list(catalog, T0, &rows, &count), 0);
    CHECK_EQ_INT(count, MAX);
    for (size_t i = 0; i < MAX; i++)
        CHECK(rows[i].key.length == 4 && rows[i].key.data[3] == names[i][0]);
    CHECK(rows[0].number == 2 && !rows[0].is_gone);
    free(rows);
    catalog_free(catalog);
}

TEST(list_that_names_not_all)
{
    begin();
    CHECK_EQ_INT(see("a", "old", "1"), 0);
    CHECK_EQ_INT(see("a", "kept", "1"), 0);
    struct catalog_item *kept = item;
    catalog_begin_list(catalog);
    struct catalog_item *made;
    CHECK_EQ_INT(catalog_make(catalog, SPAN_LITERAL("a/made"), &made), 0);
    CHECK(catalog_is_stale(catalog, kept));
    CHECK(!catalog_is_stale(catalog, made)); /* while the list was on its way */
    CHECK_EQ_INT(see("a", "kept", "1"), 0);
    CHECK(!catalog_is_stale(catalog, kept));
    CHECK(catalog_is_stale(catalog, catalog_find(catalog, SPAN_LITERAL("a/old"))));
    catalog_remove(catalog, catalog_find(catalog, SPAN_LITERAL("a/old")));
    CHECK_EQ_INT(catalog_count(catalog), 2);
    catalog_free(catalog);
}

TEST(five_thousand_keys_in_two_mebibytes)
{
    char name[32];
#if defined __SANITIZE_ADDRESS__
    CHECK_MOOT("the sanitizer's allocator counts otherwise");
#endif
    size_t before = mallinfo2().uordblks;
    catalog = catalog_new(LIMIT_SECRETS);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "workload-of-some-length-%u", i);
        CHECK_EQ_INT(see("some-namespace", name, "1764000000"), 0);
    }
    size_t used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    if (used > 2u << 20)
        check_fail(__FILE__, __LINE__, "%zu bytes", used);
    catalog_free(catalog);
}

CHECK_MAIN
