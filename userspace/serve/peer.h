/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who shares what the daemon has to give: all connections of one pod are one peer, with one limit
 * of connections and one share of each turn of the loop, so that no pod can crowd out another.
 */
#ifndef VSECM_SERVE_PEER_H
#define VSECM_SERVE_PEER_H

#include <stddef.h>
#include <stdint.h>

struct peer;
struct peers;
struct subject;

struct peers *peer_new_table(size_t max);
void peer_free_table(struct peers *peers); /* NULL is fine; all peers must have left */

/*
 * Count one more connection of SUBJECT's peer. NULL when it has LIMIT of them already, or there is
 * no memory. The connection gives it back with peer_leave().
 */
struct peer *peer_join(struct peers *peers, const struct subject *subject, unsigned limit);
void peer_leave(struct peers *peers, struct peer *peer);

/* Non-zero while PEER has some of its share of turn TURN left. */
int peer_may_go_on(struct peer *peer, uint64_t turn);

/* Take one request, whose reply has BYTES bytes, from PEER's share. */
void peer_spend(struct peer *peer, size_t bytes);

/* Change by DELTA what PEER's connections keep of unfinished requests. -ENOSPC above its limit. */
int peer_hold(struct peer *peer, long delta);

#endif
