/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int client_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = CLIENT_SECONDS};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

static int passed_with(struct msghdr *message)
{
    int fd = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len >= CMSG_LEN(sizeof fd))
            memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

/* More bytes of the answer, and perhaps a descriptor. Like recv(). */
static ssize_t read_more(int fd, char *to, size_t size, int *passed)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {to, size};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

    if (n > 0) {
        int got = passed_with(&message);
        if (got >= 0 && passed)
            *passed = got;
        else if (got >= 0)
            close(got);
    }
    return n;
}

static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\ncontent-length:");

    return field ? strtoul(field + 17, NULL, 10) : 0;
}

/* One answer from FD. Its status or -errno. */
static int read_answer(int fd, char *body, size_t size, int *passed)
{
    char buffer[16384];
    size_t used = 0;

    if (passed)
        *passed = -1;
    while (used < sizeof buffer - 1) {
        ssize_t n = read_more(fd, buffer + used, sizeof buffer - 1 - used, passed);
        if (n <= 0)
            return n < 0 ? -errno : -ECONNRESET;
        used += (size_t)n;
        buffer[used] = '\0';
        char *end = strstr(buffer, "\r\n\r\n");
        if (!end)
            continue;
        size_t length = body_length(buffer), have = used - (size_t)(end + 4 - buffer);
        if (have < length)
            continue;
        snprintf(body, size, "%.*s", (int)length, end + 4);
        return strncmp(buffer, "HTTP/1.1 ", 9) ? -EPROTO : (int)strtol(buffer + 9, NULL, 10);
    }
    return -EMSGSIZE;
}

int client_ask(int fd, const char *head, char *body, size_t size, int *passed)
{
    if (send(fd, head, strlen(head), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        return -errno;
    return read_answer(fd, body, size, passed);
}

int client_get(int fd, const char *path, char *body, size_t size)
{
    char head[256];

    snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: vsecm\r\n\r\n", path);
    return client_ask(fd, head, body, size, NULL);
}

int client_page(int fd)
{
    char body[256];
    int page = -1;
    int status =
        client_ask(fd, "GET /v1/page HTTP/1.1\r\nHost: vsecm\r\n\r\n", body, sizeof body, &page);

    if (status < 0)
        return status;
    if (page < 0)
        printf("# no page: %d %s\n", status, body);
    return page >= 0 ? page : -EACCES;
}

int client_shield(int fd, int children)
{
    char head[256], reply[1024];
    const char *body = children ? "{\"children\":true}" : "";

    snprintf(head, sizeof head,
             "POST /v1/shield HTTP/1.1\r\nHost: vsecm\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    return client_ask(fd, head, reply, sizeof reply, NULL);
}

/* TEXT, and FILE with its first byte. 0 or -errno. */
static int send_with(int fd, const char *text, size_t length, int file)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {(char *)(uintptr_t)text, length};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

    if (file >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof file);
        memcpy(CMSG_DATA(c), &file, sizeof file);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int client_guard(int fd, int file)
{
    static const char head[] = "POST /v1/guard HTTP/1.1\r\nHost: vsecm\r\n"
                               "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n";
    char reply[1024];
    int status = client_ask(fd, head, reply, sizeof reply, NULL);

    if (status != 100)
        return status;
    status = send_with(fd, "{\"files\":1}", 11, file);
    return status < 0 ? status : read_answer(fd, reply, sizeof reply, NULL);
}

int client_pass(int fd, char byte, int file)
{
    return send_with(fd, &byte, 1, file);
}

int client_take(int fd, int flags, char *byte)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    char ignored;
    struct iovec data = {byte ? byte : &ignored, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);

    if (n <= 0)
        return n < 0 ? -errno : -ECONNRESET;
    int got = passed_with(&message);
    return got >= 0 ? got : -EACCES;
}
