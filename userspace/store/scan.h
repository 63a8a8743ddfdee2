/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record log, read from end to end through one buffer: what stands at an offset, and where the
 * next good frame is. It decides nothing and changes nothing.
 */
#ifndef VSECM_STORE_SCAN_H
#define VSECM_STORE_SCAN_H

#include <stdint.h>

#include "base/span.h"
#include "store/format.h"

struct error;

struct scan {
    int fd;         /* the caller's */
    uint64_t size;  /* of the file */
    uint64_t start; /* of the first frame; 0 while the head is not known */
    uint32_t log;
    unsigned version; /* of the format, when it is not ours */
    int any_log;      /* take frames of any log: when the head is lost */
    unsigned char *buffer;
    size_t capacity;
    uint64_t at; /* offset of the buffer's first byte */
    size_t filled;
};

struct scan_frame {
    struct format_frame header;
    uint64_t offset, end;
    struct span meta, payload; /* live until the next call for this scan */
};

/* Ready to read FD, a regular file. 0 or -errno; scan_end() either way. */
int scan_begin(struct scan *scan, int fd);

/*
 * The head: 0 with *preface (lives until the next call) and scan->log and scan->start set.
 * -EUCLEAN, -EPROTONOSUPPORT with scan->version set, or another -errno.
 */
int scan_head(struct scan *scan, struct span *preface);

/* The frame at OFFSET: 0, -EUCLEAN when there is no good one, or another -errno. */
int scan_frame(struct scan *scan, uint64_t offset, struct scan_frame *ret);

/*
 * As scan_frame(), of the frame that follows one with the sequence LAST (0: none), while the batch
 * under way begins at BATCH: -EUCLEAN too when it may not follow.
 */
int scan_next(struct scan *scan, uint64_t offset, uint64_t batch, uint64_t last,
              struct scan_frame *ret);

/* The first good frame at FROM or behind it: 0, -ENOENT, or another -errno. */
int scan_search(struct scan *scan, uint64_t from, struct scan_frame *ret);

/*
 * What to make of a bad frame at OFFSET: 0 when it begins a torn tail, -EUCLEAN when it had been
 * durable, or another -errno. *last grows to the greatest sequence of the tail's good frames.
 */
int scan_judge(struct scan *scan, uint64_t offset, uint64_t *last);

/* Say why NAME is not read on at OFFSET, where R, which is returned, was the answer. */
int scan_explain(const struct scan *scan, const char *name, uint64_t offset, int r,
                 struct error *error);

/* Frees the buffer. */
void scan_end(struct scan *scan);

#endif
