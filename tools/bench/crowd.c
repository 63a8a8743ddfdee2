/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/crowd.h"

#include "base/clock.h"
#include "bench/http.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void crowd_note(struct crowd *crowd, uint64_t sent_ns, uint64_t acked_ns, uint64_t seen_ns)
{
    hist_add(&crowd->load.latency, seen_ns > acked_ns ? seen_ns - acked_ns : 0);
    hist_add(&crowd->after_send, seen_ns > sent_ns ? seen_ns - sent_ns : 0);
}

struct changing {
    struct crowd *crowd;
    crowd_change *change;
    void *client;
};

/* Whether change I of TIMES is to be made, or the next of the pace; since when is in *due_ns. */
static bool is_next(struct crowd *crowd, unsigned i, unsigned times, uint64_t *due_ns)
{
    if (times == CROWD_PACED)
        return pace_wait(&crowd->pace, due_ns);
    *due_ns = clock_mono_ns();
    return i < times;
}

/* As load_begin() does, after the warm-up: nothing has been noted. */
static void forget(struct crowd *crowd)
{
    crowd->changes = 0;
    hist_reset(&crowd->after_send);
    pace_begin(&crowd->pace, crowd->pace.rate, crowd->load.began_ns,
               crowd->pace.end_ns - crowd->pace.begin_ns);
}

static int make_changes(struct load *load, void *shared, unsigned times, struct error *error)
{
    struct changing *changing = shared;
    struct crowd *crowd = changing->crowd;
    uint64_t due_ns;
    int r = 0;

    if (!load->latency.count)
        forget(crowd);
    for (unsigned i = 0; r == 0 && is_next(crowd, i, times, &due_ns); i++) {
        r = changing->change(changing->client, due_ns, error);
        crowd->changes += r == 0;
    }
    return r;
}

int crowd_run(struct crowd *crowd, crowd_change *change, void *client, struct error *error)
{
    struct changing changing = {crowd, change, client};
    return load_run(&crowd->load, make_changes, &changing, error);
}

/* Everything up to the end of the first event. */
static int receive(struct crowd *crowd, int fd, struct error *error)
{
    size_t have = 0;

    while (have < 2 || memcmp(crowd->event + have - 2, "\n\n", 2) != 0) {
        if (have == sizeof(crowd->event) - 1)
            return error_set(error, -EMSGSIZE, "an event of more than %zu bytes", have);
        ssize_t got = recv(fd, crowd->event + have, sizeof(crowd->event) - 1 - have, 0);
        if (got <= 0)
            return error_errno(error, got ? -errno : -EPIPE, "an event");
        have += (size_t)got;
    }
    crowd->event[have] = '\0';
    const char *head = strstr(crowd->event, "\r\n\r\n");
    if (!head || strncmp(crowd->event, HTTP_SUCCESS, strlen(HTTP_SUCCESS)) != 0)
        return error_set(error, -EBADMSG, "no watch: %.300s", crowd->event);
    size_t length = (size_t)(head + 4 - crowd->event);
    crowd->event_length = have - length;
    memmove(crowd->event, crowd->event + length, crowd->event_length + 1);
    return 0;
}

int crowd_learn(void *shared, struct error *error)
{
    struct crowd *crowd = shared;
    int fd = load_open(&crowd->load, error);

    if (fd < 0)
        return fd;
    int r = send(fd, CROWD_WATCH, strlen(CROWD_WATCH), MSG_NOSIGNAL) < 0
                ? error_errno(error, -errno, "send")
                : receive(crowd, fd, error);
    close(fd);
    return r;
}
