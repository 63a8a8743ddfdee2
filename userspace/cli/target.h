/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys that operands and -n name: every WORKLOAD in every namespace, or NS/WORKLOAD for exactly
 * that one. In place of a workload may stand k8s:SECRET, what becomes a Kubernetes Secret.
 */
#ifndef VSECM_CLI_TARGET_H
#define VSECM_CLI_TARGET_H

#include "base/span.h"
#include "limits.h"

#include <stddef.h>

struct arguments;
struct error;
struct writer;

/* The keys of one request. Spans are of the command line. */
struct target {
    struct span workloads[LIMIT_TARGETS];
    struct span namespaces[LIMIT_TARGETS];
    size_t workload_count;
    size_t namespace_count;
};

/* Check the namespaces given by -n. 0 or -EINVAL with *error naming the rule. */
int target_check_namespaces(const struct arguments *arguments, struct error *error);

/* Check all names before any is used. 0 or -EINVAL with *error naming the rule. */
int target_check(const struct arguments *arguments, struct error *error);

/*
 * The one key that TEXT names: NS/WORKLOAD, or WORKLOAD in the default namespace. 0 or -EINVAL with
 * *error naming the rule. Spans of *RET are of TEXT.
 */
int target_key(const char *text, struct target *ret, struct error *error);

/*
 * The next request's keys, from operand *AT on, which moves behind them: a run of plain names, or
 * one NS/WORKLOAD. Returns 0 when none is left. The names must have passed target_check().
 */
int target_next(const struct arguments *arguments, size_t *at, struct target *ret);

/* Write `"workloads":[...],"namespaces":[...]`. */
void target_json(const struct target *target, struct writer *writer);

/* Write "NS/WORKLOAD" of a target that is one key. Nothing in it needs escaping anywhere. */
void target_text(const struct target *target, char ret[LIMIT_KEY + 1]);

/* Print one line per key, with VERB behind it. */
void target_print(const struct target *target, const char *verb);

#endif
