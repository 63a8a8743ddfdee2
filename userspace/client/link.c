/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/link.h"

#include "client/channel.h"
#include "limits.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

struct link {
    int epoll;   /* all the others are in it */
    int timer;   /* runs out at `due` */
    int files;   /* inotify; -1: there is none to be had, and time alone must do */
    int fd;      /* the connection; -1: down */
    int64_t due; /* monotonic ms. Down: of the next attempt. Up: when silence has lasted too long */
    int backoff_ms;
    int silence_ms;
    char name[NAME_MAX + 1]; /* of the socket's file, in the directory that is watched */
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

/* ---- time ------------------------------------------------------------------------------------ */

static void set_timer(struct link *link, int64_t at)
{
    struct itimerspec time = {.it_value = {0}}; /* never */
    if (at != INT64_MAX) {
        time.it_value.tv_sec = at / 1000;
        time.it_value.tv_nsec = at % 1000 * 1000000 + 1; /* all zero would be never */
    }
    timerfd_settime(link->timer, TFD_TIMER_ABSTIME, &time, NULL);
}

static void set_due(struct link *link, int64_t at)
{
    link->due = at;
    set_timer(link, at);
}

/* From half of MS up to all of it. */
static int64_t with_jitter(int ms)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = (uint32_t)getpid() * 2654435761u;
    return ms - (int64_t)(random % ((uint32_t)ms / 2 + 1));
}

static void set_retry(struct link *link)
{
    set_due(link, channel_now() + with_jitter(link->backoff_ms));
    link->backoff_ms *= 2;
    if (link->backoff_ms > LIMIT_RECONNECT_MAX_MS)
        link->backoff_ms = LIMIT_RECONNECT_MAX_MS;
}

static void heard(struct link *link)
{
    set_due(link, link->silence_ms ? channel_now() + link->silence_ms : INT64_MAX);
}

void link_good(struct link *link)
{
    link->backoff_ms = LIMIT_RECONNECT_MIN_MS;
}

void link_rest(struct link *link)
{
    set_due(link, INT64_MAX);
}

void link_poke(struct link *link)
{
    set_timer(link, 0);
}

/* ---- the socket's file ----------------------------------------------------------------------- */

/*
 * Where the file is to appear, and by what name: behind the link that PATH may be, which stays when
 * it dangles.
 */
static void find_file(const char *path, char ret[PATH_MAX], char file[NAME_MAX + 1])
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    const char *name = target[0] ? target : path;
    const char *before = target[0] && target[0] != '/' ? path : "";
    const char *slash = strrchr(before, '/');
    size_t front = slash ? (size_t)(slash - before) + 1 : 0;
    if (front + strlen(name) + 2 > PATH_MAX)
        front = 0;
    memcpy(ret, before, front);
    memcpy(ret + front, name, strlen(name) + 1);
    char *last = strrchr(ret, '/');
    snprintf(file, NAME_MAX + 1, "%.*s", NAME_MAX, last ? last + 1 : ret);
    if (last)
        last[1] = '\0';
    else
        memcpy(ret, ".", 2);
}

/* Anew for each attempt: the directory may have become another. */
static void watch_directory(struct link *link)
{
    char directory[PATH_MAX];
    if (link->files < 0)
        return;
    find_file(link->path, directory, link->name);
    inotify_add_watch(link->files, directory, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
}

/* Events that were lost may have been of it. */
static bool is_socket(const struct link *link, const struct inotify_event *event)
{
    return (event->mask & IN_Q_OVERFLOW) || (event->len && strcmp(event->name, link->name) == 0);
}

/* Whether the socket's file has appeared. Others may, in a directory that is not the daemon's own.
 */
static bool drain_files(struct link *link)
{
    char events[4096] __attribute__((aligned(8)));
    bool appeared = false;
    for (ssize_t n; link->files >= 0 && (n = read(link->files, events, sizeof events)) > 0;)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const struct inotify_event *)(events + at);
            appeared |= is_socket(link, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    return appeared;
}

/* ---- the connection -------------------------------------------------------------------------- */

static int add(struct link *link, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    return epoll_ctl(link->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static bool disconnect(struct link *link)
{
    if (link->fd < 0)
        return false;
    close(link->fd);
    link->fd = -1;
    return true;
}

void link_drop(struct link *link)
{
    if (disconnect(link))
        set_retry(link);
}

void link_drop_for(struct link *link, unsigned seconds)
{
    if (!disconnect(link))
        return;
    set_retry(link);
    /* All who were sent away were given the same time: they should not come back at one moment. */
    if (seconds)
        set_due(link,
                channel_now() + (int64_t)seconds * 1000 + with_jitter(LIMIT_RECONNECT_MIN_MS));
}

void link_again(struct link *link)
{
    if (disconnect(link))
        set_due(link, 0);
}

/* It goes out at once or not at all: a new socket has room for much more. */
static int send_request(int fd, const char *request)
{
    ssize_t sent = send(fd, request, strlen(request), MSG_NOSIGNAL);
    if (sent < 0)
        return -errno;
    return (size_t)sent == strlen(request) ? 0 : -ECONNRESET;
}

static int connect_now(struct link *link, const char *request)
{
    watch_directory(link);
    int fd = channel_open(link->path, 0);
    int r = fd < 0 ? fd : send_request(fd, request);
    if (!r)
        r = add(link, fd);
    if (r) {
        if (fd >= 0)
            close(fd);
        set_retry(link);
        return r;
    }
    link->fd = fd;
    heard(link);
    return 1;
}

int link_step(struct link *link, const char *request)
{
    uint64_t ticks;
    int64_t now = channel_now();
    bool fired = read(link->timer, &ticks, sizeof ticks) > 0;
    bool appeared = drain_files(link);
    if (link->fd >= 0 && now >= link->due) {
        link_drop(link);
        return -ETIMEDOUT;
    }
    if (link->fd < 0 && appeared) {
        /* Not at once: it is bound before it listens, and others have seen it too. */
        link_good(link);
        set_due(link, now + with_jitter(LIMIT_RECONNECT_MIN_MS / 2));
    }
    if (link->fd < 0 && now >= link->due)
        return connect_now(link, request);
    if (fired)
        set_timer(link, link->due);
    return 0;
}

/* The one descriptor that came; more than one make no sense, and are closed. */
static int take_descriptor(struct msghdr *message)
{
    int taken = -1;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= part->cmsg_len; at += sizeof(int)) {
            int fd;
            memcpy(&fd, (char *)part + at, sizeof fd);
            if (taken >= 0)
                close(taken);
            taken = fd;
        }
    }
    return taken;
}

ssize_t link_receive(struct link *link, void *data, size_t size, int *fd)
{
    char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
    struct iovec part = {.iov_base = data, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd) {
        *fd = -1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
    }
    ssize_t got = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (fd)
        *fd = take_descriptor(&message);
    if (!got)
        return -ECONNRESET;
    heard(link);
    return got;
}

/* ---- as a whole ------------------------------------------------------------------------------ */

void link_wait(struct link *link, int64_t deadline)
{
    struct epoll_event event;
    int64_t left = deadline < 0 ? -1 : deadline - channel_now();
    if (deadline >= 0 && left < 0)
        left = 0;
    epoll_wait(link->epoll, &event, 1, left > INT_MAX ? INT_MAX : (int)left);
}

bool link_is_up(const struct link *link)
{
    return link->fd >= 0;
}

int link_fd(const struct link *link)
{
    return link->epoll;
}

static int set_up(struct link *link)
{
    link->epoll = epoll_create1(EPOLL_CLOEXEC);
    link->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    link->files = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (link->epoll < 0 || link->timer < 0)
        return -errno;
    int r = add(link, link->timer);
    if (!r && link->files >= 0)
        r = add(link, link->files);
    set_due(link, 0);
    return r;
}

int link_open(struct link **ret, const char *path, int silence_ms)
{
    size_t length = strlen(path);
    if (!length)
        return -ENOENT;
    if (length >= sizeof(*ret)->path)
        return -ENAMETOOLONG;
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return -ENOMEM;
    link->epoll = link->timer = link->files = link->fd = -1;
    link->silence_ms = silence_ms;
    memcpy(link->path, path, length + 1);
    link_good(link);
    int r = set_up(link);
    if (r)
        link_close(link);
    else
        *ret = link;
    return r;
}

void link_close(struct link *link)
{
    if (!link)
        return;
    const int fds[] = {link->fd, link->files, link->timer, link->epoll};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(link);
}
