/* SPDX-License-Identifier: BSD-2-Clause */
/* What an audit record says. Pure; never a value, not even its length. */
#ifndef VSECM_SERVE_AUDIT_LINE_H
#define VSECM_SERVE_AUDIT_LINE_H

#include <stdint.h>

#include "base/span.h"

struct subject;
struct vsecm_chain;
struct vsecm_denial;
struct writer;

struct audit_event {
    const char *operation; /* "get", "put", … */
    struct span key;       /* what was asked for; empty where there is none */
    const char *outcome;   /* "allow", "deny" or "error" */
    const char *reason;    /* one word */
    uint64_t count;        /* of equal events in this record; 0 where each has its own */
};

/*
 * The part that all records of a connection share: who it is. Written once a connection, for it is
 * most of the work.
 */
void audit_line_subject(struct writer *w, const struct subject *subject);

/*
 * The text of a connection's last event, for most connections ask the same again and again. All
 * zero is an empty one. It is known again by its pointers: what they point to must not change.
 */
#define AUDIT_LINE_MEMO 256
struct audit_memo {
    struct audit_event event;
    size_t length; /* 0: nothing is remembered */
    char text[AUDIT_LINE_MEMO];
};

/*
 * A whole line, with its '\n', from that part (SUBJECT) and EVENT. MEMO may be NULL: then, or when
 * the event is another one, it is written out.
 */
void audit_line_write(struct writer *w, int64_t wall_us, struct span subject,
                      const struct audit_event *event, struct audit_memo *memo);

/*
 * A whole line about what a guard denied at WALL_US to somebody in a cgroup of the names CHAIN,
 * NULL when they are not known.
 */
void audit_line_denial(struct writer *w, int64_t wall_us, const struct vsecm_denial *denial,
                       const struct vsecm_chain *chain);

/* A whole line: LOST denials since the guards began have no line of their own. */
void audit_line_lost(struct writer *w, int64_t wall_us, uint64_t lost);

#endif
