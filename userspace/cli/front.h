/* SPDX-License-Identifier: BSD-2-Clause */
/* What the beginning of an age file says to somebody without a key. */
#ifndef VSECM_CLI_FRONT_H
#define VSECM_CLI_FRONT_H

#include "base/span.h"

#include <stdbool.h>

struct error;

/* Bytes of a file, or all there are, that say it; they hold any header of ours many times over. */
#define FRONT_SIZE 65536u

struct front {
    bool is_armored;
    bool wants_passphrase;
};

/* Look at TEXT. 0, or -EINVAL with *error set: no age file, or too little of one. */
int front_read(struct span text, struct front *ret, struct error *error);

#endif
