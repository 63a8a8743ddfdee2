/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/echo.h"

#include "bench/child.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ECHO_BACKLOG 1024
#define ECHO_EVENTS 64
#define ECHO_REQUEST 4096

static int watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void accept_one(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0 && watch(epoll, fd))
        close(fd);
}

static void answer(int fd, const void *reply, size_t length)
{
    static char request[ECHO_REQUEST]; /* a local one would be zeroed by the compiler each time */

    if (recv(fd, request, sizeof(request), 0) <= 0 ||
        send(fd, reply, length, MSG_NOSIGNAL) != (ssize_t)length)
        close(fd);
}

static int serve(int listener, const void *reply, size_t length)
{
    struct epoll_event events[ECHO_EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || watch(epoll, listener))
        return 1;
    for (;;) {
        int n = epoll_wait(epoll, events, ECHO_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_one(epoll, listener);
            else
                answer(events[i].data.fd, reply, length);
        }
    }
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

    if (fd < 0)
        return -errno;
    if (length >= (int)sizeof(address.sun_path))
        errno = ENAMETOOLONG;
    else if (!bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, ECHO_BACKLOG))
        return fd;
    int r = -errno;
    close(fd);
    return r;
}

int echo_listen(const char *path, struct error *error)
{
    unlink(path);
    int listener = listen_at(path);
    return listener < 0 ? error_errno(error, listener, "%s", path) : listener;
}

pid_t echo_start(const char *path, const void *reply, size_t length, struct error *error)
{
    int listener = echo_listen(path, error);
    if (listener < 0)
        return listener;

    pid_t pid = child_fork();
    if (pid == 0)
        _exit(serve(listener, reply, length));
    close(listener);
    if (pid < 0)
        return error_errno(error, (int)pid, "fork");
    return pid;
}
