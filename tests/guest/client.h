/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the daemon and descriptors over Unix sockets, as whoever attacks writes them: without
 * a library between that could be too polite. Numbers below 0 are -errno.
 */
#ifndef VSECM_GUEST_CLIENT_H
#define VSECM_GUEST_CLIENT_H

#include <stddef.h>

#define CLIENT_SECONDS 45 /* that an answer is waited for: a guest beside others is slow */

/* A connected socket, or -errno. Answers are waited for CLIENT_SECONDS at most. */
int client_connect(const char *path);

/*
 * Send HEAD (a request with its empty line) on FD and read the answer: its status, and its body in
 * BODY with a final NUL. A descriptor that comes along is *PASSED (-1: none) or, with NULL, closed.
 */
int client_ask(int fd, const char *head, char *body, size_t size, int *passed);

/* GET PATH, likewise. */
int client_get(int fd, const char *path, char *body, size_t size);

/* Ask for the page that belongs to FD: a descriptor. */
int client_page(int fd);

/* POST /v1/shield, for CHILDREN too or not; the status. */
int client_shield(int fd, int children);

/* POST /v1/guard with FILE; the status. */
int client_guard(int fd, int file);

/* One byte, and with it FILE if that is not -1. 0 or -errno. */
int client_pass(int fd, char byte, int file);

/* The descriptor that comes with a byte (FLAGS for recvmsg()); -EACCES when it was kept back. */
int client_take(int fd, int flags, char *byte);

#endif
