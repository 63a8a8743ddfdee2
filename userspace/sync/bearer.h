/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Authorization field of a service account. Its token's file is written anew before the token
 * in it runs out, and then read anew here. The token is in memory once, however many requests are
 * under way with it.
 */
#ifndef VSECM_SYNC_BEARER_H
#define VSECM_SYNC_BEARER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct error;

struct bearer {
    unsigned references;
    size_t size;
    char field[]; /* "Authorization: Bearer ..." with a NUL; never to be logged */
};

struct bearer_file {
    const char *path; /* the caller's; all else is this module's, zero at first */
    struct bearer *bearer;
    ino_t inode;
    struct timespec changed;
    uint64_t read_ms;
};

/*
 * What the file says now: read if it is another file than last time, if a minute has passed, or if
 * the token IS_REFUSED. Where it cannot be read the token before it must do. 0 with *ret to be
 * given to bearer_release(), or -errno with *error, which never has a part of the token.
 */
int bearer_take(struct bearer_file *file, int is_refused, struct bearer **ret, struct error *error);

/* Wiped with the last reference. NULL is fine. */
void bearer_release(struct bearer *bearer);

/* Forget the token. */
void bearer_close(struct bearer_file *file);

#endif
