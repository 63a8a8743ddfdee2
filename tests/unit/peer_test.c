/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/peer.h"

#include <errno.h>

#include "identity/identity.h"
#include "limits.h"
#include "serve/subject.h"
#include "tests/unit/check.h"

static struct peers *peers;

static struct place place_of(enum place_kind kind, const char *name)
{
    struct place place = {.kind = kind};
    strncpy(place.pod_uid, name, sizeof place.pod_uid - 1);
    strncpy(place.unit, name, sizeof place.unit - 1);
    strncpy(place.path, name, sizeof place.path - 1);
    return place;
}

static struct peer *join(const struct subject *subject)
{
    struct peer *peer = peer_join(peers, subject, 1000);
    CHECK(peer != NULL);
    return peer;
}

TEST(who_shares)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct place unit_a = place_of(PLACE_UNIT, "a"), unit_b = place_of(PLACE_UNIT, "b");
    struct place host_a = place_of(PLACE_HOST, "/a"), host_b = place_of(PLACE_CONTAINER, "/b");
    struct identity *identity = identity_new(0);
    CHECK_EQ_INT(identity_set_names(identity, span_of("a"), span_of("b")), 0);
    /* Two of the same letter share; two of different letters do not. */
    const struct {
        char letter;
        struct subject subject;
    } rows[] = {
        {'p', {.attested = 1, .place = &pod_a}},
        {'p', {.attested = 1, .place = &pod_a, .caller.pid = 7, .identity = identity}},
        {'q', {.attested = 1, .place = &pod_b}},
        {'u', {.attested = 1, .place = &unit_a}},
        {'v', {.attested = 1, .place = &unit_b}},
        {'i', {.attested = 1, .place = &unit_b, .identity = identity}},
        {'i', {.attested = 1, .place = &host_a, .identity = identity}},
        /* strangers are one, however many cgroups they make */
        {'s', {.attested = 1, .place = &host_a}},
        {'s', {.attested = 1, .place = &host_b}},
        {'s', {.attested = 0, .place = &pod_a}},
        {'s', {.attested = 0, .place = &unit_a}},
        {'a', {.attested = 1, .door = DOOR_ADMIN, .place = &host_a}},
        {'a', {.attested = 1, .door = DOOR_ADMIN, .place = &pod_a}},
    };
    enum { COUNT = sizeof rows / sizeof rows[0] };
    struct peer *joined[COUNT];
    peers = peer_new_table(100);
    for (size_t i = 0; i < COUNT; i++) {
        joined[i] = join(&rows[i].subject);
        for (size_t k = 0; k < i; k++)
            if ((joined[i] == joined[k]) != (rows[i].letter == rows[k].letter))
                check_fail(__FILE__, __LINE__, "rows %zu and %zu", i, k);
    }
    for (size_t i = 0; i < COUNT; i++)
        peer_leave(peers, joined[i]);
    peer_free_table(peers);
    peer_free_table(NULL);
    identity_unref(identity);
}

TEST(connections_are_limited)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct subject a = {.attested = 1, .place = &pod_a}, b = {.attested = 1, .place = &pod_b};
    peers = peer_new_table(100);
    struct peer *first = peer_join(peers, &a, 2);
    CHECK(first != NULL && peer_join(peers, &a, 2) == first);
    CHECK(peer_join(peers, &a, 2) == NULL);
    struct peer *other = peer_join(peers, &b, 2);
    CHECK(other != NULL && other != first);
    peer_leave(peers, first);
    CHECK(peer_join(peers, &a, 2) == first);
    peer_leave(peers, first);
    peer_leave(peers, first);
    peer_leave(peers, other);
    peer_free_table(peers);
}

TEST(table_that_is_full)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct subject a = {.attested = 1, .place = &pod_a}, b = {.attested = 1, .place = &pod_b};
    peers = peer_new_table(1);
    struct peer *first = join(&a);
    CHECK(peer_join(peers, &b, 10) == NULL);
    peer_leave(peers, first);
    peer_leave(peers, join(&b));
    peer_free_table(peers);
}

TEST(share_of_a_turn)
{
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    peers = peer_new_table(1);
    struct peer *peer = join(&subject);
    for (unsigned i = 0; i < LIMIT_TURN_REQUESTS; i++) {
        CHECK(peer_may_go_on(peer, 1));
        peer_spend(peer, 1);
    }
    CHECK(!peer_may_go_on(peer, 1));
    CHECK(peer_may_go_on(peer, 2));
    peer_spend(peer, LIMIT_TURN_BYTES - 1);
    CHECK(peer_may_go_on(peer, 2));
    peer_spend(peer, 1);
    CHECK(!peer_may_go_on(peer, 2));
    CHECK(!peer_may_go_on(peer, 2));
    CHECK(peer_may_go_on(peer, 3));
    peer_leave(peers, peer);
    peer_free_table(peers);
}

TEST(memory_of_unfinished_requests)
{
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    peers = peer_new_table(1);
    struct peer *peer = join(&subject);
    CHECK_EQ_INT(peer_hold(peer, LIMIT_HELD_PER_POD), 0);
    CHECK_EQ_INT(peer_hold(peer, 1), -ENOSPC);
    CHECK_EQ_INT(peer_hold(peer, -1), 0);
    CHECK_EQ_INT(peer_hold(peer, 2), -ENOSPC);
    CHECK_EQ_INT(peer_hold(peer, 1), 0);
    CHECK_EQ_INT(peer_hold(peer, -(long)LIMIT_HELD_PER_POD), 0);
    peer_leave(peers, peer);
    peer_free_table(peers);
}

CHECK_MAIN
