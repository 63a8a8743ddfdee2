/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon is asked to keep from everybody outside of our pod: a file, before there is a
 * value in it; this process, before it has the secret. One that is busy or starting is asked again
 * for a while; one that refuses is an error: nothing goes on unguarded.
 */
#ifndef VSECM_CLI_GUARD_H
#define VSECM_CLI_GUARD_H

#include "vsecm/vsecm.h"

#include <stdbool.h>

struct error;

/* Begins with the socket as the command line has it (NULL: where libvsecm looks), else zero. */
struct guard {
    const char *socket;
    vsecm_client *client; /* once it was needed */
};

/*
 * Guard the file behind FD, which is open for writing. 0, or with *error set -EOPNOTSUPP (there are
 * no guards on this node), -EPERM (refused), -EUSERS (too many requests), -ECONNREFUSED (no
 * daemon).
 */
int guard_file(struct guard *guard, int fd, struct error *error);

/* Shield this process, with CHILDREN also what it forks from now on. Returns as guard_file(). */
int guard_process(struct guard *guard, bool children, struct error *error);

/* One that is zero is fine; it can be used again. */
void guard_close(struct guard *guard);

#endif
