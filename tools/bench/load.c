/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/family.h"
#include "bench/http.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int read_usage(const struct load *load, struct usage *usage, struct error *error)
{
    memset(usage, 0, sizeof(*usage));
    int r = load->server ? family_usage(load->server, usage) : 0;
    return r ? error_errno(error, r, "cannot read the server's usage") : 0;
}

int load_begin(struct load *load, struct error *error)
{
    int r = read_usage(load, &load->before, error);

    if (r)
        return r;
    hist_reset(&load->latency);
    if (load->server)
        counter_begin(load->server, &load->counter); /* where there are none, nothing is counted */
    load->began_ns = clock_mono_ns();
    return 0;
}

int load_end(struct load *load, struct error *error)
{
    struct usage after;

    load->elapsed_ns = clock_mono_ns() - load->began_ns;
    uint64_t instructions = load->server ? counter_end(&load->counter) : 0;
    int r = read_usage(load, &after, error);
    if (r)
        return r;
    load->rss_kib = load->server ? usage_rss_kib(load->server) : 0;
    if (load->rss_kib < 0)
        return error_errno(error, (int)load->rss_kib, "cannot read the server's memory");
    after.instructions = instructions;
    memset(&load->used, 0, sizeof(load->used));
    usage_add_difference(&load->used, &load->before, &after);
    return 0;
}

/*
 * A turn lasts as long, by the slower of both: a busy host takes the processor away for longer, and
 * so from both. Neither so short that what finds cold caches, the first request, stands for too
 * many, nor that of many clients each asks only once or twice.
 */
#define LOAD_TURN_NS 5000000u
#define LOAD_TURN_MIN 25u
#define LOAD_TURN_OF_EACH 10u

/* Both come to the same number, or one would be alone in the end. */
static unsigned turns_of(const struct load *load)
{
    unsigned least = LOAD_TURN_OF_EACH * load->connections;

    if (!load->turn)
        return 1;
    least = least > LOAD_TURN_MIN ? least : LOAD_TURN_MIN;
    uint64_t ns =
        load->turn->our_ns > load->turn->their_ns ? load->turn->our_ns : load->turn->their_ns;
    uint64_t turns = ns / LOAD_TURN_NS, most = load->requests / least;
    turns = turns < most ? turns : most;
    return turns ? (unsigned)turns : 1;
}

static int warm_up(struct load *load, load_ask *ask, void *client, struct error *error)
{
    turn_take(load->turn);
    uint64_t began = clock_mono_ns();
    int r = ask(load, client, load->warmup, error);
    if (load->turn && load->warmup)
        load->turn->our_ns = (clock_mono_ns() - began) * load->requests / load->warmup;
    if (r == 0)
        r = load_begin(load, error);
    turn_pass(load->turn);
    return r;
}

/* The time of one turn is added to NS. */
static int ask_in_turn(struct load *load, load_ask *ask, void *client, unsigned count, uint64_t *ns,
                       struct error *error)
{
    turn_take(load->turn);
    uint64_t began = clock_mono_ns();
    int r = ask(load, client, count, error);
    *ns += clock_mono_ns() - began;
    turn_pass(load->turn);
    return r;
}

int load_run(struct load *load, load_ask *ask, void *client, struct error *error)
{
    unsigned asked = 0;
    uint64_t ns = 0;
    int r = warm_up(load, ask, client, error);

    if (r)
        return r;
    turn_take(load->turn); /* with it the other has told how long it needs */
    unsigned turns = turns_of(load);
    for (unsigned i = 1; i <= turns && r == 0; i++) {
        unsigned until = (unsigned)((uint64_t)load->requests * i / turns);
        r = ask_in_turn(load, ask, client, until - asked, &ns, error);
        asked = until;
    }
    if (r)
        return r;
    turn_take(load->turn); /* or what we do to end would be in the other's last turn */
    r = load_end(load, error);
    turn_pass(load->turn);
    load->elapsed_ns = ns;
    return r;
}

struct repeat {
    load_once *once;
    void *client;
};

static int ask_repeatedly(struct load *load, void *shared, unsigned count, struct error *error)
{
    const struct repeat *repeat = shared;
    int r = 0;

    for (unsigned i = 0; i < count && r == 0; i++) {
        uint64_t began = clock_mono_ns();
        r = repeat->once(load, repeat->client, error);
        hist_add(&load->latency, clock_mono_ns() - began);
    }
    return r;
}

int load_repeat(struct load *load, load_once *once, void *client, struct error *error)
{
    struct repeat repeat = {once, client};
    return load_run(load, ask_repeatedly, &repeat, error);
}

int load_open(const struct load *load, struct error *error)
{
    int fd = sock_connect(load->path);
    return fd < 0 ? error_errno(error, fd, "cannot connect to %s", load->path) : fd;
}

int load_send(const struct load *load, int fd, struct error *error)
{
    ssize_t sent = send(fd, load->request, load->request_length, MSG_NOSIGNAL);

    if (sent < 0)
        return error_errno(error, -errno, "send");
    if ((size_t)sent != load->request_length)
        return error_set(error, -EIO, "a request was sent in part");
    return 0;
}

static bool is_success(const struct load *load, const char *reply, size_t length)
{
    const char *success = load->success ? load->success : HTTP_SUCCESS;
    return length >= strlen(success) && memcmp(reply, success, strlen(success)) == 0;
}

int load_check(const struct load *load, const char *part, size_t have, ssize_t got,
               struct error *error)
{
    if (got < 0)
        return error_errno(error, -errno, "recv");
    if (got == 0)
        return error_set(error, -EPIPE, "the server closed a connection");
    if (have == 0 && !is_success(load, part, (size_t)got))
        return error_set(error, -EBADMSG, "a reply is no success");
    have += (size_t)got;
    if (have > load->reply_length)
        return error_set(error, -EBADMSG, "a reply of %zu bytes or more instead of %zu", have,
                         load->reply_length);
    return have == load->reply_length;
}

int load_exchange(const struct load *load, int fd, struct error *error)
{
    static char reply[LOAD_RECEIVE]; /* a local one would be zeroed by the compiler each time */
    size_t have = 0;
    int r = load_send(load, fd, error);

    while (r == 0) {
        ssize_t got = recv(fd, reply, sizeof(reply), 0);
        r = load_check(load, reply, have, got, error);
        if (r == 0)
            have += (size_t)got;
    }
    return r < 0 ? r : 0;
}
