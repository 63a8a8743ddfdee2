/* SPDX-License-Identifier: BSD-2-Clause */
/* What every transfer to the API server has: whom it trusts, how long it waits, why it failed. */
#ifndef VSECM_SYNC_TRANSPORT_H
#define VSECM_SYNC_TRANSPORT_H

#include <curl/curl.h>
#include <stddef.h>

struct transport {
    const char *ca; /* a file: the only certificates that may have signed the server's */
    const char *cert;
    const char *key; /* both of a client, or both NULL */
};

/*
 * Before the first transfer, and for each time transport_stop() when all are over. 0 or -EIO. It
 * takes SSLKEYLOGFILE out of the environment, for libcurl would write the keys of TLS there.
 */
int transport_start(void);
void transport_stop(void);

/* Set EASY up, for TIMEOUT_MS in all. 0 or -EIO. */
int transport_set(const struct transport *transport, CURL *easy, unsigned timeout_ms);

/*
 * What RESULT of EASY is to people, in RET of SIZE bytes. TLS is what libcurl wrote into the
 * error buffer of EASY, used for what goes wrong with certificates and for nothing else.
 */
void transport_why(CURL *easy, CURLcode result, const char *tls, char *ret, size_t size);

#endif
