/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole truth table of who may do what, against a second writing of the rules. */
#include "serve/access.h"

#include "identity/identity.h"
#include "serve/subject.h"
#include "tests/unit/check.h"

struct input {
    enum access access;
    int working;
    struct place place;
    struct subject subject;
};

/* The input number INDEX, each question one digit of it; 0 past the last. */
static int input_at(unsigned index, struct identity *identity, struct input *ret)
{
    unsigned rest = index;
#define TAKE(count)   \
    (rest % (count)); \
    rest /= (count)
    *ret = (struct input){.place.why = "it is bad"};
    ret->access = TAKE(4);
    ret->working = TAKE(2);
    ret->subject.door = TAKE(3);
    ret->subject.attested = TAKE(2);
    ret->place.kind = TAKE(5);
    ret->place.contained = TAKE(2);
    int has_identity = TAKE(2);
    ret->subject.is_sentinel = TAKE(2);
    static const unsigned uids[] = {0, 1, 65534, UINT32_MAX};
    ret->subject.caller.uid = uids[rest % 4];
    ret->subject.identity = has_identity ? identity : NULL;
    ret->subject.place = &ret->place;
    return rest / 4 == 0;
#undef TAKE
}

static int may_read_its_secret(const struct input *i)
{
    return i->working && i->subject.attested && i->subject.door == DOOR_PUBLIC &&
           i->subject.identity;
}

static int may_administer(const struct input *i)
{
    if (!i->working || !i->subject.attested)
        return 0;
    if (i->subject.door != DOOR_ADMIN)
        return i->subject.door == DOOR_PUBLIC && i->subject.is_sentinel;
    return i->subject.caller.uid == 0 && !i->place.contained && i->place.kind != PLACE_REFUSED;
}

static enum verdict expected(const struct input *i)
{
    int is_stranger_pod = i->working && i->subject.attested && i->subject.door == DOOR_PUBLIC &&
                          !i->subject.identity && i->place.kind == PLACE_POD;
    if (i->access == ACCESS_ANYONE || (i->access == ACCESS_WORKLOAD && may_read_its_secret(i)) ||
        (i->access == ACCESS_ADMIN && may_administer(i)))
        return VERDICT_ALLOW;
    if (is_stranger_pod && i->access != ACCESS_NOBODY)
        return VERDICT_WAIT;
    return VERDICT_DENY;
}

TEST(truth_table)
{
    struct identity *identity = identity_new(0);
    struct input input;
    unsigned counts[3] = {0};
    for (unsigned index = 0; input_at(index, identity, &input); index++) {
        struct decision decision = access_decide(input.access, &input.subject, input.working);
        if (decision.verdict != expected(&input))
            check_fail(__FILE__, __LINE__,
                       "%d: access %d working %d door %d attested %d kind %d contained %d "
                       "identity %d sentinel %d uid %u",
                       decision.verdict, input.access, input.working, input.subject.door,
                       input.subject.attested, input.place.kind, input.place.contained,
                       input.subject.identity != NULL, input.subject.is_sentinel,
                       input.subject.caller.uid);
        counts[decision.verdict]++;
        CHECK(decision.reason != NULL && !strchr(decision.reason, ' '));
        CHECK_EQ_INT(strcmp(decision.reason, "ok") == 0, decision.verdict == VERDICT_ALLOW);
        CHECK_EQ_INT(decision.message == NULL, decision.verdict == VERDICT_ALLOW);
    }
    CHECK_EQ_INT(counts[0] + counts[1] + counts[2], 4 * 2 * 3 * 2 * 5 * 2 * 2 * 2 * 4);
    CHECK(counts[VERDICT_WAIT] && counts[VERDICT_ALLOW]);
    identity_unref(identity);
}

TEST(reasons)
{
    struct identity *identity = identity_new(0);
    struct place place = {.kind = PLACE_HOST, .why = "too deep"};
    struct subject subject = {.place = &place, .attested = 1};
    struct decision decision;

#define REASON(access, working, text)                    \
    decision = access_decide(access, &subject, working); \
    CHECK_STR(decision.reason, text)

    REASON(ACCESS_NOBODY, 1, "not-allowed");
    REASON(ACCESS_WORKLOAD, 0, "canary");
    REASON(ACCESS_WORKLOAD, 1, "unknown-caller");
    place.kind = PLACE_CONTAINER;
    REASON(ACCESS_WORKLOAD, 1, "foreign-container");
    place.kind = PLACE_REFUSED;
    REASON(ACCESS_WORKLOAD, 1, "bad-cgroup");
    CHECK_STR(decision.message, "too deep");
    place.kind = PLACE_POD;
    REASON(ACCESS_WORKLOAD, 1, "unknown-pod");
    REASON(ACCESS_ADMIN, 1, "unknown-pod");
    subject.is_unseen = 1;
    REASON(ACCESS_WORKLOAD, 1, "unseen-cluster");
    REASON(ACCESS_ADMIN, 1, "unseen-cluster");
    CHECK_EQ_INT(decision.verdict, VERDICT_WAIT);
    CHECK(strstr(decision.message, "not seen the cluster") != NULL);
    subject.identity = identity;
    REASON(ACCESS_ADMIN, 1, "not-sentinel");
    subject.door = DOOR_ADMIN;
    REASON(ACCESS_WORKLOAD, 1, "wrong-door");
    subject.caller.uid = 1000;
    REASON(ACCESS_ADMIN, 1, "not-root");
    subject.caller.uid = 0;
    place.contained = 1;
    REASON(ACCESS_ADMIN, 1, "contained");
    subject.attested = 0;
    REASON(ACCESS_ADMIN, 1, "unattested");
    identity_unref(identity);
}

TEST(who_is_our_vsecm_sync)
{
    enum { SYNC_UID = 65532 };
    struct place own = {.kind = PLACE_POD, .contained = 1, .pod_uid = "a"};
    struct place place = own;
    struct subject subject = {.door = DOOR_SYNC, .place = &place};
    struct decision decision;
    subject.caller.uid = SYNC_UID;

#define SYNC(text)                                              \
    decision = access_decide_sync(&subject, &own, SYNC_UID, 1); \
    CHECK_STR(decision.reason, text);                           \
    CHECK_EQ_INT(decision.verdict == VERDICT_ALLOW, strcmp(text, "ok") == 0)

    SYNC("unattested");
    subject.attested = 1;
    SYNC("ok");
    CHECK_STR(access_decide(ACCESS_ADMIN, &subject, 1).reason, "wrong-door");
    CHECK_STR(access_decide(ACCESS_WORKLOAD, &subject, 1).reason, "wrong-door");
    place.pod_uid[0] = 'b';
    SYNC("foreign-pod");
    place.kind = PLACE_CONTAINER;
    place.pod_uid[0] = 'a';
    SYNC("foreign-pod");
    place = (struct place){.kind = PLACE_HOST};
    SYNC("foreign-pod");
    own = place;
    SYNC("ok");
    place.kind = PLACE_UNIT;
    SYNC("ok");
    place.contained = 1;
    SYNC("contained");
    place = (struct place){.kind = PLACE_REFUSED, .why = "it is bad"};
    SYNC("contained");
    place = (struct place){.kind = PLACE_POD, .contained = 1};
    SYNC("contained");
    place = own;
    subject.caller.uid = 0;
    SYNC("not-sync");
    subject.caller.uid = SYNC_UID;
    SYNC("ok");
    CHECK_STR(access_decide_sync(&subject, &own, SYNC_UID, 0).reason, "canary");
    subject.door = DOOR_PUBLIC;
    SYNC("wrong-door");
}

CHECK_MAIN
