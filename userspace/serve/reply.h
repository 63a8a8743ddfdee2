/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One answer, ready to be sent: a head, and a body that is in one of three places. A secret stays
 * in the arena and is only pointed at; other long bodies are on the heap; short ones stand behind
 * the head.
 */
#ifndef VSECM_SERVE_REPLY_H
#define VSECM_SERVE_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct page;
struct secret;
struct store_version;

#define REPLY_TEXT 1600 /* the longest head is about 400; a short body is at most REPLY_SHORT */
#define REPLY_SHORT 1024
#define REPLY_NOTICE 256 /* bytes of a notice that are told */

/* A body that is made while it leaves. Embedded in its owner. */
struct reply_source {
    int is_slow; /* a piece takes long to make: one is enough for a turn */
    /* The next piece, which lives until the next call; empty at the end. 0 or -errno. */
    int (*next)(struct reply_source *source, struct span *piece);
    void (*done)(struct reply_source *source); /* nobody asks for more: release it */
};

struct reply {
    int status; /* 0: nothing was answered */
    int closes; /* close the connection behind it */
    size_t text_length;
    struct secret *secret;       /* a counted reference, or NULL */
    char *heap;                  /* owned, or NULL */
    struct reply_source *source; /* what follows; NULL: nothing */
    int passes_fd;               /* `fd`, owned, goes with the first byte */
    int fd;
    struct span part;      /* the body, in the secret or on the heap; else empty */
    char text[REPLY_TEXT]; /* head, then a short body */
};

enum reply_type {
    REPLY_JSON,
    REPLY_BYTES,
    REPLY_PLAIN,
};

/* The whole answer that was rendered when VERSION was stored. */
void reply_answer(struct reply *reply, const struct store_version *version);

/* An answer without a body but VERSION's tag (304), or with PART of its block (200). */
void reply_version(struct reply *reply, int status, enum reply_type type,
                   const struct store_version *version, struct span part);

/* 200 with LENGTH bytes at BODY, malloc'd; the reply owns them now. */
void reply_heap(struct reply *reply, enum reply_type type, char *body, size_t length);

/*
 * 200 with LENGTH bytes in all that SOURCE gives; it is the reply's now. When it fails or gives
 * another number of bytes, the connection is closed early, by which the client knows.
 */
void reply_stream(struct reply *reply, enum reply_type type, uint64_t length,
                  struct reply_source *source);

/* 200 with a whole secret of VERSION's; the reply owns the reference now. */
void reply_secret(struct reply *reply, const struct store_version *version, struct secret *secret);

/* STATUS with a short text, at most REPLY_SHORT bytes. */
void reply_plain(struct reply *reply, int status, const char *text);

/* 200 with a short text, and beside it something the caller should know. */
void reply_noticed(struct reply *reply, const char *text, const char *notice);

/* 200 with a short JSON text, at most REPLY_SHORT bytes. */
void reply_json(struct reply *reply, const char *text);

/* 200 with a descriptor of PAGE beside it. 0, or -errno with nothing answered. */
int reply_page(struct reply *reply, const struct page *page);

/* STATUS with {"error":CODE,"message":…}; the message is cut to fit. FORMAT gets no secret. */
void reply_error(struct reply *reply, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* 429: not before SECONDS have passed; WHY says what was too much. */
void reply_too_many(struct reply *reply, uint64_t seconds, const char *why);

/* 405, with the methods that the path takes. */
void reply_wrong_method(struct reply *reply, const char *allowed);

/* The interim answer that asks for the body. */
void reply_continue(struct reply *reply);

/* Release what the reply holds and make it empty. */
void reply_done(struct reply *reply);

#endif
