/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "base/build.h"
#include "base/clock.h"
#include "base/loop.h"
#include "daemon/seccomp.h"
#include "tests/unit/scratch.h"

static struct loop *loop;
static struct worker *worker;

static struct {
    pthread_t ran_in;
    sigset_t mask;
    int results[8];
    int count;
    int stop_at;
    int again; /* so many more jobs are given by DONE */
    worker_job *job;
} seen;

/* CONTEXT: how many milliseconds it takes; returned, negated. */
static int sleep_job(void *context)
{
    int ms = *(int *)context;
    seen.ran_in = pthread_self();
    pthread_sigmask(SIG_BLOCK, NULL, &seen.mask);
    struct timespec time = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&time, NULL);
    return -ms;
}

static void begin(void)
{
    memset(&seen, 0, sizeof seen);
    seen.stop_at = 1;
    seen.job = sleep_job;
    CHECK_EQ_INT(loop_new(&loop), 0);
    CHECK_EQ_INT(worker_new(loop, &worker), 0);
    CHECK(!worker_is_busy(worker));
}

static void end(void)
{
    worker_free(worker);
    worker_free(NULL);
    loop_free(loop);
}

static void note(void *context, int result)
{
    seen.results[seen.count++] = result;
    CHECK(!worker_is_busy(worker));
    if (seen.again-- > 0)
        CHECK_EQ_INT(worker_run(worker, seen.job, context, note, context), 0);
    if (seen.count == seen.stop_at)
        loop_stop(loop);
}

TEST(runs_a_job_in_another_thread_and_tells_the_loop)
{
    int ms = 1;
    begin();
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    CHECK(worker_is_busy(worker));
    CHECK_EQ_INT(loop_run(loop), 0);
    CHECK_EQ_INT(seen.count, 1);
    CHECK_EQ_INT(seen.results[0], -1);
    CHECK(!pthread_equal(seen.ran_in, pthread_self()));
    end();
}

TEST(takes_no_signal)
{
    int ms = 0;
    begin();
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    CHECK_EQ_INT(loop_run(loop), 0);
    const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGALRM, SIGCHLD};
    sigset_t ours;
    pthread_sigmask(SIG_BLOCK, NULL, &ours);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        CHECK(sigismember(&seen.mask, signals[i]));
        CHECK(!sigismember(&ours, signals[i])); /* and the caller's mask is what it was */
    }
    end();
}

TEST(one_job_at_a_time)
{
    int ms = 20;
    begin();
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), -EBUSY);
    CHECK_EQ_INT(loop_run(loop), 0);
    CHECK_EQ_INT(seen.count, 1);
    CHECK(!worker_is_busy(worker));
    end();
}

TEST(done_may_give_the_next_job)
{
    int ms = 1;
    begin();
    seen.again = 4;
    seen.stop_at = 5;
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    CHECK_EQ_INT(loop_run(loop), 0);
    CHECK_EQ_INT(seen.count, 5);
    end();
}

static void tick(struct loop_timer *timer)
{
    int *ticks = (int *)(timer + 1);
    ++*ticks;
    loop_set_timer(loop, timer, 5);
}

TEST(the_loop_goes_on_meanwhile)
{
    int ms = 200;
    struct {
        struct loop_timer timer;
        int ticks;
    } clock = {.timer = {.fire = tick}};
    begin();
    loop_set_timer(loop, &clock.timer, 5);
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    CHECK_EQ_INT(loop_run(loop), 0);
    CHECK(clock.ticks >= 3);
    loop_cancel_timer(loop, &clock.timer);
    end();
}

TEST(free_waits_for_the_job)
{
    int ms = 50;
    begin();
    seen.stop_at = 99;
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    end();
    CHECK_EQ_INT(seen.count, 1);
    CHECK_EQ_INT(seen.results[0], -50);
}

TEST(free_takes_a_result_that_nobody_fetched)
{
    int ms = 0;
    begin();
    seen.stop_at = 99;
    CHECK_EQ_INT(worker_run(worker, sleep_job, &ms, note, &ms), 0);
    struct timespec time = {.tv_nsec = 50000000};
    nanosleep(&time, NULL);
    CHECK(worker_is_busy(worker)); /* until DONE was called */
    end();
    CHECK_EQ_INT(seen.count, 1);
}

/* ---- under the daemon's system call filter -----------------------------------------------------
 */

static int file_job(void *context)
{
    int dir = *(int *)context;
    int fd = openat(dir, "from", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fdatasync(fd) < 0 || fsync(fd) < 0)
        return -errno;
    close(fd);
    if (renameat(dir, "from", dir, "to") < 0 || fsync(dir) < 0)
        return -errno;
    return 0;
}

static void filtered(void *context)
{
    begin();
    seen.job = file_job;
    seen.again = 4;
    seen.stop_at = 5;
    CHECK_EQ_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ_INT(seccomp_install(), 0);
    CHECK_EQ_INT(worker_run(worker, file_job, context, note, context), 0);
    CHECK_EQ_INT(loop_run(loop), 0);
    for (int i = 0; i < seen.count; i++)
        CHECK_EQ_INT(seen.results[i], 0);
    end();
}

static void *do_nothing(void *context)
{
    return context;
}

static void forbidden(void *context)
{
    CHECK_EQ_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ_INT(seccomp_install(), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, do_nothing, context);
}

TEST(lives_under_the_system_call_filter)
{
    if (BUILD_SANITIZED)
        CHECK_MOOT("a sanitizer's own calls are not in the filter");
    int dir = open(scratch_new(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_EQ_INT(check_child(filtered, &dir), 0);
    CHECK(access(scratch_path("to"), F_OK) == 0);
    int status = check_child(forbidden, NULL); /* the filter is there: no thread may begin now */
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    close(dir);
}

CHECK_MAIN
