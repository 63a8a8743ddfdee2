/* SPDX-License-Identifier: BSD-2-Clause */
/* Many watches driven by one process, which makes the changes as well. */
#include "base/clock.h"
#include "bench/crowd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH_EVENTS 64
#define WATCH_BEGIN "id: "

struct watcher {
    int fd;
    char end[2];  /* the last bytes that came */
    bool is_told; /* of the change under way, whole */
};

struct watching {
    struct crowd *crowd;
    int epoll;
    unsigned open;
    unsigned to_come; /* watchers that do not have the event yet */
    uint64_t sent_ns, acked_ns, last_ns;
    struct watcher watcher[CROWD_MAX];
};

static int add(struct watching *watching, int fd, void *who, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};

    if (epoll_ctl(watching->epoll, EPOLL_CTL_ADD, fd, &event))
        return error_errno(error, -errno, "epoll_ctl");
    return 0;
}

static int open_one(struct watching *watching, struct error *error)
{
    struct watcher *watcher = &watching->watcher[watching->open];

    watcher->fd = load_open(&watching->crowd->load, error);
    if (watcher->fd < 0)
        return watcher->fd;
    watching->open++;
    if (send(watcher->fd, CROWD_WATCH, strlen(CROWD_WATCH), MSG_NOSIGNAL) < 0)
        return error_errno(error, -errno, "send");
    return add(watching, watcher->fd, watcher, error);
}

static void close_all(struct watching *watching)
{
    while (watching->open > 0)
        close(watching->watcher[--watching->open].fd);
    if (watching->epoll >= 0)
        close(watching->epoll);
}

static void keep_end(struct watcher *watcher, const char *data, size_t length)
{
    if (length == 1)
        watcher->end[0] = watcher->end[1];
    else
        watcher->end[0] = data[length - 2];
    watcher->end[1] = data[length - 1];
}

/* A part of an event, or the whole: it has no empty line within. */
static int take_event(struct watching *watching, struct watcher *watcher, struct error *error)
{
    static char data[CROWD_EVENT];
    ssize_t got = recv(watcher->fd, data, sizeof(data), MSG_DONTWAIT);

    if (got <= 0)
        return error_errno(error, got ? -errno : -EPIPE, "a watch");
    /* Before the first there is the head of the answer. */
    bool begins = memcmp(watcher->end, "\n\n", 2) == 0;
    if (begins && (watcher->is_told || (size_t)got < strlen(WATCH_BEGIN) ||
                   memcmp(data, WATCH_BEGIN, strlen(WATCH_BEGIN)) != 0))
        return error_set(error, -EBADMSG, "what comes next is not one event");
    keep_end(watcher, data, (size_t)got);
    if (memcmp(watcher->end, "\n\n", 2) != 0)
        return 0;
    watcher->is_told = true;
    watching->to_come--;
    watching->last_ns = clock_mono_ns();
    return 0;
}

static int take_reply(struct watching *watching, struct error *error)
{
    static char reply[LOAD_RECEIVE];
    const struct crowd *crowd = watching->crowd;
    ssize_t got = recv(crowd->door, reply, sizeof(reply), MSG_DONTWAIT);
    int r = load_check(&crowd->load, reply, 0, got, error);

    watching->acked_ns = clock_mono_ns();
    if (r == 0)
        return error_set(error, -EBADMSG, "an acknowledgement came in parts");
    return r < 0 ? r : 0;
}

/* Until everybody has the event, and we the acknowledgement if IS_PUT. */
static int gather(struct watching *watching, bool is_put, struct error *error)
{
    struct epoll_event events[WATCH_EVENTS];
    int r = 0;

    while (r == 0 && (watching->to_come > 0 || (is_put && watching->acked_ns == 0))) {
        int n = epoll_wait(watching->epoll, events, WATCH_EVENTS, -1);
        for (int i = 0; i < n && r == 0; i++)
            r = events[i].data.ptr ? take_event(watching, events[i].data.ptr, error)
                                   : take_reply(watching, error);
    }
    return r;
}

static int change(void *client, uint64_t due_ns, struct error *error)
{
    struct watching *watching = client;

    for (unsigned i = 0; i < watching->open; i++)
        watching->watcher[i].is_told = false;
    watching->to_come = watching->open;
    watching->acked_ns = 0;
    watching->sent_ns = due_ns;
    int r = load_send(&watching->crowd->load, watching->crowd->door, error);
    if (r == 0)
        r = gather(watching, true, error);
    if (r == 0)
        crowd_note(watching->crowd, watching->sent_ns, watching->acked_ns, watching->last_ns);
    return r;
}

static int open_all(struct watching *watching, struct error *error)
{
    int r = 0;

    watching->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watching->epoll < 0)
        return error_errno(error, -errno, "epoll_create1");
    while (watching->open < watching->crowd->followers && r == 0)
        r = open_one(watching, error);
    watching->to_come = watching->open;
    if (r == 0)
        r = gather(watching, false, error);
    return r ? r : add(watching, watching->crowd->door, NULL, error);
}

int crowd_watch(void *shared, struct error *error)
{
    struct crowd *crowd = shared;
    struct watching *watching = calloc(1, sizeof(*watching));

    if (!watching)
        return error_errno(error, -ENOMEM, "watchers");
    watching->crowd = crowd;
    int r = open_all(watching, error);
    if (r == 0)
        r = crowd_run(crowd, change, watching, error);
    close_all(watching);
    free(watching);
    return r;
}
