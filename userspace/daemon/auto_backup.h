/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup every so often into a directory, of which the newest are kept (option backup_dir). */
#ifndef VSECM_DAEMON_AUTO_BACKUP_H
#define VSECM_DAEMON_AUTO_BACKUP_H

#include <stdint.h>

struct auto_backup;
struct error;
struct keyring;
struct loop;
struct store;
struct worker;
struct writer;

struct auto_backup_options {
    const char *path; /* of the directory; made, mode 0700, when it is not there */
    uint64_t interval_ms;
    uint64_t keep;
    struct loop *loop;
    struct worker *worker;
    struct store *store;
    const struct keyring *keyring;
};

/*
 * The first one is made when the newest there is older than the interval. All that OPTIONS points
 * to outlives it. 0 with *ret the caller's, or -errno with *error.
 */
int auto_backup_new(const struct auto_backup_options *options, struct auto_backup **ret,
                    struct error *error);

/* Its part of the status: ,"backup":{...}. NULL writes nothing. */
void auto_backup_write_status(struct writer *w, const struct auto_backup *backup);

/* Not while the worker is at it. NULL is fine. */
void auto_backup_free(struct auto_backup *backup);

#endif
