/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls that fail, and the runs in which they do. */
#include "tests/fault/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "tests/fault/power.h"
#include "tests/unit/scratch.h"

/* ---- the plan ----------------------------------------------------------------------------------
 */

/* What kinds of calls there are. */
enum {
    WRITES = 1,
    SYNCS = 2,
    RENAMES = 4,
    OPENS = 8,
    TRUNCATES = 16,
    ALLOCATIONS = 32,
    SECRETS = 64
};
#define FILES (WRITES | SYNCS | RENAMES | OPENS | TRUNCATES)

enum how {
    FAIL,  /* with an errno */
    STAY,  /* the same, and so does every later call of the kind, and truncation: a dead disk */
    SHORT, /* half of it is written */
    DIE,   /* kill -9: after half of it, if it is a write */
    POWER, /* kill -9, and nothing that was not synced is there */
    HOLES, /* kill -9, and some of what was not synced is there */
};

static const struct kind {
    const char *name;
    unsigned calls;
    enum how how;
    int error;
} kinds[] = {
    {"a write fails", WRITES, FAIL, EIO},
    {"a write finds no space", WRITES, FAIL, ENOSPC},
    {"a write is short", WRITES, SHORT, 0},
    {"no write succeeds any more", WRITES, STAY, EIO},
    {"a sync fails", SYNCS, FAIL, EIO},
    {"no sync succeeds any more", SYNCS, STAY, EIO},
    {"a rename fails", RENAMES, FAIL, EIO},
    {"an open fails", OPENS, FAIL, EMFILE},
    {"a truncation fails", TRUNCATES, FAIL, EIO},
    {"memory is short", ALLOCATIONS, FAIL, ENOMEM},
    {"secret memory is short", SECRETS, FAIL, ENOMEM},
    {"killed", FILES, DIE, 0},
    {"the power is cut", FILES, POWER, 0},
    {"the power is cut, some is kept", FILES, HOLES, 0},
};

struct arena;

/* Shared with the child. */
static struct {
    int armed;
    const struct kind *kind;
    unsigned nth;  /* of these calls */
    unsigned seen; /* so far */
    unsigned hit;  /* faults that were */
} * plan;

void fault_pause(void)
{
    plan->armed = 0;
}

static _Noreturn void die(void)
{
    plan->armed = 0;
    if (plan->kind->how == POWER)
        power_cut(0);
    if (plan->kind->how == HOLES)
        power_cut(1);
    _exit(3);
}

/* Non-zero when this call, one of CALLS, is to be met by the fault. */
static int is_met(unsigned calls)
{
    if (!plan || !plan->armed)
        return 0;
    const struct kind *kind = plan->kind;
    if (plan->hit && kind->how == STAY && (calls & (kind->calls | TRUNCATES)))
        return 1;
    if (!(kind->calls & calls) || ++plan->seen != plan->nth)
        return 0;
    plan->hit++;
    return 1;
}

/* Calls that are done or not: non-zero when this one has failed, with errno set. */
static int fails(unsigned calls)
{
    if (!is_met(calls))
        return 0;
    if (plan->kind->how >= DIE)
        die();
    errno = plan->kind->error;
    return 1;
}

/* ---- the calls ---------------------------------------------------------------------------------
 */

ssize_t __real_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);
ssize_t __real_pwrite(int fd, const void *data, size_t length, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t length, off_t offset);
ssize_t __wrap_write(int fd, const void *data, size_t length);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int __wrap_rename(const char *from, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
int __real_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t size);

/* The first HALF bytes of PIECES. */
static int halve(const struct iovec *pieces, int count, struct iovec *ret)
{
    size_t total = 0, done = 0;
    int n = 0;
    for (int i = 0; i < count; i++)
        total += pieces[i].iov_len;
    for (; n < count && done < total / 2; n++) {
        ret[n] = pieces[n];
        if (ret[n].iov_len > total / 2 - done)
            ret[n].iov_len = total / 2 - done;
        done += ret[n].iov_len;
    }
    return n;
}

static int is_file(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
    struct iovec half[1024];
    if (!is_file(fd)) /* a thread that is to be woken */
        return __real_writev(fd, pieces, count);
    int met = is_met(WRITES);
    power_note_write(fd, lseek(fd, 0, SEEK_CUR));
    if (!met)
        return __real_writev(fd, pieces, count);
    enum how how = plan->kind->how;
    if (how >= SHORT) {
        ssize_t n = __real_writev(fd, half, halve(pieces, count, half));
        if (how == SHORT && n > 0)
            return n;
        if (how >= DIE)
            die();
    }
    errno = plan->kind->error ? plan->kind->error : EINTR;
    return -1;
}

ssize_t __wrap_write(int fd, const void *data, size_t length)
{
    const struct iovec piece = {.iov_base = (void *)data, .iov_len = length};
    return __wrap_writev(fd, &piece, 1);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t length, off_t offset)
{
    int met = is_met(WRITES);
    power_note_write(fd, offset);
    if (!met)
        return __real_pwrite(fd, data, length, offset);
    enum how how = plan->kind->how;
    ssize_t n = how >= SHORT ? __real_pwrite(fd, data, length / 2, offset) : -1;
    if (how >= DIE)
        die();
    if (n > 0)
        return n;
    errno = plan->kind->error ? plan->kind->error : EINTR;
    return -1;
}

/* A sync that is met has done nothing. */
int __wrap_fsync(int fd)
{
    if (fails(SYNCS))
        return -1;
    int r = __real_fsync(fd);
    power_note_sync(fd);
    return r;
}

int __wrap_fdatasync(int fd)
{
    if (fails(SYNCS))
        return -1;
    int r = __real_fdatasync(fd);
    power_note_sync(fd);
    return r;
}

int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (fails(RENAMES))
        return -1;
    power_note_rename(to_dir, to);
    return __real_renameat2(from_dir, from, to_dir, to, flags);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return __wrap_renameat2(from_dir, from, to_dir, to, 0);
}

int __wrap_rename(const char *from, const char *to)
{
    return __wrap_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* It counts among the renames: a change of names. */
int __wrap_unlinkat(int dir, const char *name, int flags)
{
    return fails(RENAMES) ? -1 : __real_unlinkat(dir, name, flags);
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;
    va_end(args);
    return fails(OPENS) ? -1 : __real_openat(dir, name, flags, mode);
}

int __wrap_open(const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;
    va_end(args);
    return __wrap_openat(AT_FDCWD, name, flags, mode);
}

int __wrap_ftruncate(int fd, off_t length)
{
    return fails(TRUNCATES) ? -1 : __real_ftruncate(fd, length);
}

void *__wrap_malloc(size_t size)
{
    return fails(ALLOCATIONS) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(ALLOCATIONS) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails(ALLOCATIONS) ? NULL : __real_realloc(old, size);
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
    return fails(SECRETS) ? NULL : __real_arena_alloc(arena, size);
}

/* ---- runs --------------------------------------------------------------------------------------
 */

/* How a child ends. A CHECK that fails in one ends it with 1. */
enum outcome { DONE, WRONG, FAILED, DIED, SEEN };

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);
#else
static int __lsan_do_recoverable_leak_check(void)
{
    return 0;
}
#endif

static int prepare(const struct fault_scenario *scenario, int dir)
{
    scenario->prepare(dir);
    return DONE;
}

static int act(const struct fault_scenario *scenario, int dir)
{
    power_begin(dir);
    plan->armed = 1;
    int r = scenario->act(dir);
    plan->armed = 0;
    if (r == 0 && plan->kind->how >= POWER) /* what it said must outlive a power cut at once */
        power_cut(plan->kind->how == HOLES);
    if (__lsan_do_recoverable_leak_check())
        return WRONG;
    return r ? FAILED : DONE;
}

static int look(const struct fault_scenario *scenario, int dir)
{
    return SEEN + (int)scenario->look(dir);
}

/* Each step is a process, as it would be; what it returns. */
static int in_child(int (*step)(const struct fault_scenario *, int),
                    const struct fault_scenario *scenario, int dir)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(60); /* whatever waits for what has failed */
        int r = step(scenario, dir);
        fflush(stdout);
        _exit(r);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static unsigned states[2];

/* One run in which the N-th call of KIND is met. Non-zero when none was. */
static int run(const struct fault_scenario *scenario, const struct kind *kind, unsigned n)
{
    int dir = open(scratch_new(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir >= 0);
    CHECK(in_child(prepare, scenario, dir) == DONE);
    plan->kind = kind;
    plan->nth = n;
    plan->seen = plan->hit = 0;
    int outcome = in_child(act, scenario, dir), state = in_child(look, scenario, dir) - SEEN;
    close(dir);
    CHECK(outcome == DONE || outcome == FAILED || (outcome == DIED && kind->how >= DIE));
    CHECK(state == FAULT_BEFORE || state == FAULT_AFTER);
    CHECK(outcome != DONE || state == FAULT_AFTER);
    CHECK(plan->hit || outcome == DONE);
    states[state]++;
    return !plan->hit;
}

/* The hits, or -1 when a check failed. */
static int run_kind(const struct fault_scenario *scenario, const struct kind *kind)
{
    volatile unsigned n = 1;
    if (setjmp(check_state.stop)) {
        printf("not ok - %s: %s, the %u. time\n", scenario->name, kind->name, n);
        return -1;
    }
    while (!run(scenario, kind, n))
        n++;
    printf("ok - %s: %s: %u times\n", scenario->name, kind->name, n - 1);
    return (int)n - 1;
}

static int run_scenario(const struct fault_scenario *scenario)
{
    int failed = 0, hits = 0;
    memset(states, 0, sizeof states);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int r = run_kind(scenario, &kinds[i]);
        failed |= r < 0;
        hits += r > 0 ? r : 0;
    }
    int told = hits > 0 && states[FAULT_BEFORE] > 0 && states[FAULT_AFTER] > 0;
    printf("%sok - %s: both states were seen (%u before, %u after)\n", told ? "" : "not ",
           scenario->name, states[FAULT_BEFORE], states[FAULT_AFTER]);
    return failed || !told;
}

int main(void)
{
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    check_state.pid = getpid();
    check_state.random = (uint64_t)time(NULL);
    void *shared =
        mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    plan = shared;
    for (const struct fault_scenario *scenario = fault_scenarios; scenario->name; scenario++)
        failed |= run_scenario(scenario);
    return failed;
}
