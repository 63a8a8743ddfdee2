/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening Unix sockets and the directories they stand in. */
#ifndef VSECM_BASE_SOCK_H
#define VSECM_BASE_SOCK_H

#include <sys/types.h>

struct error;

/*
 * Make directory PATH (one level) with MODE, or take the one that is there if it is a directory of
 * our uid that no other uid can write; its mode is then set. 0, or -errno with *error.
 */
int sock_directory(const char *path, mode_t mode, struct error *error);

/*
 * The same, and the directory above it is made with mode 0755 when it is not there. It may be
 * somebody else's: what is there is never changed.
 */
int sock_directories(const char *path, mode_t mode, struct error *error);

/*
 * A non-blocking listening stream socket at PATH with MODE. The socket is bound under a temporary
 * name, given its mode and then renamed, so PATH never exists with a wider mode and never stops
 * existing while a new daemon takes over. A stale socket is replaced; one that answers a connect()
 * is another daemon: -EADDRINUSE. Returns the descriptor, or -errno with *error.
 */
int sock_listen(const char *path, mode_t mode, int backlog, struct error *error);

/*
 * The first half of that: it listens, and nobody finds it, for what must be there before the first
 * caller comes. sock_publish() gives it its name. 0, or -errno with *error; then it has none.
 */
int sock_listen_unseen(const char *path, mode_t mode, int backlog, struct error *error);
int sock_publish(const char *path, struct error *error);

/* A blocking connection to the stream socket at PATH, close-on-exec. The descriptor, or -errno. */
int sock_connect(const char *path);

#endif
