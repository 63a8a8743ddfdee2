/* SPDX-License-Identifier: BSD-2-Clause */
/* An address with a port, as an option has it; numbers only, no name is looked up. */
#ifndef VSECM_SYNC_ADDRESS_H
#define VSECM_SYNC_ADDRESS_H

#include <sys/socket.h>

struct error;

/*
 * Read TEXT: "10.0.0.1:9464", "[::1]:9464", ":9464" for all addresses of both families. 0 with the
 * *size bytes of *ret, or -EINVAL with *error.
 */
int address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *size,
                  struct error *error);

/* A non-blocking socket that listens on it, or -errno with *error. */
int address_listen(const char *text, struct error *error);

#endif
