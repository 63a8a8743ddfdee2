/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/fanout.h"

#include "bench/child.h"
#include "bench/echo.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FANOUT_EVENTS 64
#define FANOUT_REQUEST 8192

struct crowd {
    int epoll, listener;
    unsigned followers;
    int follower[FANOUT_FOLLOWERS_MAX];
};

static int watch(const struct crowd *crowd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void accept_one(const struct crowd *crowd)
{
    int fd = accept4(crowd->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0 && watch(crowd, fd))
        close(fd);
}

static void drop(struct crowd *crowd, int fd)
{
    for (unsigned i = 0; i < crowd->followers; i++)
        if (crowd->follower[i] == fd)
            crowd->follower[i] = crowd->follower[--crowd->followers];
    close(fd);
}

static void tell(int fd, const void *data, size_t length)
{
    /* In part or not at all: whoever waits for it finds out, and says so. */
    (void)!send(fd, data, length, MSG_NOSIGNAL);
}

static void change(const struct crowd *crowd, const struct fanout *fanout, int fd)
{
    tell(fd, fanout->reply, fanout->reply_length);
    for (unsigned i = 0; i < crowd->followers; i++)
        tell(crowd->follower[i], fanout->event, fanout->event_length);
    if (!fanout->word)
        return;
    __atomic_add_fetch(fanout->word, 2, __ATOMIC_RELEASE);
    syscall(SYS_futex, fanout->word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void take(struct crowd *crowd, const struct fanout *fanout, int fd)
{
    static char request[FANOUT_REQUEST];
    ssize_t got = recv(fd, request, sizeof(request), 0);

    if (got < 3) {
        drop(crowd, fd);
    } else if (memcmp(request, "GET", 3) != 0) {
        change(crowd, fanout, fd);
    } else if (crowd->followers < FANOUT_FOLLOWERS_MAX) {
        crowd->follower[crowd->followers++] = fd;
        tell(fd, fanout->event, fanout->event_length);
    } else {
        drop(crowd, fd);
    }
}

static int serve(int listener, const struct fanout *fanout)
{
    static struct crowd crowd;
    struct epoll_event events[FANOUT_EVENTS];

    crowd.listener = listener;
    crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (crowd.epoll < 0 || watch(&crowd, listener))
        return 1;
    for (;;) {
        int n = epoll_wait(crowd.epoll, events, FANOUT_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_one(&crowd);
            else
                take(&crowd, fanout, events[i].data.fd);
        }
    }
}

pid_t fanout_start(const char *path, const struct fanout *fanout, struct error *error)
{
    int listener = echo_listen(path, error);
    if (listener < 0)
        return listener;

    pid_t pid = child_fork();
    if (pid == 0)
        _exit(serve(listener, fanout));
    close(listener);
    if (pid < 0)
        return error_errno(error, (int)pid, "fork");
    return pid;
}
