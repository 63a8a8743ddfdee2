/* SPDX-License-Identifier: BSD-2-Clause */
/* What peers that are built from their sources have in common. */
#ifndef BENCH_PEER_BUILT_H
#define BENCH_PEER_BUILT_H

#include "bench/load_go.h"
#include "bench/peer.h"

/* A peer's tell_version(): as others tell it; -ENOENT, with ERROR saying how to build what is not.
 */
int peer_built_version(const struct peer_server *server, char *ret, size_t size,
                       struct error *error);

/* A peer's prepare(), where SERVER->own begins with the struct load_go that asks it. */
int peer_built_prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                       char reply[static PEER_REPLY_MAX], size_t *length, struct error *error);

#endif
