/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects in the body of a list or a watch, one by one, out of bytes that come in pieces. It
 * knows where an object begins and ends, and leaves what is in it to a parser; memory is one
 * object.
 */
#ifndef VSECM_SYNC_SPLITTER_H
#define VSECM_SYNC_SPLITTER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/span.h"

struct splitter;

enum splitter_body {
    SPLITTER_LIST,  /* one object: the elements of its "items", and its "metadata" */
    SPLITTER_WATCH, /* objects, with nothing but white space between them */
};

enum splitter_kind {
    SPLITTER_NOTHING,   /* all bytes are taken and there is none yet */
    SPLITTER_OBJECT,    /* an element, or an object of a watch */
    SPLITTER_METADATA,  /* of a list */
    SPLITTER_OVERSIZED, /* one was passed over: it is too long, or nests too deep */
};

struct splitter_found {
    enum splitter_kind kind;
    struct span text; /* from brace to brace; gone with the next call */
};

/* Objects of at most MAX bytes. NULL: out of memory. */
struct splitter *splitter_new(size_t max);

/* Another body begins. */
void splitter_begin(struct splitter *splitter, enum splitter_body body);

/*
 * Take bytes up to the end of the next thing to be told, at most all. How many were taken; or
 * -EPROTO for what is no JSON of this shape, or -ENOMEM: then nothing more can be fed.
 */
ssize_t splitter_feed(struct splitter *splitter, struct span bytes, struct splitter_found *ret);

/* Non-zero when a body may end here. */
int splitter_is_whole(const struct splitter *splitter);

/* NULL is fine. */
void splitter_free(struct splitter *splitter);

#endif
