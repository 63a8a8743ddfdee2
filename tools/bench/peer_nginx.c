/* SPDX-License-Identifier: BSD-2-Clause */
/* nginx over a Unix socket, and by mutual TLS on loopback. */
#include "bench/peer.h"

#include "bench/load_tls.h"
#include "bench/peer_pki.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NGINX_GET "GET /secret HTTP/1.1\r\nHost: nginx\r\n\r\n"
#define NGINX_NO_CERTIFICATE "HTTP/1.1 400 "

static int start(struct peer_server *server, struct error *error)
{
    char config[PEER_PATH];
    /* With -e its first words go to the log too, and not to where Debian's are. */
    const char *const arguments[] = {"nginx",     "-e", "stderr", "-p",
                                     server->dir, "-c", config,   NULL};
    struct load_tls *tls = malloc(sizeof(*tls));

    if (!tls)
        return error_errno(error, -ENOMEM, "nginx");
    *tls = (struct load_tls){.dir = server->dir, .port = server->port};
    server->own = tls;
    int r = peer_pki_make(server->dir, error);
    if (r == 0)
        r = peer_configure(server, config, error);
    return r ? r : peer_spawn(server, arguments[0], arguments, error);
}

static bool wants_tls(const struct peer_row *row)
{
    return row->work != load_one;
}

/* The proof that what is timed is mutual: who has no certificate gets nothing. */
static int check_refusal(const struct peer_server *server, struct error *error)
{
    char reply[PEER_REPLY_MAX];
    ssize_t got = load_tls_fetch(server->own, false, NGINX_GET, strlen(NGINX_GET), reply,
                                 sizeof(reply), error);

    if (got < 0)
        return (int)got;
    if ((size_t)got < strlen(NGINX_NO_CERTIFICATE) ||
        memcmp(reply, NGINX_NO_CERTIFICATE, strlen(NGINX_NO_CERTIFICATE)) != 0)
        return error_set(error, -EBADMSG, "a client without a certificate was answered: %.*s",
                         (int)got, reply);
    return 0;
}

static int fetch_tls(const struct peer_server *server, char reply[static PEER_REPLY_MAX],
                     size_t *length, struct error *error)
{
    int r = check_refusal(server, error);
    if (r)
        return r;
    ssize_t got = load_tls_fetch(server->own, true, NGINX_GET, strlen(NGINX_GET), reply,
                                 PEER_REPLY_MAX, error);
    *length = got < 0 ? 0 : (size_t)got;
    return got < 0 ? (int)got : 0;
}

static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    load->request = NGINX_GET;
    load->request_length = strlen(NGINX_GET);
    load->context = server->own;
    if (wants_tls(row))
        return fetch_tls(server, reply, length, error);
    return peer_ask(server, NGINX_GET, server->value, reply, length, error);
}

#define LIMITS                                                                                 \
    "The value is a word of its configuration: nothing is looked up, changed or expired, and " \
    "its access log is off. "

static const struct peer_row rows[] = {
    {"nginx", "nginx, Unix socket", load_one, load_one, 1, 500, 8000,
     LIMITS "No caller is identified."},
    {"nginx-mtls", "nginx, mutual TLS, kept", load_tls_one, load_one, 1, 500, 3000,
     LIMITS "TLS 1.3 on loopback, ECDSA P-256 on both sides."},
    {"nginx-mtls-connect", "nginx, mutual TLS, new each time", load_tls_connect, load_connect, 1,
     20, 100,
     "As the row above, and the session is not resumed. OpenSSL 3.0, Debian bookworm's, is several "
     "times dearer for a new connection than the cryptography."},
};

const struct peer peer_nginx = {
    .id = "nginx",
    .program = "nginx",
    .version = "-v",
    .config = "nginx.conf",
    .start = start,
    .ready = peer_listens,
    .prepare = prepare,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
