/* SPDX-License-Identifier: BSD-2-Clause */
/* What was told of one, and lists of these. What breaks a rule: pods_test.c. */
#include "cluster/told.h"

#include <errno.h>

#include "base/error.h"
#include "base/table.h"
#include "cluster/told_list.h"
#include "identity/fields.h"
#include "identity/identity.h"
#include "limits.h"
#include "tests/unit/check.h"
#include "wire/wire.h"

#define A "aaaaaaaa-0000-0000-0000-000000000001"
#define B "bbbbbbbb-0000-0000-0000-000000000002"

static struct wire_message pod(const char *uid, const char *labels)
{
    struct wire_message message = {.kind = WIRE_POD};
    const char *const texts[] = {uid, "app", "web-0", "web", labels, "id", "Running"};
    for (size_t i = 0; i < wire_fields(WIRE_POD); i++)
        message.field[i] = span_of(texts[i]);
    return message;
}

static struct told *tell(const char *uid, const char *labels)
{
    struct wire_message message = pod(uid, labels);
    struct told *told = NULL;
    struct error error = {""};
    if (told_pod(&message, &told, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    return told;
}

TEST(it_is_a_copy)
{
    char labels[] = "a=b\nc=d=e\n";
    struct told *told = tell(A, labels);
    struct fields fields;
    memset(labels, 'x', sizeof labels - 1);
    CHECK_EQ_INT(told_fields(told, &fields, NULL), 0);
    CHECK(span_is(told->name, A));
    CHECK(span_is(fields.namespace, "app") && span_is(fields.pod, "web-0"));
    CHECK(span_is(fields.service_account, "web") && !fields.workload.length);
    CHECK_EQ_INT(fields.label_count, 2);
    CHECK(span_is(fields.labels[1].key, "c") && span_is(fields.labels[1].value, "d=e"));
    told_free(told);
    told_free(NULL);
}

TEST(the_same_is_the_same)
{
    struct told *one = tell(A, "a=b"), *two = tell(A, "a=b"), *three = tell(A, "a=c");
    struct identity *identity = identity_new(0);
    struct told *bare = told_bare(span_of(A), identity);
    CHECK(told_same(one, two) && !told_same(one, three) && !told_same(one, bare));
    CHECK_EQ_INT(identity->references, 2);
    told_free(bare);
    CHECK_EQ_INT(identity->references, 1);
    identity_unref(identity);
    told_free(one);
    told_free(two);
    told_free(three);
}

TEST(as_many_labels_as_there_may_be)
{
    static char labels[LIMIT_WIRE_LABELS + 1];
    struct told *told = NULL;
    for (unsigned i = 0; i < LIMIT_LABELS; i++)
        snprintf(labels + strlen(labels), sizeof labels - strlen(labels), "k%u=v\n", i);
    told_free(tell(A, labels));
    snprintf(labels + strlen(labels), sizeof labels - strlen(labels), "more=v");
    struct wire_message message = pod(A, labels);
    CHECK_EQ_INT(told_pod(&message, &told, NULL), -EINVAL);
    CHECK(told == NULL);
}

TEST(a_list)
{
    struct told_list list;
    struct identity *identity = identity_new(0);
    CHECK_EQ_INT(told_list_init(&list, 2), 0);
    CHECK_EQ_INT(told_list_keep(&list, told_bare(span_of(A), identity)), 1);
    CHECK_EQ_INT(told_list_keep(&list, tell(A, "")), 1);
    struct told *kept = table_find(list.all, span_of(A));
    CHECK(kept->identity == identity && kept->is_stale && !kept->is_bare);
    CHECK_EQ_INT(told_list_keep(&list, tell(A, "")), 0);
    CHECK_EQ_INT(told_list_keep(&list, tell(B, "")), 1);
    CHECK_EQ_INT(told_list_keep(&list, tell("cccccccc-0000-0000-0000-000000000003", "")), -ENOSPC);

    CHECK_EQ_INT(told_list_end(&list), 0); /* it had not begun */
    CHECK(!list.was_complete);
    told_list_reset(&list);
    CHECK_EQ_INT(told_list_keep(&list, tell(B, "")), 0);
    told_list_lose(&list);
    CHECK_EQ_INT(told_list_end(&list), 0);
    CHECK(list.is_partial);
    CHECK_EQ_INT(table_count(list.all), 2);
    told_list_reset(&list);
    CHECK_EQ_INT(told_list_keep(&list, tell(B, "")), 0);
    CHECK_EQ_INT(told_list_end(&list), 1);
    CHECK(list.was_complete && !list.is_partial);
    CHECK_EQ_INT(table_count(list.all), 1);
    CHECK_EQ_INT(identity->references, 1);
    told_list_done(&list);
    told_list_done(&list);
    identity_unref(identity);
}

TEST(sorted_by_name)
{
    static const char *const names[] = {"b", "a.b", "ab", "a", "abc"};
    static const char *const sorted[] = {"a", "a.b", "ab", "abc", "b"};
    struct told_list list;
    struct identity *identity = identity_new(0);
    CHECK_EQ_INT(told_list_init(&list, 8), 0);
    for (size_t i = 0; i < 5; i++)
        CHECK_EQ_INT(told_list_keep(&list, told_bare(span_of(names[i]), identity)), 1);
    struct told **all = told_list_sorted(&list);
    for (size_t i = 0; i < 5; i++)
        CHECK(span_is(all[i]->name, sorted[i]));
    free(all);
    told_list_done(&list);
    identity_unref(identity);
}

CHECK_MAIN
