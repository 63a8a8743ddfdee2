/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(struct error *error, const char *what)
{
    int errno_then = errno;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (!reason && errno_then)
        return error_errno(error, -errno_then, "%s", what);
    return error_set(error, -EPROTO, "%s: %s", what, reason ? reason : "the connection ended");
}

static int take_files(SSL_CTX *context, const struct load_tls *tls, bool with_certificate)
{
    char authority[128], certificate[128], key[128];

    snprintf(authority, sizeof(authority), "%s/ca.pem", tls->dir);
    snprintf(certificate, sizeof(certificate), "%s/client.pem", tls->dir);
    snprintf(key, sizeof(key), "%s/client.key", tls->dir);
    return SSL_CTX_load_verify_file(context, authority) == 1 &&
           (!with_certificate ||
            (SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1));
}

/* What all connections have in common, or NULL with ERROR filled. */
static SSL_CTX *make_context(const struct load_tls *tls, bool with_certificate, struct error *error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) &&
        take_files(context, tls, with_certificate) &&
        X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), "127.0.0.1")) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        return context;
    }
    fail(error, "cannot set TLS up");
    SSL_CTX_free(context);
    return NULL;
}

static int connect_tcp(unsigned port, struct error *error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        return error_errno(error, -errno, "socket");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    int r = error_errno(error, -errno, "cannot connect to 127.0.0.1:%u", port);
    close(fd);
    return r;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_shutdown(ssl);
    SSL_free(ssl);
    if (fd >= 0)
        close(fd);
}

/* A connection, shaken hands over, or NULL with ERROR filled. */
static SSL *dial(SSL_CTX *context, unsigned port, struct error *error)
{
    int fd = connect_tcp(port, error);
    if (fd < 0)
        return NULL;
    SSL *ssl = SSL_new(context);
    errno = 0;
    if (!ssl || !SSL_set_fd(ssl, fd)) {
        fail(error, "cannot set TLS up");
        SSL_free(ssl);
        close(fd);
        return NULL;
    }
    if (SSL_connect(ssl) != 1)
        fail(error, "handshake");
    else if (SSL_session_reused(ssl))
        error_set(error, -EPROTO, "a session was resumed");
    else
        return ssl;
    hang_up(ssl);
    return NULL;
}

static int exchange(struct load *load, void *client, struct error *error)
{
    static char reply[LOAD_RECEIVE];
    size_t have = 0;
    int r = 0;

    errno = 0;
    if (SSL_write(client, load->request, (int)load->request_length) != (int)load->request_length)
        return fail(error, "cannot send");
    while (r == 0) {
        int got = SSL_read(client, reply, sizeof(reply));
        if (got <= 0)
            return fail(error, "cannot receive");
        r = load_check(load, reply, have, got, error);
        have += (size_t)got;
    }
    return r < 0 ? r : 0;
}

int load_tls_one(void *shared, struct error *error)
{
    struct load *load = shared;
    const struct load_tls *tls = load->context;
    SSL_CTX *context = make_context(tls, true, error);
    SSL *ssl = context ? dial(context, tls->port, error) : NULL;
    int r = ssl ? load_repeat(load, exchange, ssl, error) : -EPROTO;

    if (ssl)
        hang_up(ssl);
    SSL_CTX_free(context);
    return r;
}

static int visit(struct load *load, void *context, struct error *error)
{
    const struct load_tls *tls = load->context;
    SSL *ssl = dial(context, tls->port, error);

    if (!ssl)
        return -EPROTO;
    int r = exchange(load, ssl, error);
    hang_up(ssl);
    return r;
}

int load_tls_connect(void *shared, struct error *error)
{
    struct load *load = shared;
    SSL_CTX *context = make_context(load->context, true, error);
    int r = context ? load_repeat(load, visit, context, error) : -EPROTO;

    SSL_CTX_free(context);
    return r;
}

ssize_t load_tls_fetch(const struct load_tls *tls, bool with_certificate, const char *request,
                       size_t request_length, char *reply, size_t size, struct error *error)
{
    SSL_CTX *context = make_context(tls, with_certificate, error);
    SSL *ssl = context ? dial(context, tls->port, error) : NULL;
    ssize_t length = -EPROTO;

    if (ssl) {
        errno = 0;
        if (SSL_write(ssl, request, (int)request_length) == (int)request_length)
            length = SSL_read(ssl, reply, (int)size);
        if (length <= 0)
            length = fail(error, "no reply");
        hang_up(ssl);
    }
    SSL_CTX_free(context);
    return length;
}
