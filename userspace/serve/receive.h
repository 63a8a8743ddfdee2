/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes from a connection, and the descriptors that come with them. Descriptors that nobody asked
 * for never reach this process: the kernel drops what recv(2) has no room for.
 */
#ifndef VSECM_SERVE_RECEIVE_H
#define VSECM_SERVE_RECEIVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "limits.h"

/* All zero: no descriptor is taken, and none is here. */
struct received {
    unsigned max; /* descriptors that the request may bring, at most LIMIT_GUARD_FILES */
    unsigned count;
    int files[LIMIT_GUARD_FILES]; /* owned, close-on-exec */
    int is_cut; /* some did not get here, so all were closed: too many, or no room for them */
    int may_have_more; /* the socket may hold more, and no edge will tell */
};

/* What to say when it is cut. */
#define RECEIVE_CUT "not all descriptors got here; at most 16 can come with one request"

/*
 * Receive at most SIZE bytes into DATA, without waiting; descriptors that come with them are added
 * to RECEIVED as long as its `max` allows. The number of bytes, 0 at the end, or -errno.
 * Unless SENDER is NULL, FD is of a listener that was given to sender_watch(); then all the bytes
 * came from one process, and *sender is the id of its cgroup, 0 when that is not known.
 */
ssize_t receive_bytes(int fd, char *data, size_t size, struct received *received, uint64_t *sender);

/* Close what came, take no more, and be all zero. */
void receive_end(struct received *received);

#endif
