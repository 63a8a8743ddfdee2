/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that is written beside its place, as PATH.tmp, and put there once it is whole and on the
 * disk: until then, and when anything fails, what was there stays as it was. Nobody but its owner
 * can read it. Or standard output, which has no such virtues.
 */
#ifndef VSECM_CLI_NEW_FILE_H
#define VSECM_CLI_NEW_FILE_H

#include "limits.h"

#include <stddef.h>

struct error;

struct new_file {
    int fd;           /* -1: closed */
    const char *path; /* the caller's; NULL: standard output */
    char temporary[PATH_MAX];
};

/*
 * Begin the file at PATH; "-" is standard output, but no terminal. Refused are a place where
 * something else than a file is, and one that another process is writing to. What one that was
 * killed left behind is used. Returns 0 with *ret to be given to new_file_drop(), or -errno with
 * *error set.
 */
int new_file_open(const char *path, struct new_file *ret, struct error *error);

/* Write LENGTH bytes more. 0 or -errno with *error set. */
int new_file_write(struct new_file *file, const void *data, size_t length, struct error *error);

/* It is whole: put it in its place. 0 or -errno with *error set; new_file_drop() is due even so. */
int new_file_finish(struct new_file *file, struct error *error);

/* Close it, and remove what has not been finished. Twice is fine. */
void new_file_drop(struct new_file *file);

#endif
