/* SPDX-License-Identifier: BSD-2-Clause */
/* What an audit record says. Pure; never a value, not even its length. */
#ifndef VSECM_SERVE_AUDIT_LINE_H
#define VSECM_SERVE_AUDIT_LINE_H

#include <stdint.h>

#include "base/span.h"

struct subject;
struct writer;

struct audit_event {
    const char *operation; /* "get", "put", … */
    struct span key;       /* what was asked for; empty where there is none */
    const char *outcome;   /* "allow", "deny" or "error" */
    const char *reason;    /* one word */
};

/*
 * The part that all records of a connection share: who it is. Written once a connection, for it is
 * most of the work.
 */
void audit_line_subject(struct writer *w, const struct subject *subject);

/* A whole line, with its '\n', from that part (SUBJECT) and EVENT. */
void audit_line_write(struct writer *w, int64_t wall_us, struct span subject,
                      const struct audit_event *event);

#endif
