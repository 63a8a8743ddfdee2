/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream to the daemon: a Unix socket whose every operation ends. Waiting is bounded twice: a
 * single call by the time-out given at the start, a sequence of them by a deadline, so an operation
 * returns at the latest one time-out after its deadline. No signal is ever raised.
 */
#ifndef VSECM_CLIENT_CHANNEL_H
#define VSECM_CLIENT_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * Milliseconds for one answer: three times what the daemon may wait for a pod that it does not know
 * yet, so that its own answer comes first.
 */
#define CHANNEL_TIMEOUT_MS 15000

/* Milliseconds of the monotonic clock. Deadlines are such times. */
int64_t channel_now(void);

/* Where the daemon is when nobody says: vsecm_connect() has the order. */
const char *channel_default_path(void);

/*
 * Connect to the socket at PATH. Returns the descriptor, close-on-exec, or -errno. TIMEOUT_MS 0: it
 * never waits for anything (O_NONBLOCK), nor does this.
 */
int channel_open(const char *path, int timeout_ms);

/* Send all of PARTS, which are used up. Returns 0 or -errno; -ETIMEDOUT when the time is over. */
int channel_send(int fd, struct iovec *parts, size_t count, int64_t deadline);

/*
 * The same with copies of FILES, COUNT descriptors of at most LIMIT_GUARD_FILES, that arrive with
 * the first byte.
 */
int channel_send_files(int fd, struct iovec *part, const int *files, size_t count,
                       int64_t deadline);

/* Receive up to SIZE bytes. Returns how many, 0 at the end of the stream, or -errno. */
ssize_t channel_receive(int fd, void *data, size_t size, int64_t deadline);

#endif
