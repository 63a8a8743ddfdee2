/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/who.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "identity/identity.h"
#include "identity/registry.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "limits.h"

struct known_place {
    struct place place; /* first, so that a subject's place leads back here */
    uint64_t cgroup_id;
    struct vsecm_domain domain;
    unsigned users;
};

struct who {
    struct attest *attest;
    const struct place_roots *roots;
    const struct registry *registry;
    const char *sentinel;
    struct table *places; /* by cgroup id */
};

static const struct place nowhere = {
    .kind = PLACE_REFUSED,
    .contained = 1,
    .why = "the kernel has no record of this connection; connect again",
};

struct who *who_new(struct attest *attest, const struct place_roots *roots, const char *sentinel)
{
    struct who *who = calloc(1, sizeof *who);
    if (!who)
        return NULL;
    who->attest = attest;
    who->roots = roots;
    who->sentinel = sentinel;
    /* Those in use cannot be dropped, so there must be room for one of each connection as well. */
    who->places = table_new(LIMIT_PLACES + LIMIT_CONNECTIONS);
    if (!who->places) {
        free(who);
        return NULL;
    }
    return who;
}

void who_set_registry(struct who *who, const struct registry *registry)
{
    who->registry = registry;
}

static struct span key_of(const uint64_t *cgroup_id)
{
    return (struct span){(const char *)cgroup_id, sizeof *cgroup_id};
}

/* Forget the places that no connection uses; they are read again when somebody calls from there. */
static void forget_unused(struct who *who)
{
    size_t count = 0, at = 0;
    struct known_place **unused = calloc(table_count(who->places), sizeof *unused);
    if (!unused)
        return;
    for (struct known_place *known; (known = table_next(who->places, &at));)
        if (known->users == 0)
            unused[count++] = known;
    for (size_t i = 0; i < count; i++) {
        table_remove(who->places, key_of(&unused[i]->cgroup_id));
        free(unused[i]);
    }
    free(unused);
}

/* Without a guard, or where it failed, what a caller connects with stays in its own cgroup. */
static void learn_domain(struct who *who, struct known_place *known,
                         const struct vsecm_chain *chain)
{
    unsigned level = known->place.level;
    if (level > 0)
        known->domain = (struct vsecm_domain){.cgroup_id = chain->id[level - 1], .level = level};
    if (known->domain.cgroup_id)
        guard_place(who->attest, known->cgroup_id, &known->domain);
    if (known->place.root_level > 0)
        guard_pod_root(who->attest, chain->id[known->place.root_level - 1]);
}

static struct known_place *learn_place(struct who *who, uint64_t cgroup_id)
{
    struct vsecm_chain chain;
    if (attest_chain(who->attest, cgroup_id, &chain) < 0)
        return NULL;
    if (table_count(who->places) >= LIMIT_PLACES)
        forget_unused(who);
    struct known_place *known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    known->cgroup_id = cgroup_id;
    place_read(&chain, who->roots, &known->place);
    learn_domain(who, known, &chain);
    if (table_set(who->places, key_of(&known->cgroup_id), known, NULL) < 0) {
        free(known);
        return NULL;
    }
    return known;
}

static void find_identity(struct who *who, struct subject *subject)
{
    struct identity *identity =
        who->registry && subject->attested ? registry_find(who->registry, subject->place) : NULL;
    subject->identity = identity ? identity_ref(identity) : NULL;
    subject->is_sentinel = identity && strcmp(identity->key, who->sentinel) == 0;
    subject->is_unseen = !identity && who->registry && registry_is_unseen(who->registry);
}

void who_read(struct who *who, int accepted, enum door door, struct subject *ret)
{
    *ret = (struct subject){.door = door, .tier = attest_tier_name(who->attest), .place = &nowhere};
    struct vsecm_caller caller;
    if (attest_caller(who->attest, accepted, &caller) < 0)
        return;
    struct known_place *known = table_find(who->places, key_of(&caller.cgroup_id));
    if (!known)
        known = learn_place(who, caller.cgroup_id);
    if (!known)
        return;
    known->users++;
    ret->attested = 1;
    ret->caller = caller;
    ret->domain = known->domain;
    ret->place = &known->place;
    find_identity(who, ret);
}

int who_may_send(struct who *who, const struct subject *subject, uint64_t sender)
{
    if (!subject->attested || !sender) /* without a record nothing is served anyway */
        return !subject->attested;
    if (sender == subject->caller.cgroup_id)
        return 1;
    if (!subject->domain.cgroup_id)
        return 0;
    const struct known_place *known = table_find(who->places, key_of(&sender));
    if (!known)
        known = learn_place(who, sender);
    return known && known->domain.cgroup_id == subject->domain.cgroup_id;
}

int who_refresh(struct who *who, struct subject *subject)
{
    struct identity *before = subject->identity;
    find_identity(who, subject);
    struct identity *now = subject->identity;
    int changed = before && (!now || !identity_same(before, now));
    identity_unref(before);
    return changed;
}

void who_release(struct who *who, struct subject *subject)
{
    (void)who;
    identity_unref(subject->identity);
    subject->identity = NULL;
    if (!subject->attested)
        return;
    struct known_place *known = (struct known_place *)(uintptr_t)subject->place;
    known->users--;
    subject->attested = 0;
    subject->place = &nowhere;
}

void who_free(struct who *who)
{
    if (!who)
        return;
    forget_unused(who);
    table_free(who->places);
    free(who);
}
