/* SPDX-License-Identifier: BSD-2-Clause */
/* Identities, and the registry that finds them by place. */
#include "identity/identity.h"

#include <errno.h>

#include "identity/place.h"
#include "identity/registry.h"
#include "tests/unit/check.h"

#define UID "11112222-3333-4444-5555-66667777abcd"
#define OTHER "99992222-3333-4444-5555-66667777abcd"

static struct identity *make(const char *namespace, const char *workload)
{
    struct identity *identity = identity_new(0);
    CHECK(identity != NULL);
    CHECK_EQ_INT(identity_set_names(identity, span_of(namespace), span_of(workload)), 0);
    return identity;
}

TEST(names_make_the_key)
{
    struct identity *identity = make("prod", "payments");
    CHECK_STR(identity->key, "prod/payments");
    CHECK_EQ_INT(identity->key_length, 13);
    CHECK_EQ_INT(identity_set_names(identity, span_of("a"), span_of("b")), 0);
    CHECK_STR(identity->key, "a/b");
    CHECK_EQ_INT(identity_set_names(identity, span_of("a/b"), span_of("c")), -EINVAL);
    CHECK_EQ_INT(identity_set_names(identity, span_of("a"), span_of("")), -EINVAL);
    CHECK_EQ_INT(identity_set_names(identity, span_of("a"), span_of("b.c")), -EINVAL);
    CHECK_STR(identity->key, "a/b");
    identity_unref(identity);
}

TEST(longest_names)
{
    char name[LIMIT_DNS_LABEL + 1] = "";
    memset(name, 'x', LIMIT_DNS_LABEL);
    struct identity *identity = make(name, name);
    CHECK_EQ_INT(identity->key_length, LIMIT_OWN_KEY);
    CHECK_EQ_INT(strlen(identity->key), LIMIT_OWN_KEY);
    identity_unref(identity);
}

TEST(labels)
{
    struct identity *identity = identity_new(2);
    CHECK(identity != NULL);
    identity->labels[0] = (struct identity_label){strdup("app"), strdup("web")};
    identity->labels[1] = (struct identity_label){strdup("tier"), strdup("")};
    identity->label_count = 2;
    CHECK_STR(identity_label(identity, span_of("app")), "web");
    CHECK_STR(identity_label(identity, span_of("tier")), "");
    CHECK_STR(identity_label(identity, span_of("ap")), NULL);
    CHECK_STR(identity_label(identity, span_of("apps")), NULL);
    identity_unref(identity);
    identity_unref(NULL);
}

TEST(same)
{
    struct identity *a = make("ns", "w"), *b = make("ns", "w"), *c = make("ns", "v");
    CHECK(identity_same(a, b));
    CHECK(!identity_same(a, c));
    a->pod = strdup("pod-0");
    CHECK(!identity_same(a, b) && !identity_same(b, a));
    b->pod = strdup("pod-0");
    CHECK(identity_same(a, b));
    b->service_account = strdup("sa");
    CHECK(!identity_same(a, b));
    a->service_account = strdup("other");
    CHECK(!identity_same(a, b));
    identity_unref(a);
    identity_unref(b);
    identity_unref(c);
}

/* ---- the registry -------------------------------------------------------------------------- */

static void add(struct registry *registry, enum registry_kind kind, const char *name,
                const char *workload)
{
    struct identity *identity = make("ns", workload);
    CHECK_EQ_INT(registry_add(registry, kind, span_of(name), identity), 0);
    identity_unref(identity);
}

static const char *found(const struct registry *registry, const struct place *place)
{
    struct identity *identity = registry_find(registry, place);
    return identity ? identity->workload : NULL;
}

static struct place pod(const char *uid)
{
    struct place place = {.kind = PLACE_POD, .path = "/kubepods/pod/x"};
    strncpy(place.pod_uid, uid, sizeof place.pod_uid - 1);
    return place;
}

static struct place at(enum place_kind kind, const char *path, const char *unit)
{
    struct place place = {.kind = kind};
    strncpy(place.path, path, sizeof place.path - 1);
    strncpy(place.unit, unit, sizeof place.unit - 1);
    return place;
}

TEST(pods_are_found_by_uid_alone)
{
    struct registry *registry = registry_new();
    struct place place = pod(UID), other = pod(OTHER);
    add(registry, REGISTRY_PATH, "/kubepods", "path");
    CHECK_STR(found(registry, &place), NULL);
    add(registry, REGISTRY_POD, UID, "mine");
    CHECK_STR(found(registry, &place), "mine");
    CHECK_STR(found(registry, &other), NULL);
    registry_free(registry);
}

TEST(longest_path_first)
{
    struct registry *registry = registry_new();
    add(registry, REGISTRY_PATH, "/ops", "ops");
    add(registry, REGISTRY_PATH, "/ops/tool", "tool");
    static const char *const rows[][2] = {
        {"/ops", "ops"},     {"/ops/tool", "tool"}, {"/ops/tool/a/b", "tool"},
        {"/ops/too", "ops"}, {"/ops/tools", "ops"}, {"/ops/x/tool", "ops"},
        {"/opsx", NULL},     {"/x/ops", NULL},      {"/", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place host = at(PLACE_HOST, rows[i][0], "");
        struct place container = at(PLACE_CONTAINER, rows[i][0], "");
        CHECK_STR(found(registry, &host), rows[i][1]);
        CHECK_STR(found(registry, &container), rows[i][1]);
    }
    registry_free(registry);
}

TEST(unit_before_path)
{
    struct registry *registry = registry_new();
    struct place place = at(PLACE_UNIT, "/system.slice/nginx.service", "nginx.service");
    CHECK_STR(found(registry, &place), NULL);
    add(registry, REGISTRY_PATH, "/system.slice", "slice");
    CHECK_STR(found(registry, &place), "slice");
    add(registry, REGISTRY_UNIT, "nginx.service", "unit");
    CHECK_STR(found(registry, &place), "unit");
    place = at(PLACE_HOST, "/x/nginx.service", "");
    CHECK_STR(found(registry, &place), NULL);
    registry_free(registry);
}

TEST(who_is_refused_is_nobody)
{
    struct registry *registry = registry_new();
    add(registry, REGISTRY_PATH, "/ops", "ops");
    add(registry, REGISTRY_POD, UID, "pod");
    add(registry, REGISTRY_UNIT, "a.service", "unit");
    struct place place = at(PLACE_REFUSED, "/ops", "a.service");
    memcpy(place.pod_uid, UID, sizeof UID);
    CHECK_STR(found(registry, &place), NULL);
    registry_free(registry);
}

TEST(kinds_are_apart)
{
    struct registry *registry = registry_new();
    add(registry, REGISTRY_UNIT, "x", "unit");
    add(registry, REGISTRY_POD, "x", "pod");
    add(registry, REGISTRY_PATH, "x", "path");
    CHECK_EQ_INT(registry_count(registry), 3);
    struct place place = at(PLACE_UNIT, "/", "x");
    CHECK_STR(found(registry, &place), "unit");
    place = pod("x");
    CHECK_STR(found(registry, &place), "pod");
    registry_free(registry);
}

TEST(duplicates_and_limits)
{
    char name[PLACE_PATH + 1];
    struct registry *registry = registry_new();
    struct identity *identity = make("ns", "w");
    CHECK_EQ_INT(registry_add(registry, REGISTRY_POD, span_of(UID), identity), 0);
    CHECK_EQ_INT(registry_add(registry, REGISTRY_POD, span_of(UID), identity), -EEXIST);
    memset(name, 'x', sizeof name);
    CHECK_EQ_INT(registry_add(registry, REGISTRY_PATH, (struct span){name, PLACE_PATH}, identity),
                 -ENAMETOOLONG);
    for (unsigned i = 1; i < LIMIT_IDENTITIES; i++) {
        snprintf(name, sizeof name, "/%u", i);
        CHECK_EQ_INT(registry_add(registry, REGISTRY_PATH, span_of(name), identity), 0);
    }
    CHECK_EQ_INT(registry_add(registry, REGISTRY_PATH, span_of("/x"), identity), -ENOSPC);
    CHECK_EQ_INT(registry_count(registry), LIMIT_IDENTITIES);
    CHECK_EQ_INT(identity->references, 1 + LIMIT_IDENTITIES);
    registry_free(registry);
    registry_free(NULL);
    CHECK_EQ_INT(identity->references, 1);
    identity_unref(identity);
}

CHECK_MAIN
