/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/admission.h"

#include "cluster/plea.h"
#include "cluster/wrap.h"

static struct admission_verdict refuse(const char *reason, const char *text)
{
    return (struct admission_verdict){ADMISSION_REFUSE, reason, text};
}

static struct admission_verdict wait_for_person(const char *reason, const char *text)
{
    return (struct admission_verdict){ADMISSION_WAIT, reason, text};
}

static int is_same(const struct age_recipient *a, const struct age_recipient *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* A recipient that is in already, under another name. */
static int is_anothers(const struct admission_facts *facts)
{
    const struct wrap_nodes *nodes = &facts->key->nodes;
    for (size_t i = 0; i < nodes->count; i++)
        if (is_same(&nodes->list[i].recipient, facts->recipient) &&
            !span_is(facts->name, nodes->list[i].name))
            return 1;
    return 0;
}

/* What the request itself says against it; no reason: nothing. */
static struct admission_verdict look_at_request(const struct admission_facts *facts)
{
    if (!facts->plea)
        return refuse("unreadable", "its request cannot be opened with the root key");
    if (!span_equal(facts->plea->node, facts->name))
        return refuse("other-name", "its request is another node's");
    if (!is_same(&facts->plea->recipient, facts->recipient))
        return refuse("other-recipient", "its request names another recipient than the object");
    if (is_anothers(facts))
        return refuse("taken", "its recipient is another node's");
    return (struct admission_verdict){ADMISSION_NONE, "", ""};
}

/* What the token says against it; no reason: nothing. */
static struct admission_verdict look_at_token(const struct admission_facts *facts)
{
    const struct admission_review *review = &facts->review;
    if (!review->is_valid)
        return refuse("bad-token", "the API server does not accept its token");
    if (!span_is(review->user, facts->user))
        return refuse("other-user", "its token is not that of this daemon's service account");
    if (review->node.length && !span_equal(review->node, facts->name))
        return refuse("other-node", "its token is that of a pod on another node");
    return (struct admission_verdict){ADMISSION_NONE, "", ""};
}

struct admission_verdict admission_decide(const struct admission_facts *facts)
{
    if (facts->recipient && wrap_has(facts->key, facts->name, facts->recipient))
        return (struct admission_verdict){ADMISSION_NONE, "in", "it is in"};
    if (!facts->has_asked)
        return (struct admission_verdict){ADMISSION_NONE, "silent",
                                          "it has not asked to be let in"};
    if (!facts->recipient)
        return refuse("no-recipient", "its object names no good recipient");
    struct admission_verdict found = look_at_request(facts);
    if (found.reason[0])
        return found;
    if (!facts->review.is_known)
        return (struct admission_verdict){ADMISSION_REVIEW, "review", "its token is being checked"};
    found = look_at_token(facts);
    if (found.reason[0])
        return found;
    if (!facts->is_approved) {
        if (facts->needs_approval)
            return wait_for_person("approval", "a person has to approve it");
        if (!facts->review.node.length)
            return wait_for_person("no-node",
                                   "its token names no node: a person has to approve it");
        if (wrap_is_barred(facts->key, facts->name))
            return wait_for_person("removed",
                                   "a node of this name was removed: a person has to approve it");
    }
    return (struct admission_verdict){ADMISSION_LET_IN, "ok", "it is let in"};
}
