/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate authority for one run, with a server and a client: ECDSA on P-256. */
#ifndef BENCH_PEER_PKI_H
#define BENCH_PEER_PKI_H

#include "base/error.h"

/*
 * Make ca.pem, server.pem, server.key, client.pem and client.key in DIR, good for a day. The
 * server is 127.0.0.1 and localhost. -errno with ERROR filled.
 */
int peer_pki_make(const char *dir, struct error *error);

#endif
