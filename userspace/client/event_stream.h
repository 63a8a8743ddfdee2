/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Server-sent events (the HTML standard, "event stream") out of bytes that come in pieces, as
 * strictly as the daemon writes them: one line of data an event, lines that end in LF or CRLF, no
 * control characters. Lines are kept in locked memory, since data is secret.
 */
#ifndef VSECM_CLIENT_EVENT_STREAM_H
#define VSECM_CLIENT_EVENT_STREAM_H

#include <stddef.h>
#include <sys/types.h>

struct event_stream;

struct event_stream_event {
    const char *id;   /* "" when it has none */
    const char *type; /* "" when it has none */
    char *data;       /* LENGTH bytes, then a NUL; locked, and may be written to */
    size_t length;
};

/* Returns 0 with *ret to be given to event_stream_free(), or -ENOMEM. */
int event_stream_new(struct event_stream **ret);

/*
 * Take bytes up to the end of the next event, at most LENGTH. Returns how many were taken. *ret is
 * the event if there is one now, else NULL; it is gone with the next call. Or -EPROTO (*wrong says
 * what is, as a constant text that follows "the stream") or -ENOMEM; then nothing more can be fed.
 */
ssize_t event_stream_feed(struct event_stream *stream, const char *bytes, size_t length,
                          const struct event_stream_event **ret, const char **wrong);

/* Forget all of an event that is not whole: what comes next is another stream. */
void event_stream_reset(struct event_stream *stream);

void event_stream_free(struct event_stream *stream); /* wipes; NULL is fine */

#endif
