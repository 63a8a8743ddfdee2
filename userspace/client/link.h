/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection to the daemon that comes back. Lost or given up, it is made anew: when the socket's
 * file appears (inotify), or after a while that doubles from attempt to attempt, less a random
 * part, so that the pods of a node do not come all at once. All of that is behind one descriptor,
 * and nothing waits but link_wait().
 */
#ifndef VSECM_CLIENT_LINK_H
#define VSECM_CLIENT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct link;

/*
 * A link to the socket at PATH, where nobody need be. A daemon that says nothing for SILENCE_MS
 * milliseconds is taken for dead; 0: it may be silent. Returns 0 with *ret to be given to
 * link_close(), -ENAMETOOLONG, -ENOENT (PATH is empty), or what the system lacks.
 */
int link_open(struct link **ret, const char *path, int silence_ms);

/*
 * Go on with what has happened. A link that is down is connected if it is time, and REQUEST sent.
 * Returns 1 when that has been done just now, 0 when there is nothing new, or -errno: the attempt
 * failed, or (-ETIMEDOUT) the daemon was silent; the link is down.
 */
int link_step(struct link *link, const char *request);

/*
 * Receive up to SIZE bytes, and with them a descriptor: *FD, the caller's, or -1. FD NULL: none is
 * taken. Returns how many; -EAGAIN: none now; -ECONNRESET: the daemon went away.
 */
ssize_t link_receive(struct link *link, void *data, size_t size, int *fd);

/* The daemon does what it should: if it goes away, the next is to be asked soon. */
void link_good(struct link *link);

/* The daemon has said all it had to: from now on it may be silent on this connection. */
void link_rest(struct link *link);

/* Give up the connection, to be made anew after a while. One that is down is fine. */
void link_drop(struct link *link);

/* Give it up for SECONDS at least, which the daemon has asked for; 0 is link_drop(). */
void link_drop_for(struct link *link, unsigned seconds);

/* Give up the connection, to be made anew at once. One that is down is fine. */
void link_again(struct link *link);

/* There is more to be done though nothing will happen: the descriptor is readable. */
void link_poke(struct link *link);

/* Wait until link_step() may have something to do, at most until DEADLINE; negative: for ever. */
void link_wait(struct link *link, int64_t deadline);

bool link_is_up(const struct link *link);

/* It polls readable when link_step() may have something to do, and stays the same. */
int link_fd(const struct link *link);

void link_close(struct link *link); /* NULL is fine */

#endif
