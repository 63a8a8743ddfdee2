/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/loop.h"

#define STACK (128u * 1024u) /* jobs are a handful of system calls */

/* Whose the job's fields are: the loop's, the thread's, the loop's again. */
enum state { IDLE, GIVEN, FINISHED };

struct worker {
    struct loop *loop;
    struct loop_source finished; /* an eventfd: the thread to the loop */
    int given;                   /* an eventfd: the loop to the thread */
    pthread_t thread;
    int has_thread;
    atomic_int state;
    atomic_int stops;
    worker_job *job;
    void *context;
    int result;
    void (*done)(void *context, int result);
    void *done_context;
};

static void ring(int fd)
{
    const uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/* 0 when FD did not block and had nothing. */
static int heard(int fd)
{
    uint64_t times;
    ssize_t n;
    do
        n = read(fd, &times, sizeof times);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof times;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    ring(worker->finished.fd); /* the C library's own calls are behind us: worker_new() goes on */
    while (heard(worker->given) && !atomic_load(&worker->stops)) {
        if (atomic_load(&worker->state) != GIVEN)
            continue;
        worker->result = worker->job(worker->context);
        atomic_store(&worker->state, FINISHED);
        ring(worker->finished.fd);
    }
    return NULL;
}

static void on_finished(struct loop_source *source, uint32_t events)
{
    (void)events;
    struct worker *worker = (struct worker *)((char *)source - offsetof(struct worker, finished));
    if (!heard(source->fd) || atomic_load(&worker->state) != FINISHED)
        return;
    atomic_store(&worker->state, IDLE);
    worker->done(worker->done_context, worker->result);
}

static void wait_until_rung(int fd)
{
    struct pollfd rung = {.fd = fd, .events = POLLIN};
    while (poll(&rung, 1, -1) < 0 && errno == EINTR)
        ;
}

/* The thread inherits the mask that it is made under. */
static int start(struct worker *worker)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int r = pthread_attr_init(&attributes);
    if (r != 0)
        return -r;
    sigfillset(&all);
    pthread_attr_setstacksize(&attributes, STACK);
    r = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (r == 0) {
        r = pthread_create(&worker->thread, &attributes, work, worker);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    pthread_attr_destroy(&attributes);
    if (r != 0)
        return -r;
    worker->has_thread = 1;
    wait_until_rung(worker->finished.fd);
    heard(worker->finished.fd);
    return 0;
}

int worker_new(struct loop *loop, struct worker **ret)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return -ENOMEM;
    worker->loop = loop;
    worker->finished.ready = on_finished;
    worker->finished.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->given = eventfd(0, EFD_CLOEXEC);
    int r = worker->finished.fd < 0 || worker->given < 0 ? -errno : start(worker);
    if (r == 0)
        r = loop_add(loop, &worker->finished, EPOLLIN);
    if (r < 0) {
        worker_free(worker);
        return r;
    }
    *ret = worker;
    return 0;
}

int worker_run(struct worker *worker, worker_job *job, void *context,
               void (*done)(void *context, int result), void *done_context)
{
    if (worker_is_busy(worker))
        return -EBUSY;
    worker->job = job;
    worker->context = context;
    worker->done = done;
    worker->done_context = done_context;
    atomic_store(&worker->state, GIVEN);
    ring(worker->given);
    return 0;
}

int worker_is_busy(const struct worker *worker)
{
    return atomic_load(&worker->state) != IDLE;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    while (worker_is_busy(worker)) {
        wait_until_rung(worker->finished.fd);
        on_finished(&worker->finished, EPOLLIN);
    }
    if (worker->has_thread) {
        atomic_store(&worker->stops, 1);
        ring(worker->given);
        pthread_join(worker->thread, NULL);
        loop_remove(worker->loop, &worker->finished);
    }
    if (worker->finished.fd >= 0)
        close(worker->finished.fd);
    if (worker->given >= 0)
        close(worker->given);
    free(worker);
}
