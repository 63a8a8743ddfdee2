/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"

#define BACKLOG 16 /* a probe, a scrape and some room */

static int fill(struct span host, uint16_t port, struct sockaddr_storage *ret, socklen_t *size)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    char text[INET6_ADDRSTRLEN];
    int is_v6 = host.length > 2 && host.data[0] == '[' && host.data[host.length - 1] == ']';
    memset(ret, 0, sizeof *ret);
    if (is_v6)
        host = (struct span){host.data + 1, host.length - 2};
    if (str_copy(text, sizeof text, host.length ? host : SPAN_LITERAL("::")) < 0)
        return -EINVAL;
    if (is_v6 || !host.length) {
        *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        *size = sizeof *v6;
        return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1 ? 0 : -EINVAL;
    }
    *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    *size = sizeof *v4;
    return inet_pton(AF_INET, text, &v4->sin_addr) == 1 ? 0 : -EINVAL;
}

int address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *size,
                  struct error *error)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon && str_u64(span_of(colon + 1), UINT16_MAX, &port) == 0 &&
        fill((struct span){text, (size_t)(colon - text)}, (uint16_t)port, ret, size) == 0)
        return 0;
    return error_set(error, -EINVAL,
                     "'%s' is no address with a port, as 10.0.0.1:9464, [::1]:9464 or :9464", text);
}

int address_listen(const char *text, struct error *error)
{
    struct sockaddr_storage address;
    socklen_t size;
    int on = 1, r = address_parse(text, &address, &size, error);
    if (r < 0)
        return r;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A kernel without IPv6 has all addresses of the other family. */
    if (fd < 0 && errno == EAFNOSUPPORT && text[0] == ':') {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
        in_port_t port = ((struct sockaddr_in6 *)&address)->sin6_port;
        *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
        size = sizeof *v4;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    if (fd < 0)
        return error_errno(error, -errno, "%s", text);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    r = error_errno(error, -errno, "%s", text);
    close(fd);
    return r;
}
