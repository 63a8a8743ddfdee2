/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/drive.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/http.h"
#include "bench/pace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 64
#define HEAD_MAX 2048u
#define DRAIN_NS 5000000000u /* after the end, for what is under way */
#define WARMUP_NS 200000000u
#define FAILURES_MAX 100u /* in a row */

struct client {
    int fd; /* < 0: not connected */
    const char *request;
    size_t length, sent;
    size_t have, whole; /* of the reply; 0: its head has not come */
    bool is_busy, is_waiting_to_send;
    uint64_t due_ns;
    char head[HEAD_MAX + 1];
};

struct driver {
    struct drive *drive;
    struct pace pace, rotation;
    int epoll;
    unsigned busy;
    unsigned failures;               /* in a row */
    unsigned free_first, free_count; /* a ring: each has its turn */
    struct client *free[DRIVE_CLIENTS_MAX];
    struct client client[DRIVE_CLIENTS_MAX];
    struct client door; /* changes the value */
};

/* ---- one connection ------------------------------------------------------------------------ */

static int listen_to(const struct driver *driver, struct client *client, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    return epoll_ctl(driver->epoll, how, client->fd, &event) ? -errno : 0;
}

static int open_client(const struct driver *driver, struct client *client)
{
    int r = sock_connect(driver->drive->path);

    if (r < 0)
        return r;
    client->fd = r;
    fcntl(r, F_SETFL, fcntl(r, F_GETFL) | O_NONBLOCK);
    return listen_to(driver, client, EPOLL_CTL_ADD, EPOLLIN);
}

static void close_client(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    client->is_waiting_to_send = false;
}

/* As much as goes. */
static int send_more(const struct driver *driver, struct client *client)
{
    while (client->sent < client->length) {
        ssize_t n = send(client->fd, client->request + client->sent, client->length - client->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            return -errno;
        if (n < 0)
            break;
        client->sent += (size_t)n;
    }
    bool waits = client->sent < client->length;
    if (waits == client->is_waiting_to_send)
        return 0;
    client->is_waiting_to_send = waits;
    return listen_to(driver, client, EPOLL_CTL_MOD, EPOLLIN | (waits ? EPOLLOUT : 0u));
}

/* 1 when the reply is whole, 0 when more must come; -errno, -EBADMSG when it is no success. */
static int take_part(struct client *client)
{
    static char body[256u * 1024u];
    bool in_head = client->whole == 0;
    ssize_t got = in_head ? recv(client->fd, client->head + client->have, HEAD_MAX - client->have,
                                 MSG_DONTWAIT)
                          : recv(client->fd, body, sizeof(body), MSG_DONTWAIT);
    if (got <= 0)
        return got == 0 ? -EPIPE : errno == EAGAIN ? 0 : -errno;
    client->have += (size_t)got;
    if (in_head) {
        size_t head;
        client->head[client->have] = '\0';
        client->whole = http_whole_length(client->head, &head);
        if (client->whole == 0)
            return client->have == HEAD_MAX ? -EMSGSIZE : 0;
    }
    if (client->have < client->whole)
        return 0;
    bool is_good = client->have == client->whole &&
                   strncmp(client->head, HTTP_SUCCESS, strlen(HTTP_SUCCESS)) == 0;
    return is_good ? 1 : -EBADMSG;
}

/* ---- requests ------------------------------------------------------------------------------ */

static void note_error(struct driver *driver, const struct client *client, int r)
{
    struct drive *drive = driver->drive;

    drive->errors++;
    driver->failures++;
    if (drive->first.text[0])
        return;
    if (r == -EBADMSG)
        error_set(&drive->first, r, "%.*s", (int)strcspn(client->head, "\r\n"), client->head);
    else
        error_errno(&drive->first, r, "%s", client->fd < 0 ? drive->path : "a connection");
}

static void begin_request(struct client *client, const char *request, size_t length,
                          uint64_t due_ns)
{
    client->request = request;
    client->length = length;
    client->sent = client->have = client->whole = 0;
    client->due_ns = due_ns;
    client->is_busy = true;
}

static void give_back(struct driver *driver, struct client *client)
{
    driver->free[(driver->free_first + driver->free_count++) % DRIVE_CLIENTS_MAX] = client;
}

static struct client *take_free(struct driver *driver)
{
    driver->free_count--;
    return driver->free[driver->free_first++ % DRIVE_CLIENTS_MAX];
}

/* The request is over, well (R >= 0) or not. */
static void end_request(struct driver *driver, struct client *client, int r)
{
    struct drive *drive = driver->drive;

    if (r < 0)
        note_error(driver, client, r);
    /* What was refused whole may be followed by another; anything else leaves us out of step. */
    if (drive->connects || (r < 0 && (r != -EBADMSG || client->have != client->whole)))
        close_client(client);
    if (r >= 0) {
        hist_add(&drive->latency, clock_mono_ns() - client->due_ns);
        drive->done++;
        driver->failures = 0;
    }
    client->is_busy = false;
    driver->busy--;
    give_back(driver, client);
}

static void start(struct driver *driver, struct client *client, uint64_t due_ns)
{
    struct drive *drive = driver->drive;

    driver->busy++;
    begin_request(client, drive->request, drive->request_length, due_ns);
    int r = client->fd < 0 ? open_client(driver, client) : 0;
    hist_add(&drive->waited, clock_mono_ns() - due_ns);
    if (r == 0)
        r = send_more(driver, client);
    if (r < 0)
        end_request(driver, client, r);
}

/* Whatever is due, as far as somebody is free. In a closed loop each of those once. */
static void start_due(struct driver *driver)
{
    unsigned most = driver->free_count;
    uint64_t due;

    while (most-- > 0 && pace_take(&driver->pace, clock_mono_ns(), &due))
        start(driver, take_free(driver), due);
}

static int take_event(struct driver *driver, const struct epoll_event *event)
{
    struct client *client = event->data.ptr;
    bool is_door = client == &driver->door;
    int r = event->events & EPOLLOUT ? send_more(driver, client) : 0;

    if (r == 0 && event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        r = take_part(client);
        if (r == 0)
            return 0;
    }
    if (is_door) {
        client->is_busy = r == 0;
        return r < 0 ? r : 0;
    }
    if (r && client->is_busy)
        end_request(driver, client, r);
    else if (r)
        close_client(client); /* the server's doing, between two requests */
    return 0;
}

/* ---- the value changes --------------------------------------------------------------------- */

static int change_value(struct driver *driver)
{
    struct drive *drive = driver->drive;
    struct client *door = &driver->door;
    uint64_t due;

    if (drive->door <= 0 || door->is_busy || !pace_take(&driver->rotation, clock_mono_ns(), &due))
        return 0;
    unsigned which = (unsigned)(drive->changes++ % 2);
    begin_request(door, drive->put[which], drive->put_length[which], due);
    return send_more(driver, door);
}

/* ---- a run --------------------------------------------------------------------------------- */

/* When there is something to do before END, at the latest. */
static uint64_t next_of(const struct driver *driver, uint64_t now, uint64_t end)
{
    uint64_t next = driver->free_count ? pace_next(&driver->pace, now) : PACE_FOREVER;

    if (driver->drive->door > 0 && !driver->door.is_busy) {
        uint64_t change = pace_next(&driver->rotation, now);
        next = change < next ? change : next;
    }
    return end < next ? end : next;
}

/* Take what comes, until NEXT at most. */
static int drive_on(struct driver *driver, uint64_t now, uint64_t next)
{
    uint64_t ns = next > now ? next - now : 0;
    struct epoll_event events[EVENTS];
    struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000u),
                               .tv_nsec = (long)(ns % 1000000000u)};
    int n = epoll_pwait2(driver->epoll, events, EVENTS, &timeout, NULL), r = 0;

    if (n < 0 && errno != EINTR)
        return -errno;
    for (int i = 0; i < n && r == 0; i++)
        r = take_event(driver, &events[i]);
    return r;
}

static int drive_for(struct driver *driver, uint64_t duration_ns, struct error *error)
{
    struct drive *drive = driver->drive;
    uint64_t now = clock_mono_ns(), end = now + duration_ns;
    int r = 0;

    pace_begin(&driver->pace, drive->rate, now, duration_ns);
    pace_begin(&driver->rotation, 1e9 / DRIVE_ROTATE_NS, now, duration_ns);
    while (r == 0 && now < end) {
        start_due(driver);
        r = change_value(driver);
        now = clock_mono_ns();
        if (r == 0)
            r = drive_on(driver, now, next_of(driver, now, end));
        now = clock_mono_ns();
        if (driver->failures >= FAILURES_MAX)
            return error_set(error, -EIO, "%u errors in a row: %s", FAILURES_MAX,
                             drive->first.text);
    }
    while (r == 0 && (driver->busy > 0 || driver->door.is_busy) && now < end + DRAIN_NS) {
        r = drive_on(driver, now, end + DRAIN_NS);
        now = clock_mono_ns();
    }
    return r ? error_errno(error, r, "the value could not be changed") : 0;
}

/* What is still not sent has waited at least until now; likewise what has no reply. */
static void count_late(struct driver *driver)
{
    struct drive *drive = driver->drive;
    uint64_t now = clock_mono_ns();

    drive->elapsed_ns = now - driver->pace.begin_ns;
    for (unsigned i = 0; i < drive->clients; i++) {
        if (driver->client[i].is_busy) {
            hist_add(&drive->latency, now - driver->client[i].due_ns);
            note_error(driver, &driver->client[i], -ETIMEDOUT);
        }
    }
    drive->unsent = pace_give_up(&driver->pace, now, 1, &drive->latency);
    drive->asked = driver->pace.taken;
}

static int measure(struct driver *driver, struct error *error)
{
    struct drive *drive = driver->drive;
    struct counter counter = {0};
    struct usage before = {0}, after = {0};
    int r = drive_for(driver, WARMUP_NS, error);

    if (r)
        return r;
    hist_reset(&drive->latency);
    hist_reset(&drive->waited);
    drive->done = drive->errors = drive->changes = 0;
    drive->first = (struct error){{0}};
    if (drive->server && (r = usage_read(drive->server, &before)) != 0)
        return error_errno(error, r, "cannot read the server's usage");
    if (drive->server)
        counter_begin(drive->server, &counter);
    r = drive_for(driver, drive->duration_ns, error);
    if (r == 0)
        count_late(driver);
    after.instructions = counter_end(&counter);
    if (r == 0 && drive->server && (r = usage_read(drive->server, &after)) != 0)
        error_errno(error, r, "cannot read the server's usage");
    usage_add_difference(&drive->used, &before, &after);
    return r;
}

static int open_door(struct driver *driver)
{
    driver->door.fd = driver->drive->door;
    return driver->drive->door > 0 ? listen_to(driver, &driver->door, EPOLL_CTL_ADD, EPOLLIN) : 0;
}

int drive_run(void *shared, struct error *error)
{
    struct driver *driver = calloc(1, sizeof(*driver));

    if (!driver)
        return error_errno(error, -ENOMEM, "clients");
    driver->drive = shared;
    driver->epoll = epoll_create1(EPOLL_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1UL);
    for (unsigned i = 0; i < driver->drive->clients; i++) {
        driver->client[i].fd = -1;
        give_back(driver, &driver->client[i]);
    }
    int r = driver->epoll < 0 ? -errno : open_door(driver);
    if (r)
        error_errno(error, r, "epoll");
    else
        r = measure(driver, error);
    for (unsigned i = 0; i < driver->drive->clients; i++)
        close_client(&driver->client[i]);
    if (driver->epoll >= 0)
        close(driver->epoll);
    free(driver);
    return r;
}
