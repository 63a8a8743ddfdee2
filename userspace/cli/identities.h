/* SPDX-License-Identifier: BSD-2-Clause */
/* Secret keys, read from files that are named or from standard input. */
#ifndef VSECM_CLI_IDENTITIES_H
#define VSECM_CLI_IDENTITIES_H

#include "crypto/age_key.h"
#include "limits.h"

#include <stddef.h>

struct arguments;
struct error;

/* In locked memory. */
struct identities {
    struct age_identity keys[LIMIT_AGE_IDENTITIES];
    size_t count;
};

/*
 * Read all files of -i. Each is refused when its owner or mode is not good; that others can read it
 * is said, and no more. 0, or -errno with *error set.
 */
int identities_read(const struct arguments *arguments, struct identities *ret, struct error *error);

/* Read standard input. 0, or -errno with *error set. */
int identities_read_input(struct identities *ret, struct error *error);

#endif
