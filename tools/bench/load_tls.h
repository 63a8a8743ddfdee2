/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that show a certificate, over TLS 1.3 to a port of 127.0.0.1. The server's certificate is
 * checked, and sessions are never resumed.
 */
#ifndef BENCH_LOAD_TLS_H
#define BENCH_LOAD_TLS_H

#include "bench/load.h"

#include <stdbool.h>

/* The load's context. */
struct load_tls {
    const char *dir; /* of peer_pki_make() */
    unsigned port;
};

/* The kinds, each a job_work on a struct load. -errno with ERROR filled. */
int load_tls_one(void *load, struct error *error);     /* one connection, kept */
int load_tls_connect(void *load, struct error *error); /* connect, handshake, request, close */

/*
 * One exchange, untimed, with the client's certificate or WITHOUT one: what came in the first
 * record of the reply. Its length, -errno with ERROR filled.
 */
ssize_t load_tls_fetch(const struct load_tls *tls, bool with_certificate, const char *request,
                       size_t request_length, char *reply, size_t size, struct error *error);

#endif
