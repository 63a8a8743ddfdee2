/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit trail: one JSON line for each decision, on record before its answer leaves.
 *
 * In a directory, lines are copied into a mapped window of a preallocated file: no system call a
 * record, and a record is in the page cache at once, so that a kill -9 loses none. After such a
 * kill the file ends in zeros; the next start cuts them. `stdout` writes each line with write(2).
 */
#ifndef VSECM_SERVE_AUDIT_H
#define VSECM_SERVE_AUDIT_H

#include <stddef.h>
#include <stdint.h>

struct audit;
struct error;

struct audit_options {
    const char *target; /* a directory, "stdout", or "none" */
    size_t segment;     /* bytes after which a new file is begun */
    unsigned keep;      /* finished files that are kept; older ones are removed */
};

struct audit_stats {
    uint64_t records;
    uint64_t failures; /* times that a record could not be kept */
};

/* Open the trail: the directory is made (0700) if it is missing. 0 with *ret the caller's. */
int audit_open(const struct audit_options *options, struct audit **ret, struct error *error);

/*
 * Make sure that the next COUNT records (at most LIMIT_TARGETS) can be kept. 0, or -errno: then the
 * request must be refused before anything is done.
 */
int audit_reserve(struct audit *audit, size_t count);

/* Keep LENGTH bytes of LINE, which ends in '\n'; at most LIMIT_AUDIT_RECORD. 0 or -errno. */
int audit_append(struct audit *audit, const char *line, size_t length);

void audit_read_stats(const struct audit *audit, struct audit_stats *ret);

/* Cut the unused end off the file and close. NULL is fine. */
void audit_close(struct audit *audit);

#endif
