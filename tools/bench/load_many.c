/* SPDX-License-Identifier: BSD-2-Clause */
/* Many connections driven by one process, each with one request outstanding. */
#include "bench/load.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY_EVENTS 64

struct many_connection {
    int fd;
    size_t have; /* of the reply that is coming in */
    uint64_t began_ns;
};

struct many {
    struct load *load;
    int epoll;
    unsigned open;
    unsigned to_send; /* requests that may still be sent */
    unsigned to_come; /* replies that must still come */
    struct many_connection connection[LOAD_CONNECTIONS_MAX];
};

/* In the pod whose connection it is: who is calling is found out when it connects. */
static int open_one(const struct load *load, unsigned i, struct error *error)
{
    int r = load->pods ? pod_enter(&load->pods[i]) : 0;

    return r ? error_errno(error, r, "cannot enter the cgroup of pod %u", i)
             : load_open(load, error);
}

static int open_all(struct many *many, struct error *error)
{
    if (many->load->connections > LOAD_CONNECTIONS_MAX)
        return error_set(error, -EINVAL, "%u connections, at most %u can be made",
                         many->load->connections, LOAD_CONNECTIONS_MAX);
    many->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (many->epoll < 0)
        return error_errno(error, -errno, "epoll_create1");
    while (many->open < many->load->connections) {
        struct many_connection *connection = &many->connection[many->open];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

        connection->fd = open_one(many->load, many->open, error);
        if (connection->fd < 0)
            return connection->fd;
        many->open++;
        if (epoll_ctl(many->epoll, EPOLL_CTL_ADD, connection->fd, &event))
            return error_errno(error, -errno, "epoll_ctl");
    }
    return 0;
}

static void close_all(struct many *many)
{
    while (many->open > 0)
        close(many->connection[--many->open].fd);
    if (many->epoll >= 0)
        close(many->epoll);
}

static int send_next(struct many *many, struct many_connection *connection, struct error *error)
{
    if (many->to_send == 0)
        return 0;
    many->to_send--;
    connection->have = 0;
    connection->began_ns = clock_mono_ns();
    return load_send(many->load, connection->fd, error);
}

static int take_reply(struct many *many, struct many_connection *connection, struct error *error)
{
    static char reply[LOAD_RECEIVE];
    ssize_t got = recv(connection->fd, reply, sizeof(reply), MSG_DONTWAIT);
    int r = load_check(many->load, reply, connection->have, got, error);

    if (r < 0)
        return r;
    if (r == 0) {
        connection->have += (size_t)got;
        return 0;
    }
    hist_add(&many->load->latency, clock_mono_ns() - connection->began_ns);
    many->to_come--;
    return send_next(many, connection, error);
}

/* COUNT requests over all connections, until the last reply is in. */
static int drive(struct load *load, void *client, unsigned count, struct error *error)
{
    struct many *many = client;
    struct epoll_event events[MANY_EVENTS];
    int timeout = load->never_sleeps ? 0 : -1, r = 0;

    many->to_send = count;
    many->to_come = count;
    for (unsigned i = 0; i < many->open && r == 0; i++)
        r = send_next(many, &many->connection[i], error);
    while (many->to_come > 0 && r == 0) {
        int n = epoll_wait(many->epoll, events, MANY_EVENTS, timeout);
        for (int i = 0; i < n && r == 0; i++)
            r = take_reply(many, events[i].data.ptr, error);
    }
    return r;
}

int load_many(void *shared, struct error *error)
{
    struct many *many = calloc(1, sizeof(*many));

    if (!many)
        return error_errno(error, -ENOMEM, "load");
    many->load = shared;
    int r = open_all(many, error);
    if (r == 0)
        r = load_run(shared, drive, many, error);
    close_all(many);
    free(many);
    return r;
}
