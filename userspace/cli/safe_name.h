/* SPDX-License-Identifier: BSD-2-Clause */
/* Names as the original's `safe` takes them. */
#ifndef VSECM_CLI_SAFE_NAME_H
#define VSECM_CLI_SAFE_NAME_H

#include "base/span.h"

struct error;

/*
 * A workload, or k8s:NAME. 0, or -EINVAL with *error: the rule, or what its prefix would have asked
 * for.
 */
int safe_name_check_workload(struct span name, struct error *error);

/* A namespace. 0, or -EINVAL with *error naming the rule. */
int safe_name_check_namespace(struct span name, struct error *error);

#endif
