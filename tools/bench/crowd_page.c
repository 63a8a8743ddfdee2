/* SPDX-License-Identifier: BSD-2-Clause */
/* Many processes that wait on one shared page, and one that makes the changes. */
#include "base/clock.h"
#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/job.h"
#include "bench/page_reader.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_SETTLE_US 1000u /* from saying that one will wait to waiting */

/* What the processes share. */
struct slots {
    unsigned ready; /* who has had the last change, and waits for the next */
    uint64_t seen_ns[CROWD_MAX];
};

struct waiting {
    struct crowd *crowd;
    struct slots *slots;
    struct page_reader reader;
    const struct page_head *head;
    unsigned started;
    pid_t waiter[CROWD_MAX];
};

static void futex_wait(const unsigned *word, unsigned value)
{
    syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void wait_change(const struct page_head *head, uint32_t seen)
{
    uint32_t now;

    while ((now = __atomic_load_n(&head->sequence, __ATOMIC_ACQUIRE)) == seen || now & 1)
        futex_wait(&head->sequence, now);
}

/* The last one wakes whoever makes the changes. */
static void say_ready(struct slots *slots, unsigned all)
{
    if (__atomic_add_fetch(&slots->ready, 1, __ATOMIC_ACQ_REL) == all)
        syscall(SYS_futex, &slots->ready, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Until it is killed. */
static void follow(const struct waiting *waiting, uint64_t *seen_ns)
{
    static struct page_copy copy;

    for (;;) {
        while (page_reader_copy(waiting->head, &copy) == -EAGAIN)
            sched_yield();
        *seen_ns = clock_mono_ns();
        say_ready(waiting->slots, waiting->crowd->followers);
        wait_change(waiting->head, copy.sequence);
    }
}

static int start_all(struct waiting *waiting, struct error *error)
{
    while (waiting->started < waiting->crowd->followers) {
        pid_t pid = child_fork();
        if (pid == 0)
            follow(waiting, &waiting->slots->seen_ns[waiting->started]);
        if (pid < 0)
            return error_errno(error, (int)pid, "fork");
        waiting->waiter[waiting->started++] = pid;
    }
    return 0;
}

/* Until all have had the last change, and wait for the next. */
static void wait_all(const struct waiting *waiting)
{
    unsigned ready, all = waiting->crowd->followers;

    while ((ready = __atomic_load_n(&waiting->slots->ready, __ATOMIC_ACQUIRE)) < all)
        futex_wait(&waiting->slots->ready, ready);
    usleep(PAGE_SETTLE_US);
}

static int change(void *client, uint64_t due_ns, struct error *error)
{
    const struct waiting *waiting = client;
    struct crowd *crowd = waiting->crowd;

    __atomic_store_n(&waiting->slots->ready, 0, __ATOMIC_RELEASE);
    int r = load_exchange(&crowd->load, crowd->door, error);
    uint64_t acked = clock_mono_ns();
    if (r)
        return r;
    wait_all(waiting);
    for (unsigned i = 0; i < crowd->followers; i++)
        crowd_note(crowd, due_ns, acked, waiting->slots->seen_ns[i]);
    return 0;
}

/*
 * Whoever is woken by the acknowledgement stands in line with those woken by the change, and would
 * note it after theirs. Where it may not be of another class the times after it are too short.
 */
static void come_first(void)
{
    struct sched_param first = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO, &first);
}

static int measure(struct waiting *waiting, struct error *error)
{
    struct crowd *crowd = waiting->crowd;
    int r = crowd->page ? 0 : page_reader_open(crowd->load.path, &waiting->reader, error);

    if (r)
        return r;
    waiting->head = crowd->page ? crowd->page : waiting->reader.head;
    r = start_all(waiting, error);
    if (r)
        return r;
    wait_all(waiting);
    come_first();
    return crowd_run(crowd, change, waiting, error);
}

static void stop_all(struct waiting *waiting)
{
    for (unsigned i = 0; i < waiting->started; i++)
        kill(waiting->waiter[i], SIGKILL);
    while (waiting->started > 0)
        child_wait(waiting->waiter[--waiting->started]);
}

int crowd_page(void *shared, struct error *error)
{
    static struct waiting waiting;

    waiting.crowd = shared;
    waiting.slots = job_alloc(sizeof(*waiting.slots));
    if (!waiting.slots)
        return error_errno(error, -ENOMEM, "waiters");
    int r = measure(&waiting, error);
    stop_all(&waiting);
    page_reader_close(&waiting.reader);
    job_free(waiting.slots, sizeof(*waiting.slots));
    return r;
}
