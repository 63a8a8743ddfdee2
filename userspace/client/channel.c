/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/channel.h"

#include "limits.h"
#include "protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t channel_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The time-out of sending bounds connect() as well, which waits while the queue is full. */
static int set_timeouts(int fd, int timeout_ms)
{
    struct timeval time = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) < 0)
        return -errno;
    return 0;
}

/* What is EAGAIN on a socket that blocks is a time-out. */
static int failure(void)
{
    return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

static int connect_to(int fd, const struct sockaddr_un *address)
{
    int r;
    do
        r = connect(fd, (const struct sockaddr *)address, sizeof *address);
    while (r < 0 && errno == EINTR);
    return r < 0 ? failure() : 0;
}

const char *channel_default_path(void)
{
    const char *path = secure_getenv("VSECM_SOCKET");
    if (path && path[0])
        return path;
    return access(PROTOCOL_SHORT_SOCKET, F_OK) == 0 ? PROTOCOL_SHORT_SOCKET : PROTOCOL_SOCKET;
}

int channel_open(const char *path, int timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (!length)
        return -ENOENT;
    if (length >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, length);

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (timeout_ms ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        return -errno;
    int r = timeout_ms ? set_timeouts(fd, timeout_ms) : 0;
    if (!r)
        r = connect_to(fd, &address);
    if (!r)
        return fd;
    close(fd);
    return r;
}

/* Take SENT bytes off the front. */
static void advance(struct msghdr *message, size_t sent)
{
    while (message->msg_iovlen && sent >= message->msg_iov->iov_len) {
        sent -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (!message->msg_iovlen)
        return;
    message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
    message->msg_iov->iov_len -= sent;
}

static int send_all(int fd, struct msghdr *message, int64_t deadline)
{
    for (;;) {
        ssize_t sent = sendmsg(fd, message, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return failure();
        if (sent > 0) {
            advance(message, (size_t)sent);
            message->msg_control = NULL; /* it went with the first byte */
            message->msg_controllen = 0;
        }
        if (!message->msg_iovlen)
            return 0;
        if (channel_now() >= deadline)
            return -ETIMEDOUT;
    }
}

int channel_send(int fd, struct iovec *parts, size_t count, int64_t deadline)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    return send_all(fd, &message, deadline);
}

int channel_send_files(int fd, struct iovec *part, const int *files, size_t count, int64_t deadline)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(LIMIT_GUARD_FILES * sizeof(int))];
    } control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = part, .msg_iovlen = 1};
    size_t length = count * sizeof *files;
    if (!count || count > LIMIT_GUARD_FILES)
        return -EINVAL;
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(length);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(&control.header), files, length);
    return send_all(fd, &message, deadline);
}

ssize_t channel_receive(int fd, void *data, size_t size, int64_t deadline)
{
    for (;;) {
        ssize_t got = recv(fd, data, size, 0);
        if (got >= 0)
            return got;
        if (errno != EINTR)
            return failure();
        if (channel_now() >= deadline)
            return -ETIMEDOUT;
    }
}
