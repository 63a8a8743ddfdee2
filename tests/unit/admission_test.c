/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/admission.h"

#include "cluster/plea.h"
#include "cluster/wrap.h"
#include "tests/unit/arenas.h"

#define USER "system:serviceaccount:vsecm-system:vsecm-safe"

static struct arena *arena;
static struct wrap *key;
static struct age_identity asking, other;
static struct plea plea;
static struct admission_facts facts;

/* A node that has done everything right. */
static void begin(void)
{
    struct age_identity root;
    arena = arenas_new(ARENA_MIB);
    age_key_generate(&root);
    age_key_generate(&asking);
    age_key_generate(&other);
    key = wrap_new(arena, &root, 1);
    CHECK(key != NULL);
    CHECK_EQ_INT(wrap_put(&key->nodes, SPAN_LITERAL("first"), &other.recipient), 0);
    plea = (struct plea){.node = SPAN_LITERAL("node-1"), .recipient = asking.recipient};
    facts = (struct admission_facts){
        .name = SPAN_LITERAL("node-1"),
        .recipient = &asking.recipient,
        .has_asked = 1,
        .plea = &plea,
        .review = {1, 1, SPAN_LITERAL(USER), SPAN_LITERAL("node-1")},
        .user = USER,
        .key = key,
    };
}

static void end(void)
{
    wrap_free(key);
    arenas_done(arena);
}

static void expect(enum admission what, const char *reason)
{
    struct admission_verdict verdict = admission_decide(&facts);
    CHECK_STR(verdict.reason, reason);
    CHECK_EQ_INT(verdict.what, what);
    CHECK(verdict.text[0]);
}

TEST(lets_in_who_proves_who_it_is)
{
    begin();
    expect(ADMISSION_LET_IN, "ok");
    facts.review.is_known = 0;
    expect(ADMISSION_REVIEW, "review");
    facts.has_asked = 0;
    expect(ADMISSION_NONE, "silent");
    wrap_put(&key->nodes, SPAN_LITERAL("node-1"), &asking.recipient);
    expect(ADMISSION_NONE, "in");
    end();
}

TEST(refuses_a_request_that_is_not_its_own)
{
    begin();
    facts.recipient = NULL;
    expect(ADMISSION_REFUSE, "no-recipient");
    facts.recipient = &other.recipient;
    expect(ADMISSION_REFUSE, "other-recipient");
    plea.recipient = other.recipient; /* both say what another node is known by */
    expect(ADMISSION_REFUSE, "taken");
    facts.name = SPAN_LITERAL("node-2");
    expect(ADMISSION_REFUSE, "other-name");
    facts.plea = NULL;
    expect(ADMISSION_REFUSE, "unreadable");
    end();
}

TEST(refuses_a_token_that_proves_nothing)
{
    begin();
    facts.review.user = SPAN_LITERAL(USER "2");
    expect(ADMISSION_REFUSE, "other-user");
    facts.review.user = (struct span){NULL, 0};
    expect(ADMISSION_REFUSE, "other-user");
    facts.review.user = SPAN_LITERAL(USER);
    facts.review.node = SPAN_LITERAL("node-2");
    expect(ADMISSION_REFUSE, "other-node");
    facts.review.is_valid = 0;
    expect(ADMISSION_REFUSE, "bad-token");
    /* No approval makes it good. */
    facts.is_approved = 1;
    expect(ADMISSION_REFUSE, "bad-token");
    facts.review.is_valid = 1;
    expect(ADMISSION_REFUSE, "other-node");
    end();
}

TEST(waits_for_a_person)
{
    begin();
    wrap_bar(key, SPAN_LITERAL("node-1"));
    expect(ADMISSION_WAIT, "removed");
    facts.review.node = (struct span){NULL, 0};
    expect(ADMISSION_WAIT, "no-node");
    facts.needs_approval = 1;
    expect(ADMISSION_WAIT, "approval");
    facts.is_approved = 1;
    expect(ADMISSION_LET_IN, "ok");
    end();
}

/* The name is in already, with what the node had before. */
TEST(takes_the_place_of_the_one_before)
{
    begin();
    struct age_identity before;
    age_key_generate(&before);
    wrap_put(&key->nodes, SPAN_LITERAL("node-1"), &before.recipient);
    expect(ADMISSION_LET_IN, "ok");
    facts.review.node = (struct span){NULL, 0};
    expect(ADMISSION_WAIT, "no-node");
    end();
}

CHECK_MAIN
