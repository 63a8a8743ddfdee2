/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/crowd.h"

#include "base/clock.h"
#include "bench/http.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void crowd_note(struct crowd *crowd, uint64_t sent_ns, uint64_t acked_ns, uint64_t seen_ns)
{
    hist_add(&crowd->load.latency, seen_ns > acked_ns ? seen_ns - acked_ns : 0);
    hist_add(&crowd->after_send, seen_ns > sent_ns ? seen_ns - sent_ns : 0);
}

int crowd_begin(struct crowd *crowd, struct error *error)
{
    hist_reset(&crowd->after_send);
    crowd->changes = 0;
    int r = load_begin(&crowd->load, error);
    pace_begin(&crowd->pace, crowd->pace.rate, crowd->load.began_ns,
               crowd->pace.end_ns - crowd->pace.begin_ns);
    return r;
}

bool crowd_next(struct crowd *crowd, unsigned i, unsigned times, uint64_t *due_ns)
{
    crowd->changes = i;
    if (times == CROWD_PACED)
        return pace_wait(&crowd->pace, due_ns);
    *due_ns = clock_mono_ns();
    return i < times;
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
