/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may write a Lease, and who may act as its holder, at which moment. */
#include "sync/election.h"
#include "tests/unit/check.h"

#define T0 1000000u

static struct election fresh(void)
{
    return (struct election){.us = "n1_a"};
}

static void see(struct election *election, const char *version, const char *holder, uint64_t now)
{
    election_see(election, span_of(version), span_of(holder), 3, 15000, now);
}

TEST(nothing_is_written_before_it_was_looked_at)
{
    struct election election = fresh();
    CHECK(!election_may_write(&election, T0));
    CHECK(!election_leads(&election, T0));
}

TEST(one_that_nobody_holds_is_taken)
{
    struct election election = fresh();
    election_see_none(&election);
    CHECK(election_may_write(&election, T0));
    CHECK(!election_leads(&election, T0));
    election_won(&election, span_of("1"), T0, T0 + 50);
    CHECK(election_leads(&election, T0 + 50));
    CHECK_EQ_INT(election.transitions, 1);
    election = fresh();
    see(&election, "5", "", T0);
    CHECK(election_may_write(&election, T0));
}

TEST(another_holder_is_waited_for_by_our_own_clock)
{
    struct election election = fresh();
    see(&election, "5", "n2_b", T0);
    CHECK(!election_may_write(&election, T0 + 14999));
    see(&election, "5", "n2_b", T0 + 10000);
    CHECK(!election_may_write(&election, T0 + 14999));
    CHECK(election_may_write(&election, T0 + 15000));
    see(&election, "6", "n2_b", T0 + 14000); /* it lives */
    CHECK(!election_may_write(&election, T0 + 28999));
    CHECK(election_may_write(&election, T0 + 29000));
    CHECK(!election_leads(&election, T0 + 29000));
}

/* From the moment at which the renewal was begun: others may have seen it at once. */
TEST(we_stop_before_others_begin)
{
    struct election election = fresh();
    election_see_none(&election);
    election_won(&election, span_of("1"), T0, T0 + 4000);
    CHECK(election_leads(&election, T0 + 9999));
    CHECK(!election_leads(&election, T0 + 10000));
    CHECK(election_may_write(&election, T0 + 10000));
}

TEST(somebody_else_wrote_it)
{
    struct election election = fresh();
    election_see_none(&election);
    election_won(&election, span_of("1"), T0, T0);
    see(&election, "2", "n2_b", T0 + 100);
    CHECK(!election_leads(&election, T0 + 100));
    CHECK(!election_may_write(&election, T0 + 100));
}

/* The same node, started again, has another suffix. */
TEST(our_name_alone_is_not_us)
{
    struct election election = fresh();
    see(&election, "2", "n1_b", T0);
    CHECK(!election_may_write(&election, T0));
}

TEST(one_without_a_duration_is_not_taken_at_once)
{
    struct election election = fresh();
    election_see(&election, span_of("2"), span_of("n2_b"), 0, 0, T0);
    CHECK(!election_may_write(&election, T0 + 14999));
    election_see(&election, span_of("2"), span_of("n2_b"), 0, 60000, T0);
    CHECK(!election_may_write(&election, T0 + 59999));
}

CHECK_MAIN
