/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "limits.h"

/*
 * A server that was cut off says nothing, not even that it is back: only a probe finds out. What
 * was sent and not confirmed counts as one.
 */
static int on_new_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    const int on = 1, probe_s = LIMIT_API_PROBE_S;
    const unsigned dead_ms = LIMIT_API_DEAD_S * 1000;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &probe_s, sizeof probe_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof probe_s);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof dead_ms);
    return CURL_SOCKOPT_OK;
}

#define SET(option, value)                             \
    do {                                               \
        if (r == CURLE_OK)                             \
            r = curl_easy_setopt(easy, option, value); \
    } while (0)

/* Whom to believe: who was signed for, and nobody in between. */
static CURLcode set_trust(const struct transport *transport, CURL *easy)
{
    CURLcode r = CURLE_OK;
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* not even one that the environment names */
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2 | (long)CURL_SSLVERSION_MAX_TLSv1_3);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAINFO, transport->ca);
    SET(CURLOPT_CAPATH, NULL);         /* else whom this machine trusts would do as well */
    SET(CURLOPT_CA_CACHE_TIMEOUT, 0L); /* the file may be another one tomorrow */
    if (transport->cert) {
        SET(CURLOPT_SSLCERT, transport->cert);
        SET(CURLOPT_SSLKEY, transport->key);
    }
    return r;
}

static CURLcode set_connection(CURL *easy, unsigned timeout_ms)
{
    CURLcode r = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L); /* on a connection that is being made, rather than one more */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_API_CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_SOCKOPTFUNCTION, on_new_socket);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_USERAGENT, "vsecm-sync");
    return r;
}

int transport_start(void)
{
    unsetenv("SSLKEYLOGFILE");
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO;
}

void transport_stop(void)
{
    curl_global_cleanup();
}

int transport_set(const struct transport *transport, CURL *easy, unsigned timeout_ms)
{
    CURLcode r = set_trust(transport, easy);
    if (r == CURLE_OK)
        r = set_connection(easy, timeout_ms);
    return r == CURLE_OK ? 0 : -EIO;
}

/* ---- what went wrong --------------------------------------------------------------------------
 */

enum source { SOURCE_TEXT, SOURCE_ERRNO, SOURCE_TLS };

static const struct {
    CURLcode code;
    enum source source;
    const char *text; /* where the source has nothing to say */
} troubles[] = {
    {CURLE_COULDNT_CONNECT, SOURCE_ERRNO, "no connection"},
    {CURLE_COULDNT_RESOLVE_HOST, SOURCE_TEXT, "nobody knows where this name is"},
    {CURLE_OPERATION_TIMEDOUT, SOURCE_TEXT, "no answer in time"},
    {CURLE_PEER_FAILED_VERIFICATION, SOURCE_TLS, "not the certificate it should have"},
    {CURLE_SSL_CACERT_BADFILE, SOURCE_TLS, "the file of trusted certificates cannot be read"},
    {CURLE_SSL_CERTPROBLEM, SOURCE_TLS, "the client's certificate cannot be used"},
    {CURLE_SSL_CONNECT_ERROR, SOURCE_TLS, "no TLS"},
    {CURLE_PARTIAL_FILE, SOURCE_TEXT, "cut off in the middle of an answer"},
    {CURLE_HTTP2_STREAM, SOURCE_TEXT, "cut off in the middle of an answer"},
    {CURLE_HTTP2, SOURCE_TEXT, "the connection was cut off"},
    {CURLE_RECV_ERROR, SOURCE_TEXT, "the connection was cut off"},
    {CURLE_SEND_ERROR, SOURCE_TEXT, "the connection was cut off"},
    {CURLE_GOT_NOTHING, SOURCE_TEXT, "the connection was closed without an answer"},
};

void transport_why(CURL *easy, CURLcode result, const char *tls, char *ret, size_t size)
{
    const char *text = curl_easy_strerror(result);
    enum source source = SOURCE_TEXT;
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
        if (troubles[i].code == result) {
            text = troubles[i].text;
            source = troubles[i].source;
        }
    long number = 0;
    if (source == SOURCE_TLS && tls[0])
        text = tls;
    if (source == SOURCE_ERRNO && curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK &&
        number > 0)
        text = strerror((int)number);
    snprintf(ret, size, "%s", text);
}
