/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that holds a secret, in memory (tmpfs, ramfs), replaced whole: whoever opens it reads the
 * old value or the new one.
 */
#ifndef VSECM_CLI_TARGET_FILE_H
#define VSECM_CLI_TARGET_FILE_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct guard;

/* What such files are like. */
struct target_file_kind {
    mode_t mode;
    uid_t owner;         /* (uid_t)-1: whoever we are */
    gid_t group;         /* (gid_t)-1 */
    bool allow_disk;     /* else only in memory */
    struct guard *guard; /* asked before a value is written; NULL: the files are not guarded */
};

struct target_file {
    int directory; /* -1: closed */
    struct target_file_kind kind;
    char name[NAME_MAX + 1];
};

/*
 * Open the directory PATH for such files. Refused is one that is not in memory, unless ALLOW_DISK.
 * Returns a descriptor, the caller's, or -errno with *error set.
 */
int target_file_directory(const char *path, bool allow_disk, struct error *error);

/*
 * Write LENGTH bytes to NAME in DIRECTORY, which must not be there. 0 or -errno with *error set;
 * then it is not. SHOWN is what people call it.
 */
int target_file_create(int directory, const char *name, const char *shown,
                       const struct target_file_kind *kind, const void *data, size_t length,
                       struct error *error);

/*
 * Use PATH, of which only the directory need be there. 0 with *ret to be closed, or -errno with
 * *error set.
 */
int target_file_open(const char *path, const struct target_file_kind *kind, struct target_file *ret,
                     struct error *error);

/*
 * Replace it. A failure leaves what was there, and nothing beside it. 0 or -errno with *error set.
 */
int target_file_write(const struct target_file *file, const void *data, size_t length,
                      struct error *error);

/* Remove it; that it is not there is fine. 0 or -errno with *error set. */
int target_file_remove(const struct target_file *file, struct error *error);

void target_file_close(struct target_file *file);

#endif
