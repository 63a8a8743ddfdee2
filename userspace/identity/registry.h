/* SPDX-License-Identifier: BSD-2-Clause */
/* Everybody this node knows: pods by uid, systemd services by name, cgroups by path. */
#ifndef VSECM_IDENTITY_REGISTRY_H
#define VSECM_IDENTITY_REGISTRY_H

#include <stddef.h>

#include "base/span.h"

struct identity;
struct place;
struct registry;

enum registry_kind {
    REGISTRY_POD,  /* name: a pod's uid */
    REGISTRY_UNIT, /* name: "nginx.service" */
    REGISTRY_PATH, /* name: "/ops/tool"; whoever is in it or below it, the longest path first */
};

/* Empty. NULL: out of memory. */
struct registry *registry_new(void);

/*
 * Whoever is at NAME is IDENTITY; the registry takes a reference of its own.
 * 0, -EEXIST when the name is taken, -ENOSPC at LIMIT_IDENTITIES, -ENAMETOOLONG, or -ENOMEM.
 */
int registry_add(struct registry *registry, enum registry_kind kind, struct span name,
                 struct identity *identity);

/* Who is at PLACE; NULL when nobody is known there. The reference stays the registry's. */
struct identity *registry_find(const struct registry *registry, const struct place *place);

/*
 * Walk: start with *at = 0; each call gives one identity with its kind and name, NULL at the end.
 * The reference stays the registry's. No changes meanwhile.
 */
struct identity *registry_next(const struct registry *registry, size_t *at,
                               enum registry_kind *kind, struct span *name);

/*
 * More will be known as soon as a list of pods is complete: until then a pod that is not in it is
 * not known yet, rather than nobody.
 */
void registry_set_unseen(struct registry *registry);
int registry_is_unseen(const struct registry *registry);

size_t registry_count(const struct registry *registry);

/* NULL is fine. */
void registry_free(struct registry *registry);

#endif
