/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/peer.h"

#include <errno.h>

#include "identity/identity.h"
#include "limits.h"
#include "serve/conn.h"
#include "serve/line.h"
#include "serve/subject.h"
#include "serve/tally.h"
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
    struct peer *peer = peer_join(peers, subject, 1000, 0);
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
    peers = peer_new_table(100, 0);
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
    peers = peer_new_table(100, 0);
    struct peer *first = peer_join(peers, &a, 2, 0);
    CHECK(first != NULL && peer_join(peers, &a, 2, 0) == first);
    CHECK(peer_join(peers, &a, 2, 0) == NULL);
    struct peer *other = peer_join(peers, &b, 2, 0);
    CHECK(other != NULL && other != first);
    peer_leave(peers, first);
    CHECK(peer_join(peers, &a, 2, 0) == first);
    peer_leave(peers, first);
    peer_leave(peers, first);
    peer_leave(peers, other);
    peer_free_table(peers);
}

TEST(table_that_is_full)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct subject a = {.attested = 1, .place = &pod_a}, b = {.attested = 1, .place = &pod_b};
    peers = peer_new_table(1, 0);
    struct peer *first = join(&a);
    CHECK(peer_join(peers, &b, 10, 0) == NULL);
    peer_leave(peers, first);
    peer_leave(peers, join(&b));
    peer_free_table(peers);
}

/* Spend what PEER may in TURN, one byte a request; how many requests that was. */
static unsigned spend_all(struct peer *peer, uint64_t turn)
{
    unsigned count = 0;
    for (; peer_may_go_on(peer, turn); count++)
        peer_spend(peer, 1);
    return count;
}

TEST(share_of_a_turn)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct subject a = {.attested = 1, .place = &pod_a}, b = {.attested = 1, .place = &pod_b};
    uint64_t turn = 1;
    peers = peer_new_table(2, 0);
    struct peer *first = join(&a), *second = join(&b);
    /* Alone: the small share while others may still be seen, then the large one. */
    CHECK_EQ_INT(spend_all(first, turn), LIMIT_TURN_SHARED_REQUESTS);
    CHECK(peer_widen(peers, turn));
    CHECK_EQ_INT(spend_all(first, turn), LIMIT_TURN_REQUESTS - LIMIT_TURN_SHARED_REQUESTS);
    /* One more comes when it was wide already: both have the small one. */
    CHECK(peer_widen(peers, ++turn) == 0);
    CHECK_EQ_INT(spend_all(first, turn), LIMIT_TURN_SHARED_REQUESTS);
    CHECK(peer_widen(peers, turn));
    CHECK_EQ_INT(spend_all(second, turn), LIMIT_TURN_SHARED_REQUESTS);
    CHECK_EQ_INT(spend_all(first, turn), 0);
    CHECK(!peer_widen(peers, turn));
    /* Whoever was not alone of late is not taken for it at once. */
    turn += 2;
    CHECK_EQ_INT(spend_all(first, turn), LIMIT_TURN_SHARED_REQUESTS);
    CHECK(!peer_widen(peers, turn));
    turn += 100000;
    CHECK_EQ_INT(spend_all(first, turn), LIMIT_TURN_SHARED_REQUESTS);
    CHECK(peer_widen(peers, turn));
    peer_leave(peers, second);
    peer_leave(peers, first);
    peer_free_table(peers);
}

TEST(bytes_of_a_turn)
{
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    peers = peer_new_table(1, 0);
    struct peer *peer = join(&subject);
    CHECK(peer_may_go_on(peer, 2));
    peer_spend(peer, LIMIT_TURN_SHARED_BYTES - 1);
    CHECK(peer_may_go_on(peer, 2));
    peer_spend(peer, 1);
    CHECK(!peer_may_go_on(peer, 2));
    CHECK(peer_widen(peers, 2) && peer_may_go_on(peer, 2));
    peer_spend(peer, LIMIT_TURN_BYTES - LIMIT_TURN_SHARED_BYTES);
    CHECK(!peer_may_go_on(peer, 2));
    CHECK(peer_may_go_on(peer, 3));
    /* What is sent to slow readers has a share of its own. */
    peer_sent(peer, LIMIT_TURN_SHARED_BYTES - 1);
    CHECK(peer_may_send(peer, 3));
    peer_sent(peer, 1);
    CHECK(!peer_may_send(peer, 3) && peer_may_go_on(peer, 3));
    CHECK(peer_may_send(peer, 4));
    peer_leave(peers, peer);
    peer_free_table(peers);
}

#define MS UINT64_C(1000000)

static uint64_t told, told_count;

static void tell(void *context, struct span subject, uint64_t count)
{
    CHECK(context == &told && span_is(subject, "who"));
    told++;
    told_count += count;
}

static int tend(uint64_t now_ns)
{
    return peer_tend(peers, now_ns, tell, &told);
}

/* As the server asks. */
static int may_ask(struct peer *peer, uint64_t now_ns)
{
    return peer_take(peer) || peer_refill(peer, now_ns);
}

static unsigned ask_all(struct peer *peer, uint64_t now_ns)
{
    unsigned count = 0;
    while (may_ask(peer, now_ns))
        count++;
    return count;
}

TEST(rate)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct subject a = {.attested = 1, .place = &pod_a}, b = {.attested = 1, .place = &pod_b};
    struct subject admin = {.attested = 1, .door = DOOR_ADMIN, .place = &pod_a};
    uint64_t now = 5000 * MS;
    peers = peer_new_table(10, 1000);
    CHECK_EQ_INT(peer_rate(peers), 1000);
    CHECK_EQ_INT(peer_pause_ns(peers), LIMIT_RATE_PAUSE_MS * MS);
    struct peer *peer = join(&a), *other = join(&b), *host = join(&admin);
    unsigned count = ask_all(peer, now);
    CHECK(count >= 50 && count <= 100);
    CHECK(peer_is_stopped(peer) && !peer_is_stopped(other));
    CHECK(may_ask(other, now));
    for (int i = 0; i < 100000; i++)
        CHECK(peer_take(host));
    CHECK(tend(now + (LIMIT_RATE_PAUSE_MS - 1) * MS));
    CHECK(peer_is_stopped(peer) && !peer_were_released(peers));
    CHECK(!tend(now + LIMIT_RATE_PAUSE_MS * MS));
    CHECK(!peer_is_stopped(peer));
    CHECK(peer_were_released(peers) && !peer_were_released(peers));
    now += LIMIT_RATE_PAUSE_MS * MS;
    CHECK_EQ_INT(ask_all(peer, now), LIMIT_RATE_PAUSE_MS);
    /* A clock that steps back holds nobody for longer. */
    CHECK(!tend(1 * MS) && !peer_is_stopped(peer));
    peer_leave(peers, peer);
    peer_leave(peers, other);
    peer_leave(peers, host);
    peer_free_table(peers);
}

/* Whoever closes and connects again has the bucket that it had. */
TEST(rate_of_who_comes_again)
{
    struct place pod_a = place_of(PLACE_POD, "a"), pod_b = place_of(PLACE_POD, "b");
    struct subject a = {.attested = 1, .place = &pod_a}, b = {.attested = 1, .place = &pod_b};
    uint64_t now = 5000 * MS, sum = 0;
    peers = peer_new_table(1, 1000);
    for (int i = 0; i < 1000; i++) {
        struct peer *peer = peer_join(peers, &a, 10, now);
        CHECK(peer != NULL);
        sum += ask_all(peer, now) > 0;
        peer_leave(peers, peer);
        tend(now);
    }
    CHECK(sum <= 2);
    /* It is forgotten when its bucket is full again; and before, when there is no room. */
    CHECK(tend(now + 40 * MS));
    CHECK(!tend(now + 50 * MS));
    struct peer *peer = peer_join(peers, &a, 10, now);
    CHECK(ask_all(peer, now) >= 50);
    CHECK(peer_join(peers, &b, 10, now) == NULL);
    peer_leave(peers, peer);
    peer = peer_join(peers, &b, 10, now);
    CHECK(peer != NULL);
    peer_leave(peers, peer);
    peer_free_table(peers);
}

TEST(refusals_are_told)
{
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    uint64_t now = 5000 * MS;
    peers = peer_new_table(1, 1000);
    struct peer *peer = join(&subject);
    CHECK(tally_add(peer_tally(peer), span_of("who"), now / MS));
    for (int i = 0; i < 10; i++)
        CHECK(!tally_add(peer_tally(peer), span_of("who"), now / MS));
    peer_leave(peers, peer);
    /* It has left, and has refusals that are to be told: it does not give way. */
    struct place other = place_of(PLACE_POD, "b");
    struct subject b = {.attested = 1, .place = &other};
    CHECK(peer_join(peers, &b, 1, now) == NULL);
    CHECK(tend(now + 999 * MS) && !told);
    CHECK(tend(now + 1000 * MS));
    CHECK_EQ_INT(told, 1);
    CHECK_EQ_INT(told_count, 10);
    CHECK(!tend(now + 2000 * MS));
    CHECK_EQ_INT(told, 1);
    peer_free_table(peers);
}

TEST(replies_that_are_not_taken)
{
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    peers = peer_new_table(1, 0);
    struct peer *peer = join(&subject);
    peer_queue(peer, 0, LIMIT_QUEUED_PER_POD);
    CHECK(!peer_is_stopped(peer));
    peer_queue(peer, 0, 1);
    CHECK(peer_is_stopped(peer));
    peer_queue(peer, LIMIT_QUEUED_PER_POD, LIMIT_QUEUED_PER_POD / 2);
    CHECK(peer_is_stopped(peer) && !peer_were_released(peers));
    peer_queue(peer, 1, 0);
    CHECK(!peer_is_stopped(peer) && peer_were_released(peers));
    peer_leave(peers, peer);
    peer_free_table(peers);
}

/* Connections A to D, of two pods. */
TEST(line)
{
    static struct conn a, b, c, d;
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    struct lines lines = {0};
    struct line other = {0};
    peers = peer_new_table(1, 0);
    struct peer *peer = join(&subject);
    struct line *line = peer_line(peer);
    CHECK(!line->first && !lines.first);
    line_join(&lines, line, &a);
    line_join(&lines, line, &b);
    line_join(&lines, &other, &c);
    line_join(&lines, line, &d);
    CHECK(line->first == &a && a.next_ready == &b && b.next_ready == &d && line->last == &d);
    CHECK(lines.first == line && line->next == &other && lines.last == &other);
    line_leave(&lines, line, &b); /* from the middle */
    CHECK(a.next_ready == &d && d.previous_ready == &a);
    line_leave(&lines, line, &d);
    CHECK(line->last == &a && lines.first == line);
    line_leave(&lines, line, &a);
    CHECK(!line->first && !line->last && lines.first == &other && !other.previous);
    line_join(&lines, line, &a); /* again, behind the other */
    CHECK(lines.first == &other && lines.last == line && line->previous == &other);
    line_leave(&lines, &other, &c);
    line_leave(&lines, line, &a);
    CHECK(!lines.first && !lines.last);
    peer_leave(peers, peer);
    peer_free_table(peers);
}

TEST(memory_of_unfinished_requests)
{
    struct place place = place_of(PLACE_POD, "a");
    struct subject subject = {.attested = 1, .place = &place};
    peers = peer_new_table(1, 0);
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
