/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the journal share; nobody else includes it. */
#ifndef VSECM_STORE_JOURNAL_STATE_H
#define VSECM_STORE_JOURNAL_STATE_H

#include "store/format.h"
#include "store/journal.h"

struct journal_file {
    int fd;
    unsigned references;
    uint32_t log; /* the number its frames carry */
};

/* A frame that was reserved. */
struct journal_pending {
    struct journal_pending *next;
    struct format_frame header;
    unsigned char data[]; /* the whole frame */
};

struct journal {
    struct journal_file *file;
    char *preface;
    size_t preface_length;
    uint64_t end;           /* of the file */
    uint64_t batch;         /* where the last complete batch ends */
    uint64_t durable;       /* a complete batch's end too */
    uint64_t checkpoint;    /* where the last checkpoint ends */
    uint64_t next_sequence; /* to be reserved */
    uint64_t last_sequence; /* in the file */
    int is_memory;
    int is_fresh;  /* created, and not known to be published */
    int is_broken; /* the file could not be cut back */
    struct journal_pending *first, *last;
    uint64_t reserved; /* bytes */
};

/*
 * A journal on FD, which is the journal's from now on, also when this fails. The file ends at END
 * with a complete batch. 0, -ENOMEM or another -errno.
 */
int journal_attach(int fd, struct span preface, uint32_t log, uint64_t end, struct journal **ret);

/* A journal_file of its own for FD, which becomes its own; NULL when out of memory, FD closed. */
struct journal_file *journal_file_new(int fd, uint32_t log);

/* The frame at AT with its header: as journal_read(). */
int journal_read_whole(const struct journal_file *file, struct journal_place at, char **ret,
                       struct format_frame *header);

#endif
