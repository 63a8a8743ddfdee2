/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the VSecMKey whose answer is lost: each is done once, and noted once. */
#include "cluster/root_state.h"
#include "tests/unit/check.h"
#include "tests/unit/roots.h"

static struct error error;

static unsigned count_notes(const char *line)
{
    unsigned count = 0;
    for (const char *at = clusters.nodes[0].notes; (at = strstr(at, line)); at += strlen(line))
        count++;
    return count;
}

/* DONE comes true, and what NOTE tells of was done once. */
static void check_once(int (*done)(void), const char *note)
{
    CHECK(clusters_run(done, 5000));
    clusters_run(NULL, 500);
    CHECK_EQ_INT(clusters.loses, 0);
    CHECK_EQ_INT(count_notes(note), 1);
}

static int first_has_two(void)
{
    return roots_identities_of(0) == 2 && count_notes("root-rekey");
}

static int second_is_gone(void)
{
    return !clusters_find(SPAN_LITERAL("node-1"), 0);
}

TEST(a_new_key)
{
    for (int how = 1; how <= 3; how++) {
        roots_begin_with_one(ROOT_AUTO);
        clusters_start(1, ROOT_AUTO);
        CHECK(clusters_run(roots_two_know, 5000));
        clusters_run(roots_request_is_gone, 5000);
        clusters.loses = how;
        CHECK_EQ_INT(root_rekey(roots_of(0), "node-1", &error), 0);
        check_once(first_has_two, "root-rekey node-1 allow ok");
        CHECK(clusters_run(second_is_gone, 1000));
        CHECK_EQ_INT(roots_identities_of(0), 2);
        CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), 0); /* none is wished any more */
        clusters_end();
    }
}

static int is_created(void)
{
    return roots_knows(0) && count_notes("root-create");
}

TEST(the_first_key)
{
    for (int how = 1; how <= 3; how++) {
        clusters_begin();
        clusters.loses = how;
        clusters_start(0, ROOT_AUTO);
        check_once(is_created, "root-create  allow ok");
        CHECK_EQ_INT(roots_of(0)->held->generation, 1);
        clusters_end();
    }
}

static int second_is_in(void)
{
    return roots_two_know() && count_notes("node-admit node-1 allow ok");
}

TEST(a_node_that_is_let_in)
{
    for (int how = 1; how <= 3; how++) {
        roots_begin_with_one(ROOT_AUTO);
        clusters.loses = how;
        clusters_start(1, ROOT_AUTO);
        check_once(second_is_in, "node-admit node-1 allow ok");
        clusters_end();
    }
}

static int answer_is_lost(void)
{
    return clusters.loses == 0;
}

/* It was not done, and then could not be any more: what was wished is done to what is there. */
TEST(another_change_comes_in_between)
{
    roots_begin_with_one(ROOT_AUTO);
    struct wrap *other = wrap_copy(roots_of(0)->held);
    char recipient[AGE_KEY_RECIPIENT_TEXT], *sealed;
    size_t length;
    clusters.loses = 3;
    CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), 0);
    CHECK(clusters_run(answer_is_lost, 5000));
    other->generation++;
    CHECK_EQ_INT(wrap_seal(other, &sealed, &length), 0);
    age_key_write_recipient(&other->secret->identity[0].recipient, recipient);
    clusters_set_key(span_of(recipient), (struct span){sealed, length}, SPAN_LITERAL("node-0"));
    check_once(first_has_two, "root-rekey  allow ok");
    CHECK_EQ_INT(roots_of(0)->held->generation, other->generation + 1);
    free(sealed);
    wrap_free(other);
    clusters_end();
}

CHECK_MAIN
