/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/echo.h"

#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ECHO_BACKLOG 1024
#define ECHO_EVENTS 64
#define ECHO_REQUEST 4096
#define ECHO_FDS 4096

struct echo {
    int epoll, listener;
    int log; /* -1: it keeps nothing */
    const char *reply;
    size_t length;
    size_t sent[ECHO_FDS]; /* of a reply that its connection has no room for yet */
};

static int watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int wait_for(int epoll, int fd, uint32_t what)
{
    struct epoll_event event = {.events = what, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) ? -errno : 0;
}

static void accept_one(struct echo *echo)
{
    int fd = accept4(echo->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0 && (fd >= ECHO_FDS || watch(echo->epoll, fd)))
        close(fd);
}

/* What its buffer does not take waits until the reader has made room. */
static void answer_in_parts(struct echo *echo, int fd, ssize_t sent)
{
    size_t *have = &echo->sent[fd];
    bool waited = *have > 0;

    if (sent < 0 && errno != EAGAIN) {
        *have = 0;
        close(fd);
        return;
    }
    *have += sent > 0 ? (size_t)sent : 0;
    bool waits = *have < echo->length;
    if (!waits)
        *have = 0;
    if (waits != waited)
        wait_for(echo->epoll, fd, waits ? EPOLLOUT : EPOLLIN);
}

static int keep(int log, const char *request, size_t length)
{
    return write(log, request, length) == (ssize_t)length && fdatasync(log) == 0 ? 0 : -EIO;
}

static void answer(struct echo *echo, int fd)
{
    static char request[ECHO_REQUEST]; /* a local one would be zeroed by the compiler each time */

    ssize_t got = recv(fd, request, sizeof(request), 0);
    if (got <= 0 || (echo->log >= 0 && keep(echo->log, request, (size_t)got))) {
        close(fd);
        return;
    }
    ssize_t sent = send(fd, echo->reply, echo->length, MSG_NOSIGNAL);
    if (sent != (ssize_t)echo->length)
        answer_in_parts(echo, fd, sent);
}

static void go_on(struct echo *echo, int fd)
{
    size_t have = echo->sent[fd];
    ssize_t sent = send(fd, echo->reply + have, echo->length - have, MSG_NOSIGNAL);

    answer_in_parts(echo, fd, sent);
}

static int serve(int listener, int log, const void *reply, size_t length)
{
    static struct echo echo;
    struct epoll_event events[ECHO_EVENTS];

    echo = (struct echo){.epoll = epoll_create1(EPOLL_CLOEXEC),
                         .listener = listener,
                         .log = log,
                         .reply = reply,
                         .length = length};
    if (echo.epoll < 0 || watch(echo.epoll, listener))
        return 1;
    for (;;) {
        int n = epoll_wait(echo.epoll, events, ECHO_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                accept_one(&echo);
            else if (events[i].events & EPOLLOUT)
                go_on(&echo, fd);
            else
                answer(&echo, fd);
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

/* Nobody needs it by a name. */
static int open_log(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

pid_t echo_start(const char *path, const char *log_in, const void *reply, size_t length,
                 struct error *error)
{
    int log = log_in ? open_log(log_in) : -1;
    if (log_in && log < 0)
        return error_errno(error, log, "a file in %s", log_in);

    pid_t pid = echo_listen(path, error);
    int listener = pid;
    if (listener < 0)
        goto close_log;
    pid = child_fork();
    if (pid == 0)
        _exit(serve(listener, log, reply, length));
    close(listener);
    if (pid < 0)
        error_errno(error, (int)pid, "fork");
close_log:
    if (log >= 0)
        close(log);
    return pid;
}
