/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory with a file for each member of a secret, all of which change at once: they are links
 * through DIR/..data to a directory of one version, as the kubelet makes them of a Secret.
 */
#ifndef VSECM_CLI_TARGET_DIR_H
#define VSECM_CLI_TARGET_DIR_H

#include "cli/target_file.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

struct target_dir {
    int directory; /* -1: closed */
    struct target_file_kind kind;
    bool skip_bad; /* leave out members whose names cannot be files */
};

/* Use PATH, which must be there. 0 with *ret to be closed, or -errno with *error set. */
int target_dir_open(const char *path, const struct target_file_kind *kind, bool skip_bad,
                    struct target_dir *ret, struct error *error);

/*
 * Have one file for each member of VALUE, a JSON object, and none for others: a string as its text,
 * anything else as the JSON that was stored; of members of one name the last counts. A failure
 * leaves what was there. 0, -EINVAL where VALUE has no such members, or -errno, with *error set.
 */
int target_dir_write(const struct target_dir *dir, const char *value, size_t length,
                     struct error *error);

/* Remove all of it. 0 or -errno with *error set. */
int target_dir_remove(const struct target_dir *dir, struct error *error);

void target_dir_close(struct target_dir *dir);

#endif
