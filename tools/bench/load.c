/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/http.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

int load_begin(struct load *load, struct error *error)
{
    int r = usage_read(load->server, &load->before);

    if (r)
        return error_errno(error, r, "cannot read the server's usage");
    hist_reset(&load->latency);
    load->began_ns = clock_mono_ns();
    return 0;
}

int load_end(struct load *load, struct error *error)
{
    struct usage after;

    load->elapsed_ns = clock_mono_ns() - load->began_ns;
    int r = usage_read(load->server, &after);
    if (r)
        return error_errno(error, r, "cannot read the server's usage");
    memset(&load->used, 0, sizeof(load->used));
    usage_add_difference(&load->used, &load->before, &after);
    return 0;
}

int load_open(const struct load *load, struct error *error)
{
    int fd = sock_connect(load->path);
    return fd < 0 ? error_errno(error, fd, "cannot connect to %s", load->path) : fd;
}

int load_send(const struct load *load, int fd, struct error *error)
{
    ssize_t sent = send(fd, load->request, load->request_length, MSG_NOSIGNAL);

    if (sent < 0)
        return error_errno(error, -errno, "send");
    if ((size_t)sent != load->request_length)
        return error_set(error, -EIO, "a request was sent in part");
    return 0;
}

static bool is_success(const char *reply, size_t length)
{
    return length >= strlen(HTTP_SUCCESS) && memcmp(reply, HTTP_SUCCESS, strlen(HTTP_SUCCESS)) == 0;
}

int load_check(const struct load *load, const char *part, size_t have, ssize_t got,
               struct error *error)
{
    if (got < 0)
        return error_errno(error, -errno, "recv");
    if (got == 0)
        return error_set(error, -EPIPE, "the server closed a connection");
    if (have == 0 && !is_success(part, (size_t)got))
        return error_set(error, -EBADMSG, "a reply is no success");
    have += (size_t)got;
    if (have > load->reply_length)
        return error_set(error, -EBADMSG, "a reply of %zu bytes or more instead of %zu", have,
                         load->reply_length);
    return have == load->reply_length;
}

int load_exchange(const struct load *load, int fd, struct error *error)
{
    static char reply[LOAD_REPLY_MAX]; /* a local one would be zeroed by the compiler each time */
    size_t have = 0;
    int r = load_send(load, fd, error);

    while (r == 0) {
        ssize_t got = recv(fd, reply, sizeof(reply), 0);
        r = load_check(load, reply, have, got, error);
        if (r == 0)
            have += (size_t)got;
    }
    return r < 0 ? r : 0;
}
