/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecm-sync: reads its options, confines itself, relays. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/monitor.h"
#include "sync/api.h"
#include "sync/confine.h"
#include "sync/election.h"
#include "sync/front.h"
#include "sync/options.h"
#include "sync/relay.h"
#include "sync/trial.h"

#define RETIRE_MS 1000u

enum {
    EXIT_REFUSED = 1, /* it could not start, or stopped by an error */
    EXIT_USAGE = 2,
};

struct job {
    struct options options;
    char identity[ELECTION_HOLDER];
};

struct work {
    struct options options;
    const char *identity;
    struct loop *loop;
    struct api *api;
    struct relay *relay;
    struct front *front;
    struct loop_source signals;
    int is_watching;            /* for signals */
    struct loop_timer patience; /* with the API server, when we end */
};

static void on_retired(void *context)
{
    loop_stop(((struct work *)context)->loop);
}

static void on_patience_end(struct loop_timer *timer)
{
    loop_stop(((struct work *)((char *)timer - offsetof(struct work, patience)))->loop);
}

static void on_signal(struct loop_source *source, uint32_t events)
{
    struct work *work = (struct work *)((char *)source - offsetof(struct work, signals));
    (void)events;
    loop_remove(work->loop, source);
    work->is_watching = 0;
    loop_set_timer(work->loop, &work->patience, RETIRE_MS);
    relay_retire(work->relay, on_retired, work);
}

static int watch_signals(struct work *work)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    work->signals = (struct loop_source){signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), on_signal};
    if (work->signals.fd < 0)
        return -errno;
    int r = loop_add(work->loop, &work->signals, EPOLLIN);
    work->is_watching = r == 0;
    return r;
}

static int reach_api(struct work *work, struct error *error)
{
    int r = loop_new(&work->loop);
    if (r < 0)
        return error_errno(error, r, "no event loop");
    const struct api_options options = {.loop = work->loop,
                                        .url = work->options.api,
                                        .token = work->options.token,
                                        .ca = work->options.ca,
                                        .cert = work->options.cert,
                                        .key = work->options.key};
    return api_new(&options, &work->api, error);
}

static int start(struct work *work, struct error *error)
{
    int r = hash_seed();
    if (r < 0)
        return error_errno(error, r, "no random numbers");
    r = reach_api(work, error);
    if (r < 0)
        return r;
    const struct relay_options options = {.loop = work->loop,
                                          .api = work->api,
                                          .socket = work->options.socket,
                                          .node = work->options.node,
                                          .identity = work->identity,
                                          .namespace = work->options.namespace,
                                          .admission_token = work->options.admission_token};
    work->relay = relay_new(&options);
    if (!work->relay)
        return error_set(error, -ENOMEM, "out of memory");
    if (work->options.listen)
        r = front_new(work->loop, work->options.listen, work->relay, &work->front, error);
    if (r < 0)
        return r;
    r = watch_signals(work);
    return r < 0 ? error_errno(error, r, "signals") : confine_late(error);
}

static void stop(struct work *work)
{
    front_free(work->front);
    relay_free(work->relay);
    api_free(work->api);
    if (work->is_watching)
        loop_remove(work->loop, &work->signals);
    if (work->loop)
        loop_cancel_timer(work->loop, &work->patience);
    if (work->signals.fd > 0)
        close(work->signals.fd);
    loop_free(work->loop);
}

static _Noreturn void run_worker(void *context)
{
    const struct job *job = context;
    struct work work = {
        .options = job->options, .identity = job->identity, .patience = {.fire = on_patience_end}};
    struct error error = {""};
    int r = start(&work, &error);
    if (r == 0)
        r = loop_run(work.loop);
    if (r < 0)
        log_error("%s", error.text[0] ? error.text : "the event loop failed");
    stop(&work);
    exit(r < 0 ? EXIT_REFUSED : EXIT_SUCCESS);
}

static int run_check(const struct options *options)
{
    struct work work = {.options = *options};
    struct error error = {""};
    int r = reach_api(&work, &error);
    if (r == 0)
        r = trial_run(work.loop, work.api, options->node);
    if (r < 0 && error.text[0])
        log_error("%s", error.text);
    stop(&work);
    return r < 0 ? EXIT_REFUSED : EXIT_SUCCESS;
}

/*
 * Drawn once for all workers: there is one at a time, and the next one leads on at once when its
 * forerunner led.
 */
static int draw_identity(struct job *job)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return -errno;
    snprintf(job->identity, sizeof job->identity, "%s_%016llx", job->options.node,
             (unsigned long long)random);
    return 0;
}

int main(int argc, char **argv)
{
    struct error error = {""};
    struct job job = {.identity = ""};
    log_set_name("vsecm-sync");
    if (confine_early(&error) < 0) {
        log_error("%s", error.text);
        return EXIT_REFUSED;
    }
    switch (options_read(argc, argv, &job.options, &error)) {
    case OPTIONS_DONE: return EXIT_SUCCESS;
    case OPTIONS_WRONG: fprintf(stderr, "vsecm-sync: %s\n", error.text); return EXIT_USAGE;
    case OPTIONS_CHECK: return run_check(&job.options);
    default: break;
    }
    log_set_level(job.options.log_level);
    if (draw_identity(&job) < 0) {
        log_error("no random numbers");
        return EXIT_REFUSED;
    }
    const struct monitor_options options = {.work = run_worker, .context = &job};
    return monitor_run(&options);
}
