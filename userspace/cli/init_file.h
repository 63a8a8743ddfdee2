/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The init commands of the original's Sentinel: lines `COMMAND:VALUE` in blocks that end in a line
 * `--`. Pure functions over text that may be secret, so no error ever says any of it.
 */
#ifndef VSECM_CLI_INIT_FILE_H
#define VSECM_CLI_INIT_FILE_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/* Before its first block: the text, and zeros. */
struct init_file {
    struct span rest;
    unsigned line; /* the last that was read, from 1 */
};

/* One block: either it waits, or ends the commands, or brings a key, or stores, or deletes. */
struct init_block {
    unsigned line;          /* of its first command */
    struct span workloads;  /* names with commas between them, all of them good */
    struct span namespaces; /* likewise; empty: the default one */
    struct span secret;
    struct span template;
    struct span format; /* empty, "json", "yaml" or "raw" */
    struct span not_before;
    struct span expires;
    struct span keys;
    uint64_t sleep_ms;
    bool encrypted; /* the secret is sealed */
    bool removes;
    bool sleeps;
    bool exits;
};

#define INIT_FILE_COMMANDS "w, n, s, t, f, e, d, i, N, E, sleep, wait, exit"
#define INIT_FILE_TIME 63u /* bytes of N and E, at most */

/*
 * The next block that asks for anything. 1 with *ret, whose spans are of the text, 0 at the end, or
 * -EINVAL with *error naming the line and what would be right there. Times are judged at NOW_US.
 */
int init_file_next(struct init_file *file, int64_t now_us, struct init_block *ret,
                   struct error *error);

/* Read all of TEXT, what is behind an exit, too. 0 or -EINVAL as above. */
int init_file_check(struct span text, int64_t now_us, struct error *error);

/* Cut the next name off the front of a list of a block. 1, or 0 at its end. */
int init_file_next_name(struct span *list, struct span *ret);

#endif
