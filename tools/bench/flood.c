/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/flood.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/child.h"
#include "bench/http.h"
#include "bench/pin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOOD_GRACE_MS 1000u
#define FLOOD_DEPTH 64u            /* requests sent at once by those who do not wait */
#define FLOOD_UNREAD_NS 100000000u /* that replies are left lying, before all begins anew */
#define FLOOD_RECEIVE (64u * 1024u)
#define FLOOD_BEGIN "HTTP/1.1 " /* of a reply, and nowhere in one */

#define FLOOD_UNKNOWN "GET /workload/v1/nothing HTTP/1.1\r\nHost: vsecm\r\n\r\n"
#define FLOOD_REFUSED "GET /sentinel/v1/secrets HTTP/1.1\r\nHost: vsecm\r\n\r\n"

struct way {
    const char *request;
    unsigned connections, depth;
    int (*run)(struct flood *flood, const struct way *way); /* -errno; never 0 */
};

struct flooder {
    int fd;
    unsigned owed, matched;
};

struct flooding {
    struct flood *flood;
    const struct way *way;
    int epoll;
    size_t length; /* of what is sent at once */
    char *burst, *data;
    struct flooder flooder[FLOOD_CONNECTIONS_MAX];
};

static void count(struct flood *flood, unsigned more)
{
    __atomic_fetch_add(&flood->count, more, __ATOMIC_RELAXED);
}

unsigned flood_replies(unsigned *matched, const char *data, size_t length)
{
    unsigned found = 0, at = *matched;

    for (size_t i = 0; i < length; i++) {
        if (data[i] != FLOOD_BEGIN[at])
            at = data[i] == FLOOD_BEGIN[0];
        else if (FLOOD_BEGIN[++at] == '\0') {
            found++;
            at = 0;
        }
    }
    *matched = at;
    return found;
}

/* Refused, full, closed: whatever became of the connection, there is a new one. */
static int reopen(struct flooding *flooding, struct flooder *flooder)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = flooder};

    if (flooder->fd >= 0)
        close(flooder->fd);
    *flooder = (struct flooder){.fd = sock_connect(flooding->flood->path)};
    if (flooder->fd < 0 || epoll_ctl(flooding->epoll, EPOLL_CTL_ADD, flooder->fd, &event))
        return -errno;
    return 0;
}

static int send_burst(struct flooding *flooding, struct flooder *flooder)
{
    flooder->owed = flooding->way->depth;
    ssize_t sent = send(flooder->fd, flooding->burst, flooding->length, MSG_NOSIGNAL);
    return sent == (ssize_t)flooding->length ? 0 : -EPIPE;
}

static int take(struct flooding *flooding, struct flooder *flooder)
{
    ssize_t got = recv(flooder->fd, flooding->data, FLOOD_RECEIVE, MSG_DONTWAIT);

    if (got <= 0)
        return got < 0 && errno == EAGAIN ? 0 : -EPIPE;
    unsigned replies = flood_replies(&flooder->matched, flooding->data, (size_t)got);
    count(flooding->flood, replies);
    flooder->owed -= replies < flooder->owed ? replies : flooder->owed;
    return flooder->owed ? 0 : send_burst(flooding, flooder);
}

static int begin(struct flooding *flooding)
{
    const struct way *way = flooding->way;
    size_t one = strlen(way->request);

    flooding->epoll = epoll_create1(EPOLL_CLOEXEC);
    flooding->length = one * way->depth;
    flooding->burst = malloc(flooding->length);
    flooding->data = malloc(FLOOD_RECEIVE);
    if (flooding->epoll < 0 || !flooding->burst || !flooding->data)
        return -ENOMEM;
    for (unsigned i = 0; i < way->depth; i++)
        memcpy(flooding->burst + i * one, way->request, one);
    int r = 0;
    for (unsigned i = 0; i < way->connections && r == 0; i++) {
        flooding->flooder[i].fd = -1;
        r = reopen(flooding, &flooding->flooder[i]);
        if (r == 0)
            r = send_burst(flooding, &flooding->flooder[i]);
    }
    return r;
}

/* The memory and the descriptors end with the process. */
static int ask(struct flood *flood, const struct way *way)
{
    static struct flooding flooding;
    struct epoll_event events[FLOOD_CONNECTIONS_MAX];

    flooding.flood = flood;
    flooding.way = way;
    int r = begin(&flooding);
    while (r == 0) {
        int n = epoll_wait(flooding.epoll, events, FLOOD_CONNECTIONS_MAX, -1);
        for (int i = 0; i < n && r == 0; i++) {
            struct flooder *flooder = events[i].data.ptr;
            if (take(&flooding, flooder) == 0)
                continue;
            r = reopen(&flooding, flooder);
            if (r == 0)
                send_burst(&flooding, flooder); /* what fails is seen by the next recv() */
        }
    }
    return r;
}

static int come_and_go(struct flood *flood, const struct way *way)
{
    (void)way;
    for (;;) {
        int fd = sock_connect(flood->path);
        if (fd < 0)
            return fd;
        close(fd);
        count(flood, 1);
    }
}

/* Ask on every connection for as long as it takes requests, then do so again with new ones. */
static int never_read(struct flood *flood, const struct way *way)
{
    int fds[FLOOD_CONNECTIONS_MAX];
    size_t length = strlen(way->request);

    for (;;) {
        uint64_t until = clock_mono_ns() + FLOOD_UNREAD_NS;
        for (unsigned i = 0; i < way->connections; i++)
            if ((fds[i] = sock_connect(flood->path)) < 0)
                return fds[i];
        while (clock_mono_ns() < until)
            for (unsigned i = 0; i < way->connections; i++)
                if (send(fds[i], way->request, length, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
                    count(flood, 1);
        for (unsigned i = 0; i < way->connections; i++)
            close(fds[i]);
    }
}

static const struct way ways[FLOOD_KINDS] = {
    [FLOOD_GET_1] = {HTTP_GET_SECRET, 1, 1, ask},
    [FLOOD_GET_64] = {HTTP_GET_SECRET, 64, 1, ask},
    [FLOOD_PIPELINE] = {HTTP_GET_SECRET, 1, FLOOD_DEPTH, ask},
    [FLOOD_CONNECT] = {NULL, 1, 0, come_and_go},
    [FLOOD_UNREAD] = {HTTP_GET_SECRET, 64, 0, never_read},
    [FLOOD_404] = {FLOOD_UNKNOWN, 16, 1, ask},
    [FLOOD_403] = {FLOOD_REFUSED, 16, 1, ask},
};

bool flood_needs_large(enum flood_kind kind)
{
    return kind == FLOOD_UNREAD;
}

uint64_t flood_count(const struct flood *flood)
{
    return __atomic_load_n(&flood->count, __ATOMIC_RELAXED);
}

pid_t flood_start(struct flood *flood, int cpu, const struct pod *pod, struct error *error)
{
    flood->count = 0;
    pid_t pid = child_fork();
    if (pid == 0) {
        const struct way *way = &ways[flood->kind];
        if (pin_process(getpid(), cpu) == 0 && pod_enter(pod) == 0)
            way->run(flood, way);
        _exit(1);
    }
    return pid < 0 ? error_errno(error, (int)pid, "fork") : pid;
}

void flood_stop(pid_t pid)
{
    child_stop(pid, FLOOD_GRACE_MS);
}
