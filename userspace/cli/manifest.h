/* SPDX-License-Identifier: BSD-2-Clause */
/* A VSecMSecret as Kubernetes takes it from a file: YAML, for `kubectl apply` and for Git. */
#ifndef VSECM_CLI_MANIFEST_H
#define VSECM_CLI_MANIFEST_H

#include <stdbool.h>

#include "base/span.h"

struct record;
struct writer;

/*
 * The object of RECORD's key that holds SEALED, an armoured age file. What stands beside it in
 * clear is for people, and no part of the value.
 */
void manifest_write(struct writer *w, const struct record *record, struct span sealed,
                    bool allows_rollback);

#endif
