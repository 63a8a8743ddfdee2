/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which workload a pod is. Without a rule it is the one named like its service account; a binding
 * maps (namespace, service account, labels) to another name. The first rule that matches wins.
 *
 * The file has a rule a line:
 *     WORKLOAD [namespace=NS] [service-account=SA] [label.KEY=VALUE]...
 */
#ifndef VSECM_IDENTITY_BINDING_H
#define VSECM_IDENTITY_BINDING_H

#include <stddef.h>

#include "base/span.h"

struct bindings;
struct error;
struct fields;

/* The rules of the file at PATH; NULL as PATH gives no rules. 0 with *ret the caller's, or -errno.
 */
int binding_load(const char *path, struct bindings **ret, struct error *error);

/*
 * One more rule behind those there are: pods for which WHEN holds are WORKLOAD. What both point to
 * must outlive BINDINGS. 0, or -EINVAL or -ENOMEM with *error; then it is as it was.
 */
int binding_add(struct bindings *bindings, struct span workload, const struct fields *when,
                struct error *error);

/* The workload that the first matching rule names; empty when none matches. */
struct span binding_match(const struct bindings *bindings, const struct fields *fields);

/*
 * The workload of a pod with FIELDS: that of the first matching rule, else its service account.
 * The span lives as long as both arguments. Empty when there is neither.
 */
struct span binding_workload(const struct bindings *bindings, const struct fields *fields);

size_t binding_count(const struct bindings *bindings);

/* NULL is fine. */
void binding_free(struct bindings *bindings);

#endif
