/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node with guards and two pods, and what is tried in them: for tests of guards, which are root
 * with every capability. The test's process is the core.
 */
#ifndef VSECM_TESTS_VM_GUARD_NODE_H
#define VSECM_TESTS_VM_GUARD_NODE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/sock.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "kernel_abi.h"
#include "node/cgroupfs.h"
#include "unit/check.h"

#define POD "pod11111111-2222-3333-4444-555555555555"
#define OWNER POD "/app"
#define SIDECAR POD "/sidecar"
#define OTHER "pod66666666-7777-8888-9999-aaaaaaaaaaaa/app"

static struct attest *attest;
static char dir[] = "/tmp/vsecm-guard.XXXXXX";
static char path[sizeof dir + 16];
static int listener = -1, cgroup_root = -1;
static char top[64];

/* ---- pods and what is done in them --------------------------------------------------------- */

static inline void make_cgroup(const char *place)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", top, place);
    if (mkdirat(cgroup_root, full, 0755) < 0)
        CHECK_EQ_INT(errno, EEXIST);
}

static inline uint64_t id_of(const char *place)
{
    struct stat st;
    char full[256];
    snprintf(full, sizeof full, "%s/%s", top, place);
    CHECK(fstatat(cgroup_root, full, &st, 0) == 0);
    return st.st_ino;
}

static inline unsigned level_of(const char *place)
{
    unsigned level = 2; /* of a name right below top, which is at 1 */
    for (; *place; place++)
        level += *place == '/';
    return level;
}

static inline struct vsecm_domain domain_of(const char *place)
{
    return (struct vsecm_domain){.cgroup_id = id_of(place), .level = level_of(place)};
}

static inline void join(const char *place)
{
    char procs[256];
    snprintf(procs, sizeof procs, "%s/%s/cgroup.procs", top, place);
    int fd = openat(cgroup_root, procs, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, "0", 1) == 1);
    close(fd);
}

typedef int attempt(void *context);

/* What ACT returns, a positive errno or 0, when a process in PLACE does it. */
static inline int in(const char *place, attempt *act, void *context)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        join(place);
        _exit(act(context));
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Denials so far. */
static inline uint64_t denied(uint32_t hook, uint32_t why)
{
    struct guard_stats stats;
    guard_read_stats(attest, &stats);
    return stats.denied[hook][why];
}

static struct vsecm_denial last_event;

static inline void keep_event(void *context, const struct vsecm_denial *denial)
{
    (void)context;
    last_event = *denial;
}

static inline void drain(void)
{
    while (guard_read_events(attest, 100, keep_event, NULL) > 0)
        ;
}

/* ACT from the other pod is denied with CODE by HOOK for WHY, counted once or more, and told. */
static inline void check_denied(attempt *act, void *context, int code, uint32_t hook, uint32_t why)
{
    uint64_t before = denied(hook, why);
    drain();
    memset(&last_event, 0, sizeof last_event);
    CHECK_EQ_INT(in(OTHER, act, context), code);
    CHECK(denied(hook, why) > before);
    drain();
    CHECK_EQ_INT(last_event.hook, hook);
    CHECK_EQ_INT(last_event.why, why);
    CHECK_EQ_INT(last_event.cgroup_id, id_of(OTHER));
}

static inline int as_errno(long r)
{
    return r < 0 ? errno : 0;
}

/* The listener does not block: it also has to be seen that nobody comes. */
static inline int accept_one(void)
{
    struct pollfd ready = {listener, POLLIN, 0};
    CHECK_EQ_INT(poll(&ready, 1, 5000), 1);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

/* ---- beginning and end --------------------------------------------------------------------- */

static inline void clean_up(void)
{
    char full[256];
    static const char *const places[] = {OWNER, SIDECAR, OTHER, POD,
                                         "pod66666666-7777-8888-9999-aaaaaaaaaaaa"};
    if (getpid() != check_state.pid)
        return;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(full, sizeof full, "%s/%s", top, places[i]);
        for (int try = 0; try < 100 && unlinkat(cgroup_root, full, AT_REMOVEDIR) < 0; try++)
            usleep(10000);
    }
    unlinkat(cgroup_root, top, AT_REMOVEDIR);
}

static inline void make_node(void)
{
    snprintf(top, sizeof top, "vsecm-guard-%d", getpid());
    cgroup_root = cgroupfs_open_root(NULL);
    CHECK(cgroup_root >= 0 && mkdirat(cgroup_root, top, 0755) == 0);
    atexit(clean_up);
    make_cgroup(POD);
    make_cgroup(OWNER);
    make_cgroup(SIDECAR);
    make_cgroup("pod66666666-7777-8888-9999-aaaaaaaaaaaa");
    make_cgroup(OTHER);
    CHECK(mkdtemp(dir) && chmod(dir, 0755) == 0);
    snprintf(path, sizeof path, "%s/socket", dir);
}

static inline void start(const char *pin_dir)
{
    struct error error = {""};
    char why[256];
    char lock[sizeof dir + 16];
    make_node();
    snprintf(lock, sizeof lock, "%s/lock", dir);
    struct attest_options options = {.tier = ATTEST_LSM,
                                     .guards = ATTEST_GUARDS_REQUIRED,
                                     .canary_dir = dir,
                                     .pin_dir = pin_dir,
                                     .lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    CHECK(options.lock >= 0 && flock(options.lock, LOCK_EX) == 0);
    if (attest_open(&options, &attest, why, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    listener = sock_listen(path, 0666, 100, &error);
    CHECK(listener >= 0);
    CHECK_EQ_INT(attest_watch(attest, listener), 0);
}

/* main() of a test: the first of WORDS is where guards are pinned. */
static inline int guard_node_run(int count, char **words)
{
    if (count < 2)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    check_state.pid = getpid();
    start(words[1]);
    return check_run(count - 1, words + 1);
}

#endif
