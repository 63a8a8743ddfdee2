/* SPDX-License-Identifier: BSD-2-Clause */
/* Which version a peer is of, as it says itself. */
#ifndef BENCH_PEER_VERSION_H
#define BENCH_PEER_VERSION_H

#include "base/error.h"

#include <stddef.h>

/*
 * Run PROGRAM (in $PATH, or a path) with ARGUMENT; the version it prints is in RET. -ENOENT when
 * there is no such program; -EBADMSG when it tells none; -errno. ERROR filled.
 */
int peer_version_ask(const char *program, const char *argument, char *ret, size_t size,
                     struct error *error);

/*
 * The first number with a point in it in TEXT, with what follows up to a blank or comma, into RET:
 * "7.0.15" of "Redis server v=7.0.15 sha=0"; "" when there is none.
 */
void peer_version_of(const char *text, char *ret, size_t size);

#endif
