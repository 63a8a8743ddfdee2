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

#include "base/span.h"

struct bindings;
struct error;
struct fields;

/* The rules of the file at PATH; NULL as PATH gives no rules. 0 with *ret the caller's, or -errno.
 */
int binding_load(const char *path, struct bindings **ret, struct error *error);

/*
 * The workload of a pod with FIELDS: that of the first matching rule, else its service account.
 * The span lives as long as both arguments. Empty when there is neither.
 */
struct span binding_workload(const struct bindings *bindings, const struct fields *fields);

/* NULL is fine. */
void binding_free(struct bindings *bindings);

#endif
