/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who shares what the daemon has to give: all connections of one pod are one peer, with one limit
 * of connections, one rate of requests, one share of each turn of the loop, and one of the memory
 * for what is on its way, so that no pod can crowd out another.
 *
 * A peer without connections stays until its rate would be as good as a new one's: whoever closes
 * and connects again gets no more by it.
 */
#ifndef VSECM_SERVE_PEER_H
#define VSECM_SERVE_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct line;
struct peer;
struct peers;
struct subject;
struct tally;

/* MAX peers at once; each may make REQUESTS_PER_SECOND (0: any number), administrators any. */
struct peers *peer_new_table(size_t max, uint64_t requests_per_second);
void peer_free_table(struct peers *peers); /* NULL is fine; all connections must have left */

/*
 * Count one more connection of SUBJECT's peer. NULL when it has LIMIT of them already, or there is
 * no memory. The connection gives it back with peer_leave(). NOW_NS may be a sweep old.
 */
struct peer *peer_join(struct peers *peers, const struct subject *subject, unsigned limit,
                       uint64_t now_ns);
void peer_leave(struct peers *peers, struct peer *peer);

unsigned peer_connections(const struct peer *peer);

/* ---- the share of a turn ------------------------------------------------------------------- */

/* PEER takes part in turn TURN; asking for its share says so as well. */
void peer_take_part(struct peer *peer, uint64_t turn);

/*
 * Non-zero while PEER has some of its share of turn TURN left: a small one, until peer_widen() has
 * found that nobody else is there.
 */
int peer_may_go_on(struct peer *peer, uint64_t turn);

/* Take one request, whose reply has BYTES bytes, from PEER's share. */
void peer_spend(struct peer *peer, size_t bytes);

/* The same for what could not leave at once: bytes that are sent to slow readers. */
int peer_may_send(struct peer *peer, uint64_t turn);
void peer_sent(struct peer *peer, size_t bytes);

/*
 * All events of TURN have been seen. Non-zero when they were one peer's, and there was no other in
 * the last turns: then its share is the large one for the rest of the turn.
 */
int peer_widen(struct peers *peers, uint64_t turn);

/* Those of PEER's connections that wait for their turn, in order. It is the caller's to use. */
struct line *peer_line(struct peer *peer);

/* ---- limits -------------------------------------------------------------------------------- */

/* Change by DELTA what PEER's connections keep of unfinished requests. -ENOSPC above its limit. */
int peer_hold(struct peer *peer, long delta);

/* What PEER's replies hold was BEFORE bytes on one connection, and is AFTER now. */
void peer_queue(struct peer *peer, size_t before, size_t after);

/* May PEER make a request? Zero when that needs a look at the clock: then peer_refill(). */
int peer_take(struct peer *peer);

/* The same at NOW_NS. Zero: it is above its rate, and is stopped for peer_pause_ns(). */
int peer_refill(struct peer *peer, uint64_t now_ns);

uint64_t peer_rate(const struct peers *peers);
uint64_t peer_pause_ns(const struct peers *peers);

/*
 * Non-zero: none of its connections is to be read from, for it is above its rate or does not take
 * its replies.
 */
int peer_is_stopped(const struct peer *peer);

/* Non-zero, once: some that were stopped are not any more. */
int peer_were_released(struct peers *peers);

/* What PEER was refused for its rate. It is looked after by peer_tend() from now on. */
struct tally *peer_tally(struct peer *peer);

/*
 * What time does: ends pauses, forgets those who are gone, TELLs how many refusals of SUBJECT (as
 * audit_line_subject() writes it) have no record. Zero when there is nothing to wait for; else it
 * is to be called again, after peer_pause_ns() when one is still stopped by its rate.
 */
int peer_tend(struct peers *peers, uint64_t now_ns,
              void (*tell)(void *context, struct span subject, uint64_t count), void *context);

#endif
