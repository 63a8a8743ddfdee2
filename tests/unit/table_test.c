/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/table.h"

#include <errno.h>

#include "base/hash.h"
#include "tests/unit/check.h"

TEST(empty)
{
    struct table *table = table_new(4);
    size_t at = 0;
    CHECK(table != NULL);
    CHECK(table_find(table, span_of("a")) == NULL);
    CHECK(table_remove(table, span_of("a")) == NULL);
    CHECK(table_next(table, &at) == NULL);
    CHECK_EQ_INT(table_count(table), 0);
    table_free(table);
    table_free(NULL);
}

TEST(setting_a_key_again)
{
    static char first[] = "key", second[] = "key";
    int a, b;
    void *old = &a;
    struct table *table = table_new(1);
    CHECK_EQ_INT(table_set(table, span_of(first), &a, &old), 0);
    CHECK(old == NULL);
    CHECK_EQ_INT(table_set(table, span_of(second), &b, &old), 0);
    CHECK(old == &a);
    CHECK_EQ_INT(table_count(table), 1);
    /* The table must use the memory of the second now: the first is its owner's again. */
    memset(first, 'x', sizeof first - 1);
    CHECK(table_find(table, span_of("key")) == &b);
    CHECK_EQ_INT(table_set(table, span_of("key"), &a, NULL), 0);
    CHECK(table_find(table, span_of("key")) == &a);
    table_free(table);
}

TEST(bounded)
{
    int value;
    void *old = &value;
    struct table *table = table_new(2);
    CHECK_EQ_INT(table_set(table, span_of("a"), &value, NULL), 0);
    CHECK_EQ_INT(table_set(table, span_of("b"), &value, NULL), 0);
    CHECK_EQ_INT(table_set(table, span_of("c"), &value, &old), -ENOSPC);
    CHECK(old == &value);
    CHECK(table_find(table, span_of("c")) == NULL);
    CHECK_EQ_INT(table_set(table, span_of("b"), &value, NULL), 0);
    CHECK(table_remove(table, span_of("a")) == &value);
    CHECK_EQ_INT(table_set(table, span_of("c"), &value, NULL), 0);
    table_free(table);
}

TEST(keys_are_bytes)
{
    int a, b, c;
    struct table *table = table_new(8);
    CHECK_EQ_INT(table_set(table, (struct span){"k\0a", 3}, &a, NULL), 0);
    CHECK_EQ_INT(table_set(table, (struct span){"k\0b", 3}, &b, NULL), 0);
    CHECK_EQ_INT(table_set(table, (struct span){"", 0}, &c, NULL), 0);
    CHECK(table_find(table, (struct span){"k\0a", 3}) == &a);
    CHECK(table_find(table, (struct span){"k\0b", 3}) == &b);
    CHECK(table_find(table, (struct span){"k", 1}) == NULL);
    CHECK(table_find(table, (struct span){NULL, 0}) == &c);
    table_free(table);
}

/* ---- against a model: an array with one place for each key --------------------------------- */

#define KEYS 600

struct model {
    char name[KEYS][8];
    int present[KEYS];
    size_t count;
};

static struct span name_of(const struct model *model, size_t key)
{
    return span_of(model->name[key]);
}

static void check_walk(const struct table *table, const struct model *model)
{
    int seen[KEYS] = {0};
    size_t at = 0, count = 0;
    for (const int *value; (value = table_next(table, &at)); count++) {
        size_t key = (size_t)(value - model->present);
        CHECK(key < KEYS && model->present[key] && !seen[key]);
        seen[key] = 1;
    }
    CHECK_EQ_INT(count, model->count);
}

static void check_same(const struct table *table, struct model *model)
{
    CHECK_EQ_INT(table_count(table), model->count);
    for (size_t key = 0; key < KEYS; key++)
        CHECK(table_find(table, name_of(model, key)) ==
              (model->present[key] ? &model->present[key] : NULL));
    check_walk(table, model);
}

static void change(struct table *table, struct model *model, size_t key)
{
    int *value = &model->present[key];
    void *old = NULL;
    if (check_random(2)) {
        CHECK_EQ_INT(table_set(table, name_of(model, key), value, &old), 0);
        CHECK(old == (*value ? value : NULL));
        model->count += !*value;
        *value = 1;
    } else {
        CHECK(table_remove(table, name_of(model, key)) == (*value ? value : NULL));
        model->count -= (size_t)*value;
        *value = 0;
    }
}

/* Few keys make long clusters with many gaps; many make the table grow. */
TEST(as_the_model)
{
    for (size_t keys = 4; keys <= KEYS; keys *= 5) {
        struct model model = {.count = 0};
        struct table *table = table_new(KEYS);
        for (size_t key = 0; key < KEYS; key++)
            snprintf(model.name[key], sizeof model.name[key], "k%zu", key);
        for (unsigned step = 0; step < 20000; step++) {
            change(table, &model, check_random(keys));
            if (step % 500 == 0)
                check_same(table, &model);
        }
        check_same(table, &model);
        table_free(table);
    }
}

TEST(as_the_model_with_a_key_of_its_own)
{
    CHECK_EQ_INT(hash_seed(), 0);
    test_as_the_model();
}

CHECK_MAIN
