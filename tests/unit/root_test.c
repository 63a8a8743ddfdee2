/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root.h"

#include "cluster/plea.h"
#include "cluster/wrap.h"
#include "crypto/age_key.h"
#include "tests/unit/roots.h"

static struct error error;

/* ---- the first start ------------------------------------------------------------------------- */

TEST(the_first_node_makes_the_key)
{
    clusters_begin();
    clusters_start_alone(0, ROOT_AUTO, "");
    CHECK(!root_recipient(roots_of(0)) && root_why(roots_of(0))[0]);
    CHECK(!clusters_run(roots_one_knows, 50)); /* not without a cluster */
    clusters_connect(0);
    CHECK(clusters_run(roots_one_knows, 5000));
    CHECK_STR(root_why(roots_of(0)), "");
    CHECK_EQ_INT(roots_identities_of(0), 1);
    CHECK_STR(clusters.nodes[0].notes, "root-create  allow ok\n");
    CHECK_EQ_INT(clusters.nodes[0].changes, 1);
    CHECK_STR(clusters.key.names, "node-0");
    struct wrap *wrap = roots_opened(0);
    CHECK_EQ_INT(wrap->generation, 1);
    CHECK_EQ_INT(wrap->nodes.count, 1);
    wrap_free(wrap);
    clusters_end();
}

TEST(the_key_is_not_used_before_the_cluster_has_it)
{
    clusters_begin();
    clusters_start_alone(0, ROOT_AUTO, "");
    clusters_connect(0);
    clusters.refusals = 3;
    CHECK(!clusters_run(roots_one_knows, 100));
    CHECK(clusters_run(roots_one_knows, 5000));
    CHECK_EQ_INT(clusters.conflicts, 3);
    clusters_end();
}

TEST(two_that_start_at_once_have_one_key)
{
    clusters_begin();
    clusters_start(0, ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 8000));
    CHECK(roots_agree(2));
    int made = clusters_noted(0, "root-create") + clusters_noted(1, "root-create");
    CHECK_EQ_INT(made, 1);
    CHECK(clusters_noted(0, "node-admit node-1 allow ok") ||
          clusters_noted(1, "node-admit node-0 allow ok"));
    clusters_end();
}

/* ---- being let in ------------------------------------------------------------------------------
 */

static int all_of_five_know(void)
{
    return roots_agree(5);
}

/* Each of those that are in lets the next one in, all at the same time. */
TEST(many_conflicts_end)
{
    clusters_begin();
    clusters.refusals = 2;
    for (size_t i = 0; i < 5; i++)
        clusters_start(i, ROOT_AUTO);
    CHECK(clusters_run(all_of_five_know, 15000));
    clusters_run(NULL, 300);
    struct wrap *wrap = roots_opened(4);
    CHECK_EQ_INT(wrap->nodes.count, 5);
    wrap_free(wrap);
    printf("# %u writes, %u of them conflicts, %u reviews\n", clusters.puts, clusters.conflicts,
           clusters.reviews);
    CHECK(clusters.puts < 60);
    clusters_end();
}

static int is_noted(const char *line)
{
    static const char *wanted;
    if (line)
        wanted = line;
    return clusters_noted(0, wanted);
}

static int has_noted(void)
{
    return is_noted(NULL);
}

static void expect_note(const char *line)
{
    is_noted(line);
    if (!clusters_run(has_noted, 8000))
        check_fail(__FILE__, __LINE__, "\"%s\" is not noted, but: %s", line,
                   clusters.nodes[0].notes);
}

TEST(a_token_that_proves_nothing_lets_nobody_in)
{
    static const struct {
        const char *user, *node;
        int is_invalid;
        const char *line;
    } rows[] = {
        {"system:serviceaccount:default:default", NULL, 0, "node-refuse node-1 deny other-user"},
        {NULL, "node-2", 0, "node-refuse node-1 deny other-node"},
        {NULL, "", 0, "node-wait node-1 deny no-node"},
        {NULL, NULL, 1, "node-refuse node-1 deny bad-token"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        roots_begin_with_one(ROOT_AUTO);
        clusters.user = rows[i].user;
        clusters.node_claim = rows[i].node;
        clusters.is_invalid = rows[i].is_invalid;
        clusters_start(1, ROOT_AUTO);
        expect_note(rows[i].line);
        CHECK(!clusters_run(roots_two_know, 100));
        CHECK(strstr(roots_status_of(0), "\"waiting\":[{\"name\":\"node-1\"") != NULL);
        CHECK(strstr(root_why(roots_of(1)), "waits to be let in") != NULL);
        CHECK(!clusters_noted(0, "node-admit"));
        clusters_end();
    }
}

/* NODE's request with TOKEN, sealed to the root key. */
static char *make_request(const char *node, const struct age_recipient *recipient,
                          const char *token)
{
    const struct plea plea = {span_of(node), *recipient, span_of(token), NULL};
    char *request;
    size_t length;
    CHECK_EQ_INT(plea_seal(clusters.arena, &plea, root_recipient(roots_of(0)), &request, &length),
                 0);
    return request;
}

static void write_recipient(const struct age_recipient *recipient, char ret[AGE_KEY_RECIPIENT_TEXT])
{
    age_key_write_recipient(recipient, ret);
}

/* Whoever may write VSecMNodes, but has no token of the node that they name. */
TEST(a_request_is_good_for_its_own_object_only)
{
    struct age_identity thief, victim;
    char thiefs[AGE_KEY_RECIPIENT_TEXT], victims[AGE_KEY_RECIPIENT_TEXT];
    roots_begin_with_one(ROOT_AUTO);
    age_key_generate(&thief);
    age_key_generate(&victim);
    write_recipient(&thief.recipient, thiefs);
    write_recipient(&victim.recipient, victims);
    char *request = make_request("node-7", &victim.recipient, CLUSTERS_USER " node-7");
    /* Another recipient beside it. */
    clusters_set_object(SPAN_LITERAL("node-7"), span_of(thiefs), span_of(request));
    expect_note("node-refuse node-7 deny other-recipient");
    /* In another object. */
    clusters_set_object(SPAN_LITERAL("node-8"), span_of(victims), span_of(request));
    expect_note("node-refuse node-8 deny other-name");
    free(request);
    /* With the token of another node. */
    request = make_request("node-9", &thief.recipient, CLUSTERS_USER " node-7");
    clusters_set_object(SPAN_LITERAL("node-9"), span_of(thiefs), span_of(request));
    expect_note("node-refuse node-9 deny other-node");
    free(request);
    /* Sealed to nobody that is here; no age file; no recipient. */
    clusters_set_object(SPAN_LITERAL("node-6"), span_of(thiefs), SPAN_LITERAL("let me in"));
    expect_note("node-refuse node-6 deny unreadable");
    clusters_set_object(SPAN_LITERAL("node-5"), SPAN_LITERAL("age1x"), SPAN_LITERAL("let me in"));
    expect_note("node-refuse node-5 deny no-recipient");
    /* No name that Kubernetes has: it would stand in the audit trail. */
    clusters_set_object(SPAN_LITERAL("x\",\"op\":\"put"), span_of(thiefs), SPAN_LITERAL("x"));
    clusters_run(NULL, 50);
    CHECK(!strstr(clusters.nodes[0].notes, "op") && !strstr(roots_status_of(0), "op\\\":"));
    CHECK(!clusters_noted(0, "node-admit"));
    CHECK_EQ_INT(clusters.reviews, 1);
    CHECK_STR(clusters.key.names, "node-0");
    clusters_end();
}

TEST(a_person_approves)
{
    roots_begin_with_one(ROOT_APPROVE);
    CHECK_EQ_INT(root_approve(roots_of(0), "node-1", "", &error), -ENOENT);
    clusters_start(1, ROOT_AUTO); /* the stricter of both counts */
    expect_note("node-wait node-1 deny approval");
    CHECK(!clusters_run(roots_two_know, 100));
    CHECK(strstr(roots_status_of(0), "a person has to approve it") != NULL);
    CHECK_EQ_INT(root_approve(roots_of(1), "node-1", "", &error), -ENOKEY);
    CHECK_EQ_INT(root_approve(roots_of(0), "node-1", "", &error), 0);
    CHECK(clusters_run(roots_two_know, 5000));
    expect_note("node-admit node-1 allow ok");
    struct wrap *wrap = roots_opened(1);
    CHECK_EQ_INT(wrap->approved.count, 0);
    CHECK_EQ_INT(wrap->nodes.count, 2);
    CHECK_EQ_INT(wrap->mode, ROOT_APPROVE);
    wrap_free(wrap);
    clusters_end();
}

/* What was approved is one recipient: whoever comes in its place is not. */
TEST(an_approval_is_for_one_recipient)
{
    struct age_identity thief;
    char thiefs[AGE_KEY_RECIPIENT_TEXT];
    roots_begin_with_one(ROOT_APPROVE);
    clusters.is_invalid = 1; /* so that it stays approved, and out */
    clusters_start(1, ROOT_APPROVE);
    expect_note("node-refuse node-1 deny bad-token");
    CHECK_EQ_INT(root_approve(roots_of(0), "node-1", "", &error), 0);
    clusters_run(NULL, 200);
    struct wrap *wrap = roots_opened(0);
    CHECK_EQ_INT(wrap->approved.count, 1);
    wrap_free(wrap);
    clusters_cut(1);
    clusters.is_invalid = 0;
    age_key_generate(&thief);
    write_recipient(&thief.recipient, thiefs);
    char *request = make_request("node-1", &thief.recipient, CLUSTERS_USER " node-1");
    clusters_set_object(SPAN_LITERAL("node-1"), span_of(thiefs), span_of(request));
    free(request);
    expect_note("node-wait node-1 deny approval");
    CHECK(!clusters_noted(0, "node-admit"));
    clusters_end();
}

TEST(without_a_record_nobody_is_let_in)
{
    roots_begin_with_one(ROOT_AUTO);
    clusters.nodes[0].is_audit_full = 1;
    clusters_start(1, ROOT_AUTO);
    CHECK(!clusters_run(roots_two_know, 300));
    CHECK(strstr(roots_status_of(0), "no record could be kept") != NULL);
    CHECK_EQ_INT(clusters.puts, 1);
    clusters_end();
}

TEST(the_token_does_not_stay_in_the_cluster)
{
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    CHECK(clusters_run(roots_request_is_gone, 5000));
    clusters_end();
}

/* ---- a node that comes again -------------------------------------------------------------------
 */

TEST(a_restart_needs_no_cluster)
{
    struct age_recipient was;
    roots_begin_with_one(ROOT_AUTO);
    was = *root_recipient(roots_of(0));
    clusters_stop(0);
    clusters_start_alone(0, ROOT_AUTO, "");
    CHECK(roots_knows(0));
    CHECK_MEM(root_recipient(roots_of(0)), &was, sizeof was);
    CHECK_STR(root_why(roots_of(0)), "");
    clusters_connect(0); /* and says nothing new */
    clusters_run(NULL, 100);
    CHECK_EQ_INT(clusters.nodes[0].changes, 0);
    CHECK_EQ_INT(clusters.puts, 1);
    struct stat st;
    CHECK_EQ_INT(fstatat(clusters.nodes[0].dir, "node.key", &st, 0), 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0600);
    CHECK_EQ_INT(fstatat(clusters.nodes[0].dir, "root.age", &st, 0), 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0600);
    clusters_end();
}

static void forget_disk(size_t index)
{
    unlinkat(clusters.nodes[index].dir, "node.key", 0);
    unlinkat(clusters.nodes[index].dir, "root.age", 0);
    clusters_stop(index);
}

TEST(a_node_with_a_new_disk_takes_its_place_again)
{
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    forget_disk(1);
    clusters_start(1, ROOT_AUTO);
    CHECK(!roots_knows(1));
    CHECK(clusters_run(roots_two_know, 8000));
    CHECK(roots_agree(2));
    struct wrap *wrap = roots_opened(1);
    CHECK_EQ_INT(wrap->nodes.count, 2); /* the one before is out */
    wrap_free(wrap);
    clusters_end();
}

/* ---- a new root key ----------------------------------------------------------------------------
 */

static int both_have_one(void)
{
    return roots_two_know() && roots_identities_of(0) == 1 && roots_identities_of(1) == 1;
}

TEST(a_new_key_then_the_old_one_goes)
{
    struct age_recipient was;
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    was = *root_recipient(roots_of(0));
    CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), 0);
    CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), -EBUSY);
    CHECK(clusters_run(roots_both_have_two, 5000));
    CHECK(roots_agree(2));
    size_t count;
    CHECK(memcmp(root_recipient(roots_of(1)), &was, sizeof was) != 0);
    CHECK_MEM(&root_identities(roots_of(1), &count)[1].recipient, &was, sizeof was);
    expect_note("root-rekey  allow ok");
    CHECK_EQ_INT(root_drop_old(roots_of(1), &error), 0);
    CHECK(clusters_run(both_have_one, 5000));
    CHECK(roots_agree(2));
    clusters_end();
}

static int both_have_three(void)
{
    return roots_two_know() && roots_identities_of(0) == 3 && roots_identities_of(1) == 3;
}

/* Values were sealed anew to the key that was the newest then, and not to the one after it. */
TEST(what_was_to_go_stays_when_another_key_has_come)
{
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    clusters_run(roots_request_is_gone, 5000);
    CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), 0);
    CHECK(clusters_run(roots_both_have_two, 5000));
    struct age_recipient second = *root_recipient(roots_of(0));
    unsigned conflicts = clusters.conflicts;
    clusters.refusals = 1; /* it is not done at once, */
    CHECK_EQ_INT(root_drop_old(roots_of(0), &error), 0);
    while (clusters.conflicts == conflicts)
        clusters_run(NULL, 1);
    CHECK_EQ_INT(root_rekey(roots_of(1), "", &error), 0); /* and somebody else is faster */
    CHECK(clusters_run(both_have_three, 5000));
    clusters_run(NULL, 1500);
    size_t count;
    CHECK(both_have_three());
    CHECK_MEM(&root_identities(roots_of(0), &count)[1].recipient, &second, sizeof second);
    clusters_end();
}

/* It roots_knows no key that is in the seal now, but whoever sealed it knew the one that it
 * roots_knows. */
TEST(a_node_that_was_away_believes_what_came_meanwhile)
{
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    clusters_stop(1);
    for (int i = 0; i < 3; i++) {
        unsigned puts = clusters.puts;
        CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), 0);
        clusters_run(NULL, 60);
        CHECK_EQ_INT(roots_identities_of(0), 2);
        CHECK_EQ_INT(root_drop_old(roots_of(0), &error), 0);
        clusters_run(NULL, 60);
        CHECK_EQ_INT(roots_identities_of(0), 1);
        CHECK_EQ_INT(clusters.puts, puts + 2);
    }
    clusters_start_alone(1, ROOT_AUTO, "");
    CHECK(roots_knows(1) && !roots_agree(2));
    clusters_connect(1);
    clusters_run(NULL, 100);
    CHECK(roots_agree(2));
    CHECK(!clusters_noted(1, "root-refuse"));
    clusters_end();
}

static int first_has_two(void)
{
    return roots_identities_of(0) == 2;
}

TEST(who_leaves_stays_out)
{
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    clusters_run(roots_request_is_gone, 5000);
    CHECK_EQ_INT(root_rekey(roots_of(0), "node-0", &error), -EINVAL);
    CHECK_EQ_INT(root_rekey(roots_of(0), "node-4", &error), -ENOENT);
    CHECK_EQ_INT(root_rekey(roots_of(0), "node-1", &error), 0);
    CHECK(clusters_run(first_has_two, 5000));
    expect_note("root-rekey node-1 allow ok");
    CHECK_STR(clusters.key.names, "node-0");
    clusters_run(NULL, 200);
    CHECK(!roots_agree(2));
    CHECK(clusters_noted(1, "root-refuse  deny not-for-us"));
    CHECK(roots_knows(1) && !root_seals_to(roots_of(1)));
    CHECK(root_seals_to(roots_of(0)) == root_recipient(roots_of(0)));
    CHECK(!clusters_find(SPAN_LITERAL("node-1"), 0));
    /* It does not write its own again when there is none. */
    char recipient[80], *good = clusters_text(span_of(clusters.key.sealed));
    snprintf(recipient, sizeof recipient, "%s", clusters.key.recipient);
    clusters_cut(0);
    clusters_delete_key();
    clusters_run(NULL, 100);
    CHECK(!clusters.key.is_there);
    clusters_set_key(span_of(recipient), span_of(good), SPAN_LITERAL("node-0"));
    free(good);
    clusters_connect(0);
    clusters_run(NULL, 100);
    /* With a new disk it asks again: only a person lets it in. */
    forget_disk(1);
    clusters_start(1, ROOT_AUTO);
    expect_note("node-wait node-1 deny removed");
    CHECK(!clusters_run(roots_two_know, 100));
    CHECK_EQ_INT(root_approve(roots_of(0), "node-1", "", &error), 0);
    CHECK(clusters_run(roots_two_know, 5000));
    CHECK(roots_agree(2));
    clusters_end();
}

/* ---- whoever may write objects -----------------------------------------------------------------
 */

/* Put WRAP into the cluster as an attacker would. */
static void forge(const struct wrap *wrap)
{
    char recipient[AGE_KEY_RECIPIENT_TEXT], *sealed;
    size_t length;
    CHECK_EQ_INT(wrap_seal(wrap, &sealed, &length), 0);
    write_recipient(&wrap->secret->identity[0].recipient, recipient);
    clusters_set_key(span_of(recipient), (struct span){sealed, length}, SPAN_LITERAL("node-0"));
    free(sealed);
}

TEST(a_forged_key_is_refused)
{
    struct age_identity forged;
    struct age_recipient was;
    roots_begin_with_one(ROOT_AUTO);
    was = *root_recipient(roots_of(0));
    struct wrap *good = roots_opened(0);
    age_key_generate(&forged);
    struct wrap *wrap = wrap_new(clusters.arena, &forged, 1);
    wrap->generation = 100;
    wrap->nodes = good->nodes;
    forge(wrap);
    expect_note("root-refuse  deny forged");
    CHECK_MEM(root_recipient(roots_of(0)), &was, sizeof was);
    CHECK(strstr(roots_status_of(0), "\"refused\":\"forged\"") != NULL);
    CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), -ENOKEY);
    unsigned puts = clusters.puts;
    clusters_run(NULL, 200);
    CHECK_EQ_INT(clusters.puts, puts); /* it is for a person to look at */
    wrap->nodes.count = 0;
    forge(wrap);
    expect_note("root-refuse  deny not-for-us");
    clusters_set_key(SPAN_LITERAL("age1x"), SPAN_LITERAL("-----BEGIN"), SPAN_LITERAL(""));
    expect_note("root-refuse  deny damaged");
    CHECK_MEM(root_recipient(roots_of(0)), &was, sizeof was);
    /* Once it is deleted, the good one comes again. */
    clusters_delete_key();
    clusters_run(NULL, 200);
    CHECK(clusters.key.is_there);
    struct wrap *again = roots_opened(0);
    CHECK_EQ_INT(again->generation, good->generation + 1);
    wrap_free(again);
    wrap_free(good);
    wrap_free(wrap);
    clusters_end();
}

/* Whoever was left out for a while by somebody who may write it is in again when it is put back. */
TEST(after_a_forged_key_is_put_back_all_goes_on)
{
    struct age_identity forged;
    roots_begin_with_one(ROOT_AUTO);
    char recipient[80], *good = clusters_text(span_of(clusters.key.sealed));
    snprintf(recipient, sizeof recipient, "%s", clusters.key.recipient);
    age_key_generate(&forged);
    struct wrap *wrap = wrap_new(clusters.arena, &forged, 1);
    wrap->generation = 100;
    forge(wrap);
    expect_note("root-refuse  deny not-for-us");
    clusters_set_key(span_of(recipient), span_of(good), SPAN_LITERAL("node-0"));
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    wrap_free(wrap);
    free(good);
    clusters_end();
}

/* Whoever asks to be let in seals their token to it. */
TEST(the_recipient_in_clear_is_put_right)
{
    struct age_identity thief;
    char text[AGE_KEY_RECIPIENT_TEXT];
    roots_begin_with_one(ROOT_AUTO);
    char *sealed = clusters_text(span_of(clusters.key.sealed));
    age_key_generate(&thief);
    write_recipient(&thief.recipient, text);
    clusters_set_key(span_of(text), span_of(sealed), SPAN_LITERAL("node-0"));
    expect_note("root-refuse  deny other-recipient");
    clusters_run(NULL, 200);
    write_recipient(root_recipient(roots_of(0)), text);
    CHECK_STR(clusters.key.recipient, text);
    CHECK_EQ_INT(clusters.puts, 2);
    free(sealed);
    clusters_end();
}

TEST(an_older_key_is_refused)
{
    roots_begin_with_one(ROOT_AUTO);
    char *first = clusters_text(span_of(clusters.key.sealed));
    char recipient[80];
    snprintf(recipient, sizeof recipient, "%s", clusters.key.recipient);
    CHECK_EQ_INT(root_rekey(roots_of(0), "", &error), 0);
    CHECK(clusters_run(first_has_two, 5000));
    char *second = clusters_text(span_of(clusters.key.sealed));
    clusters_set_key(span_of(recipient), span_of(first), SPAN_LITERAL(""));
    expect_note("root-refuse  deny rollback");
    CHECK_EQ_INT(roots_identities_of(0), 2);
    clusters_set_key(span_of(recipient), span_of(second), SPAN_LITERAL("")); /* as it was */
    clusters_run(NULL, 100);
    CHECK(strstr(roots_status_of(0), "\"refused\":\"\"") != NULL);
    free(first);
    free(second);
    clusters_end();
}

/* ---- brought by an administrator ---------------------------------------------------------------
 */

static struct rootkey *copy_of(const struct age_identity *identity)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    struct rootkey *key;
    age_key_write_identity(identity, text);
    CHECK_EQ_INT(rootkey_parse(clusters.arena, span_of(text), &key, &error), 0);
    return key;
}

TEST(in_manual_mode_nothing_is_made)
{
    struct age_identity brought, other;
    age_key_generate(&brought);
    age_key_generate(&other);
    clusters_begin();
    clusters_start(0, ROOT_MANUAL);
    CHECK(!clusters_run(roots_one_knows, 100));
    CHECK(strstr(root_why(roots_of(0)), "vsecm unseal") != NULL);
    CHECK_EQ_INT(root_bring(roots_of(0), copy_of(&brought), &error), 0);
    CHECK(roots_knows(0));
    CHECK_EQ_INT(root_bring(roots_of(0), copy_of(&brought), &error), 0);
    CHECK_EQ_INT(root_bring(roots_of(0), copy_of(&other), &error), -EEXIST);
    clusters_start(1, ROOT_MANUAL); /* its peers let it in */
    CHECK(clusters_run(roots_two_know, 8000));
    CHECK(roots_agree(2));
    struct stat st;
    CHECK(fstatat(clusters.nodes[0].dir, "node.key", &st, 0) < 0);
    CHECK(fstatat(clusters.nodes[0].dir, "root.age", &st, 0) < 0);
    /* All of them start again: the key is not on any disk. */
    clusters_stop(0);
    clusters_stop(1);
    clusters_start(0, ROOT_MANUAL);
    CHECK(!clusters_run(roots_one_knows, 200));
    CHECK_EQ_INT(root_bring(roots_of(0), copy_of(&other), &error), -EINVAL);
    CHECK(!roots_knows(0));
    CHECK_EQ_INT(root_bring(roots_of(0), copy_of(&brought), &error), 0);
    CHECK(roots_knows(0));
    clusters_start(1, ROOT_MANUAL);
    CHECK(clusters_run(roots_two_know, 8000));
    CHECK_MEM(root_recipient(roots_of(1)), &brought.recipient, sizeof brought.recipient);
    clusters_end();
}

/* Brought while there is no cluster to ask, and found out to be another one afterwards. */
TEST(a_wrong_key_that_was_brought_alone_goes)
{
    struct age_identity wrong;
    roots_begin_with_one(ROOT_AUTO);
    age_key_generate(&wrong);
    clusters_start_alone(1, ROOT_MANUAL, "");
    CHECK_EQ_INT(root_bring(roots_of(1), copy_of(&wrong), &error), 0);
    CHECK(roots_knows(1));
    clusters_connect(1);
    CHECK(clusters_run(roots_two_know, 8000));
    clusters_run(NULL, 3000);
    CHECK(clusters_noted(1, "root-refuse  deny other-key"));
    CHECK(roots_agree(2)); /* it was let in like any other */
    clusters_end();
}

/* All disks are lost; the recovery key opens the VSecMKey, and one node is given what is in it. */
TEST(everything_comes_back_with_the_recovery_key)
{
    struct age_identity recovery;
    char recipient[AGE_KEY_RECIPIENT_TEXT];
    age_key_generate(&recovery);
    write_recipient(&recovery.recipient, recipient);
    clusters_begin();
    clusters_start_alone(0, ROOT_AUTO, recipient);
    clusters_connect(0);
    CHECK(clusters_run(roots_one_knows, 5000));
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 5000));
    struct age_recipient was = *root_recipient(roots_of(0));
    forget_disk(0);
    forget_disk(1);
    clusters_start(0, ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(!clusters_run(roots_one_knows, 300));
    struct wrap *wrap = NULL;
    CHECK_EQ_INT(
        wrap_open(clusters.arena, &recovery, 1, span_of(clusters.key.sealed), &wrap, &error), 0);
    CHECK_EQ_INT(root_bring(roots_of(0), copy_of(&wrap->secret->identity[0]), &error), 0);
    wrap_free(wrap);
    CHECK(clusters_run(roots_two_know, 8000));
    CHECK(roots_agree(2));
    CHECK_MEM(root_recipient(roots_of(1)), &was, sizeof was);
    wrap = roots_opened(1);
    CHECK_EQ_INT(wrap->recoveries, 1); /* it was told of none, and leaves it as it was */
    wrap_free(wrap);
    clusters_end();
}

/* ---- two hundred -------------------------------------------------------------------------------
 */

static int has_all_names(void)
{
    return strstr(clusters.key.names, "node-100\n") && strstr(clusters.key.names, "node-201") &&
           strstr(clusters.key.names, "node-299");
}

TEST(two_hundred_nodes)
{
    static struct age_identity last;
    roots_begin_with_one(ROOT_AUTO);
    uint64_t began = clock_mono_ms();
    for (unsigned i = 100; i < 300; i++) {
        char name[16], token[128], recipient[AGE_KEY_RECIPIENT_TEXT];
        age_key_generate(&last);
        snprintf(name, sizeof name, "node-%u", i);
        snprintf(token, sizeof token, "%s %s", CLUSTERS_USER, name);
        write_recipient(&last.recipient, recipient);
        char *request = make_request(name, &last.recipient, token);
        clusters_set_object(span_of(name), span_of(recipient), span_of(request));
        free(request);
        if (i % 50 == 0)
            clusters_run(NULL, 20);
    }
    CHECK(clusters_run(has_all_names, 20000));
    clusters_run(NULL, 500);
    struct wrap *wrap = NULL;
    CHECK_EQ_INT(wrap_open(clusters.arena, &last, 1, span_of(clusters.key.sealed), &wrap, &error),
                 0);
    CHECK_EQ_INT(wrap->nodes.count, 201);
    CHECK_MEM(&wrap->secret->identity[0].recipient, root_recipient(roots_of(0)), 32);
    wrap_free(wrap);
    printf("# %zu bytes sealed, %u writes, %llu ms\n", strlen(clusters.key.sealed), clusters.puts,
           (unsigned long long)(clock_mono_ms() - began - 500));
    clusters_end();
}

CHECK_MAIN
