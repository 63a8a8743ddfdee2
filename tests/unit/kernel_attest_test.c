/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tier against the running kernel: real cgroups shaped like pods, real processes in them.
 *
 *     kernel_attest_test [auto|lsm|cgroup [TEST...]]   the tier must work (root)
 *     kernel_attest_test missing TIER WORD...          it must refuse, and its reason hold each
 * WORD
 */
#include "unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/sock.h"
#include "kernel/attest.h"
#include "kernel_abi.h"
#include "node/cgroupfs.h"

#define SYSTEMD_SLICE "kubepods-burstable-pod11111111_2222_3333_4444_555555555555.slice"
#define ID_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SYSTEMD_POD \
    "kubepods.slice/kubepods-burstable.slice/" SYSTEMD_SLICE "/cri-containerd-" ID_64 ".scope"
#define CGROUPFS_POD "kubepods/besteffort/pod66666666-7777-8888-9999-aaaaaaaaaaaa/" ID_64
#define STRANGER "user.slice/user-1000.slice/user@1000.service/" SYSTEMD_POD

#define OURS "system.slice/vsecmd.service"

static struct attest *attest;
static enum attest_tier tier = ATTEST_AUTO;
static char dir[] = "/tmp/vsecm-attest.XXXXXX";
static char path[sizeof dir + 16];
static int listener = -1, cgroup_root = -1;
static char top[64]; /* our own cgroup below the root: all others are in it */

/* ---- cgroups ------------------------------------------------------------------------------- */

static void make_one(const char *cgroup)
{
    if (mkdirat(cgroup_root, cgroup, 0755) < 0)
        CHECK_EQ_INT(errno, EEXIST);
}

/* The cgroup at PLACE below our own, made with all levels above it. The result is static. */
static const char *cgroup_of(const char *place)
{
    static char full[PATH_MAX];

    snprintf(full, sizeof full, "%s/%s", top, place);
    for (char *slash = strchr(full, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        make_one(full);
        *slash = '/';
    }
    make_one(full);
    return full;
}

static uint64_t id_of(const char *place)
{
    struct stat st;

    CHECK(fstatat(cgroup_root, cgroup_of(place), &st, 0) == 0);
    return st.st_ino;
}

static void join(const char *place)
{
    char procs[PATH_MAX + 16];

    snprintf(procs, sizeof procs, "%s/cgroup.procs", cgroup_of(place));
    int fd = openat(cgroup_root, procs, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(write(fd, "0", 1) == 1);
    close(fd);
}

static void write_cgroup(const char *file, const char *value)
{
    int fd = openat(cgroup_root, file, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, value, 1) < 0)
        printf("# cannot write %s\n", file);
    close(fd);
}

/* What the exit of a process leaves busy is free a moment later. */
static int remove_one(const char *cgroup, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    for (int i = 0; type == FTW_DP && i < 100 && rmdir(cgroup) < 0; i++)
        usleep(10000);
    return 0;
}

/* We leave for the root and kill whoever stayed. */
static void remove_cgroups(void)
{
    char file[PATH_MAX];

    write_cgroup("cgroup.procs", "0");
    snprintf(file, sizeof file, "%s/cgroup.kill", top);
    write_cgroup(file, "1");
    snprintf(file, sizeof file, "/proc/self/fd/%d/%s", cgroup_root, top);
    nftw(file, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

/* ---- visitors ------------------------------------------------------------------------------ */

struct visitor {
    pid_t pid;
    int accepted;
};

static int accept_one(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

/* A process in PLACE that connects to us and stays until leave(). */
static struct visitor visit(const char *place)
{
    struct visitor visitor = {.pid = fork()};
    char byte;

    CHECK(visitor.pid >= 0);
    if (visitor.pid == 0) {
        join(place);
        int fd = sock_connect(path);
        CHECK(fd >= 0);
        _exit(read(fd, &byte, 1) == 0 ? 0 : 1);
    }
    visitor.accepted = accept_one();
    return visitor;
}

static void leave(struct visitor visitor)
{
    int status;

    close(visitor.accepted);
    CHECK(waitpid(visitor.pid, &status, 0) == visitor.pid);
    CHECK_EQ_INT(status, 0);
}

static void connect_from(void *place)
{
    join(place);
    int fd = sock_connect(path);
    CHECK(fd >= 0);
    close(fd);
}

static int connect_to(int fd, const char *to)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof at.sun_path, "%s", to);
    return connect(fd, (struct sockaddr *)&at, sizeof at) < 0 ? -errno : 0;
}

static struct vsecm_caller caller_of(int accepted)
{
    struct vsecm_caller caller;

    CHECK_EQ_INT(attest_caller(attest, accepted, &caller), 0);
    return caller;
}

/* The recorded names of the cgroup at PLACE are those of PLACE, down to the last level recorded. */
static void check_chain(const char *place, unsigned depth, unsigned truncated)
{
    struct vsecm_chain chain;
    char expected[PATH_MAX], *rest = expected;
    unsigned levels = depth < VSECM_CHAIN_LEVELS ? depth : VSECM_CHAIN_LEVELS;

    CHECK_EQ_INT(attest_chain(attest, id_of(place), &chain), 0);
    CHECK_EQ_INT(chain.depth, depth);
    CHECK_EQ_INT(chain.truncated, truncated);
    snprintf(expected, sizeof expected, "%s", cgroup_of(place));
    for (unsigned i = 0; i < levels; i++) {
        const char *name = strsep(&rest, "/");
        if (!(truncated >> i & 1))
            CHECK_STR(chain.name[i], name);
    }
}

/* Field 22 of /proc/PID/stat; our children's names hold no blank. */
static unsigned long long start_ticks(pid_t pid)
{
    char file[32], text[512];
    unsigned long long ticks = 0;

    snprintf(file, sizeof file, "/proc/%d/stat", pid);
    FILE *stat = fopen(file, "re");
    CHECK(stat && fgets(text, sizeof text, stat));
    fclose(stat);
    char *rest = strrchr(text, ')') + 2;
    for (int field = 3; field <= 22; field++)
        ticks = strtoull(strsep(&rest, " "), NULL, 10);
    return ticks;
}

static void check_pod(const char *place, unsigned depth)
{
    struct visitor visitor = visit(place);
    struct vsecm_caller caller = caller_of(visitor.accepted);
    unsigned long long tick = 1000000000ull / (unsigned long long)sysconf(_SC_CLK_TCK);

    CHECK_EQ_INT(caller.pid, visitor.pid);
    CHECK_EQ_INT(caller.uid, geteuid());
    CHECK_EQ_INT(caller.cgroup_id, id_of(place));
    CHECK_EQ_INT(caller.start_boottime / tick, start_ticks(visitor.pid));
    check_chain(place, depth, 0);
    leave(visitor);
}

/* ---- who called ---------------------------------------------------------------------------- */

TEST(canary_is_seen_again)
{
    struct error error = {""};

    CHECK_EQ_INT(attest_canary(attest, &error), 0);
    CHECK_STR(error.text, "");
    /* What it leaves is where we are: the last name, unless we are in the root itself. */
    const struct vsecm_chain *own = attest_own_chain(attest);
    char text[4096] = "";
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(text, sizeof text, file) && strncmp(text, "0::", 3) != 0)
        ;
    CHECK(file && fclose(file) == 0);
    text[strcspn(text, "\n")] = '\0';
    if (own->depth && own->depth <= VSECM_CHAIN_LEVELS)
        CHECK_STR(strrchr(text, '/') + 1, own->name[own->depth - 1]);
    else
        CHECK(own->depth || strcmp(text, "0::/") == 0);
}

TEST(pod_of_the_systemd_driver)
{
    check_pod(SYSTEMD_POD, 5);
}

TEST(pod_of_the_cgroupfs_driver)
{
    check_pod(CGROUPFS_POD, 5);
}

TEST(stranger_with_a_pods_names_is_seen_from_the_root)
{
    check_pod(STRANGER, 8);
}

static void connect_as_nobody(void *place)
{
    join(place);
    CHECK(seteuid(65534) == 0);
    int fd = sock_connect(path);
    CHECK(fd >= 0);
}

TEST(effective_uid_counts)
{
    CHECK_EQ_INT(check_child(connect_as_nobody, SYSTEMD_POD), 0);
    int accepted = accept_one();
    CHECK_EQ_INT(caller_of(accepted).uid, 65534);
    close(accepted);
}

TEST(client_gone_before_accept_is_still_named)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        connect_from(SYSTEMD_POD);
        raise(SIGKILL);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    int accepted = accept_one();
    struct vsecm_caller caller = caller_of(accepted);
    CHECK_EQ_INT(caller.pid, pid);
    CHECK_EQ_INT(caller.cgroup_id, id_of(SYSTEMD_POD));
    close(accepted);
}

/* A visitor that is in new pid, cgroup and network namespaces; it tells its real pid by a pipe. */
static void visit_from_namespaces(void *pipe_end)
{
    join(SYSTEMD_POD);
    CHECK(unshare(CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNET) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK_EQ_INT(getpid(), 1);
        _exit(sock_connect(path) < 0);
    }
    int status;
    CHECK(write(*(int *)pipe_end, &pid, sizeof pid) == sizeof pid);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ_INT(status, 0);
}

TEST(namespaces_of_the_client_do_not_matter)
{
    int ends[2];
    pid_t pid;

    CHECK(pipe(ends) == 0);
    CHECK_EQ_INT(check_child(visit_from_namespaces, &ends[1]), 0);
    CHECK(read(ends[0], &pid, sizeof pid) == sizeof pid);
    close(ends[0]);
    close(ends[1]);
    int accepted = accept_one();
    struct vsecm_caller caller = caller_of(accepted);
    CHECK_EQ_INT(caller.pid, pid);
    CHECK_EQ_INT(caller.cgroup_id, id_of(SYSTEMD_POD));
    close(accepted);
}

/* ---- one socket, two processes -------------------------------------------------------------- */

struct shared {
    int fd;
    const char *place;
    const char *to;
    int expected;
};

static void connect_shared(void *argument)
{
    const struct shared *shared = argument;

    join(shared->place);
    CHECK_EQ_INT(connect_to(shared->fd, shared->to), shared->expected);
}

TEST(second_connect_of_another_pod_changes_nothing)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    struct shared first = {fd, SYSTEMD_POD, path, 0}, second = {fd, CGROUPFS_POD, path, -EISCONN};
    CHECK_EQ_INT(check_child(connect_shared, &first), 0);
    CHECK_EQ_INT(check_child(connect_shared, &second), 0);
    int accepted = accept_one();
    CHECK_EQ_INT(caller_of(accepted).cgroup_id, id_of(SYSTEMD_POD));
    close(accepted);
    close(fd);
}

TEST(failed_connect_of_another_pod_leaves_nothing)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    struct shared first = {fd, CGROUPFS_POD, "/proc/self/nothing", -ENOENT};
    struct shared second = {fd, SYSTEMD_POD, path, 0};
    CHECK_EQ_INT(check_child(connect_shared, &first), 0);
    CHECK_EQ_INT(check_child(connect_shared, &second), 0);
    int accepted = accept_one();
    CHECK_EQ_INT(caller_of(accepted).cgroup_id, id_of(SYSTEMD_POD));
    close(accepted);
    close(fd);
}

/* A process in PLACE that calls connect() on FD as soon as GATE is closed; exits 0 if it succeeds.
 */
static pid_t race_from(const char *place, int fd, const int gate[2])
{
    char byte;
    pid_t pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        join(place);
        close(gate[1]);
        CHECK(read(gate[0], &byte, 1) == 0);
        _exit(connect_to(fd, path) == 0 ? 0 : 2);
    }
    return pid;
}

/* Two pods call connect() on one socket at once. Returns whether somebody was named. */
static bool race(void)
{
    static const char *const places[2] = {SYSTEMD_POD, CGROUPFS_POD};
    int gate[2], winner = -1, status;
    pid_t pids[2];
    struct vsecm_caller caller;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0 && pipe(gate) == 0);
    for (int i = 0; i < 2; i++)
        pids[i] = race_from(places[i], fd, gate);
    close(gate[1]);
    for (int i = 0; i < 2; i++) {
        CHECK(waitpid(pids[i], &status, 0) == pids[i]);
        if (status == 0)
            winner = i;
    }
    close(gate[0]);
    CHECK(winner >= 0);
    int accepted = accept_one();
    int r = attest_caller(attest, accepted, &caller);
    if (r == 0) {
        CHECK_EQ_INT(caller.pid, pids[winner]);
        CHECK_EQ_INT(caller.cgroup_id, id_of(places[winner]));
    } else {
        CHECK_EQ_INT(r, -ENODATA);
    }
    close(accepted);
    close(fd);
    return r == 0;
}

TEST(racing_connects_name_the_winner_or_nobody)
{
    unsigned named = 0, rounds = 200;

    for (unsigned i = 0; i < rounds; i++)
        named += race();
    printf("# %u of %u races named the winner, the others nobody\n", named, rounds);
    CHECK(named > 0);
}

/* ---- odd chains ---------------------------------------------------------------------------- */

TEST(chain_deeper_than_is_read)
{
    check_pod("a/b/c/d/e/f/g/h/i/j/k", 12);
}

TEST(name_that_just_fits_and_name_that_does_not)
{
    char fits[VSECM_CGROUP_NAME], longer[VSECM_CGROUP_NAME + 1], longest[NAME_MAX + 1];

    snprintf(fits, sizeof fits, "%0*d", (int)sizeof fits - 1, 1);
    snprintf(longer, sizeof longer, "%0*d", (int)sizeof longer - 1, 2);
    snprintf(longest, sizeof longest, "%0*d", (int)sizeof longest - 1, 3);
    leave(visit(fits));
    check_chain(fits, 2, 0);
    leave(visit(longer));
    check_chain(longer, 2, 1u << 1);
    leave(visit(longest));
    check_chain(longest, 2, 1u << 1);
}

TEST(chain_of_a_cgroup_that_never_called)
{
    struct vsecm_chain chain;

    CHECK_EQ_INT(attest_chain(attest, id_of("quiet"), &chain), -ENODATA);
    CHECK_EQ_INT(attest_chain(attest, 0, &chain), -ENODATA);
}

/* ---- no record, no answer ------------------------------------------------------------------ */

TEST(socketpair_has_no_caller)
{
    int pair[2];
    struct vsecm_caller caller = {.pid = 7};

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_EQ_INT(attest_caller(attest, pair[0], &caller), -ENODATA);
    CHECK_EQ_INT(caller.pid, 7);
    close(pair[0]);
    close(pair[1]);
}

TEST(what_is_no_accepted_socket_has_no_caller)
{
    struct vsecm_caller caller;
    int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(attest_caller(attest, cgroup_root, &caller) < 0);
    CHECK(attest_caller(attest, -1, &caller) < 0);
    CHECK(attest_caller(attest, listener, &caller) < 0);
    CHECK(attest_caller(attest, inet, &caller) < 0);
    close(inet);
}

TEST(only_listeners_are_watched)
{
    int pair[2], inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_EQ_INT(attest_watch(attest, pair[0]), -EINVAL);
    CHECK_EQ_INT(attest_watch(attest, inet), -EINVAL);
    CHECK_EQ_INT(attest_watch(attest, cgroup_root), -ENOTSOCK);
    close(pair[0]);
    close(pair[1]);
    close(inet);
}

TEST(unwatched_listener_has_no_callers)
{
    char other[sizeof path];
    struct error error = {""};
    struct vsecm_caller caller;

    if (strcmp(attest_tier_name(attest), "lsm") != 0)
        CHECK_MOOT("tier cgroup records before the listener is known");
    snprintf(other, sizeof other, "%s/other", dir);
    int unwatched = sock_listen(other, 0666, 4, &error);
    CHECK(unwatched >= 0);
    int client = sock_connect(other);
    CHECK(client >= 0);
    int accepted = accept4(unwatched, NULL, NULL, SOCK_CLOEXEC);
    CHECK_EQ_INT(attest_caller(attest, accepted, &caller), -ENODATA);
    close(accepted);
    close(client);
    close(unwatched);
    unlink(other);
}

static void ask_for_caller(void *accepted)
{
    struct vsecm_caller caller;

    CHECK_EQ_INT(attest_caller(attest, *(int *)accepted, &caller), -ENODATA);
}

TEST(only_the_daemon_is_answered)
{
    if (strcmp(attest_tier_name(attest), "cgroup") != 0)
        CHECK_MOOT("tier lsm answers whoever has its maps");
    struct visitor visitor = visit(SYSTEMD_POD);
    CHECK_EQ_INT(check_child(ask_for_caller, &visitor.accepted), 0);
    CHECK_EQ_INT(caller_of(visitor.accepted).pid, visitor.pid);
    leave(visitor);
}

static void flood(void *place)
{
    join(place);
    for (int i = 0; i < 40000; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK_EQ_INT(connect_to(fd, "/proc/self/nothing"), -ENOENT);
        close(fd);
    }
}

/* A flood may push a record out, which refuses that caller; it never puts another in its place. */
TEST(flood_of_connects_refuses_at_worst)
{
    struct visitor before = visit(SYSTEMD_POD);
    struct vsecm_caller caller;

    CHECK_EQ_INT(check_child(flood, CGROUPFS_POD), 0);
    int r = attest_caller(attest, before.accepted, &caller);
    if (r == 0)
        CHECK_EQ_INT(caller.pid, before.pid);
    else
        CHECK_EQ_INT(r, strcmp(attest_tier_name(attest), "lsm") == 0 ? 0 : -ENODATA);
    leave(before);
    check_pod(SYSTEMD_POD, 5);
}

TEST(stats_count)
{
    struct attest_stats before, after;
    int pair[2];
    struct vsecm_caller caller;

    attest_read_stats(attest, &before);
    leave(visit(SYSTEMD_POD));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_EQ_INT(attest_caller(attest, pair[0], &caller), -ENODATA);
    close(pair[0]);
    close(pair[1]);
    attest_read_stats(attest, &after);
    CHECK(after.recorded > before.recorded);
    CHECK_EQ_INT(after.failed, before.failed);
    CHECK_EQ_INT(after.refused, before.refused + 1);
}

/* ---- opening ------------------------------------------------------------------------------- */

static struct attest *open_tier(struct error *error)
{
    struct attest *opened;
    struct attest_options options = {.tier = tier, .canary_dir = dir};
    char why[256] = "";

    if (attest_open(&options, &opened, why, error) < 0)
        return NULL;
    printf("# %s\n", why);
    return opened;
}

/* As a new daemon does while the old one still serves. */
TEST(two_at_once)
{
    struct error error = {""};
    struct attest *second = open_tier(&error);

    CHECK_STR(error.text, "");
    CHECK(second);
    CHECK_EQ_INT(attest_canary(attest, &error), 0);
    CHECK_EQ_INT(attest_canary(second, &error), 0);
    attest_free(second);
    check_pod(SYSTEMD_POD, 5);
}

/* What a pod has: its own pid and cgroup namespace, its own /proc, the host's cgroup2 mount. */
static void open_as_pod(void *argument)
{
    struct error error = {""};
    int status;

    (void)argument;
    join(CGROUPFS_POD);
    CHECK(unshare(CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNS) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0);
        struct attest *inner = open_tier(&error);
        if (!inner)
            printf("# %s\n", error.text);
        bool seen = inner && attest_canary(inner, &error) == 0;
        attest_free(inner);
        fflush(stdout);
        _exit(!seen);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ_INT(status, 0);
}

TEST(opens_in_the_namespaces_of_a_pod)
{
    CHECK_EQ_INT(check_child(open_as_pod, NULL), 0);
}

/* ---- costs --------------------------------------------------------------------------------- */

static unsigned long long now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long long)t.tv_sec * 1000000000ull + (unsigned long long)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    unsigned long long x = *(const unsigned long long *)a, y = *(const unsigned long long *)b;

    return x < y ? -1 : x > y;
}

/* Median of rounds of 1000 of: connect, accept, close, close. */
static unsigned long long connect_ns(void)
{
    unsigned long long rounds[15];

    for (size_t i = 0; i < 15; i++) {
        unsigned long long start = now_ns();
        for (int k = 0; k < 1000; k++) {
            int client = sock_connect(path);
            close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
            close(client);
        }
        rounds[i] = (now_ns() - start) / 1000;
    }
    qsort(rounds, 15, sizeof *rounds, by_value);
    return rounds[7];
}

static unsigned long long caller_ns(void)
{
    struct vsecm_caller caller;
    int client = sock_connect(path), accepted = accept_one(), times = 20000;
    unsigned long long start = now_ns();

    for (int i = 0; i < times; i++)
        CHECK_EQ_INT(attest_caller(attest, accepted, &caller), 0);
    start = now_ns() - start;
    close(accepted);
    close(client);
    return start / (unsigned long long)times;
}

/* What a program on getsockopt() costs everybody else. */
static unsigned long long getsockopt_ns(void)
{
    int times = 200000, value;
    socklen_t size = sizeof value;
    unsigned long long start = now_ns();

    for (int i = 0; i < times; i++)
        CHECK(getsockopt(listener, SOL_SOCKET, SO_ERROR, &value, &size) == 0);
    return (now_ns() - start) / (unsigned long long)times;
}

/* ---- running ------------------------------------------------------------------------------- */

/* Everything after this runs on the real kernel; 0, or 1 when it cannot even start. */
static int set_up(void)
{
    struct error error = {""};

    if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
        return 1;
    snprintf(path, sizeof path, "%s/sock", dir);
    snprintf(top, sizeof top, "vsecm-test.%d", getpid());
    cgroup_root = cgroupfs_open_root(NULL);
    listener = sock_listen(path, 0666, 128, &error);
    if (cgroup_root < 0 || listener < 0 || fcntl(listener, F_SETFL, 0) < 0) {
        printf("Bail out! %s\n", listener < 0 ? error.text : "no cgroup2 root");
        return 1;
    }
    join(OURS);
    unsigned long long without = connect_ns(), option = getsockopt_ns();
    attest = open_tier(&error);
    if (!attest) {
        printf("Bail out! %s\n", error.text);
        return 1;
    }
    unsigned long long loaded = connect_ns();
    if (attest_watch(attest, listener) < 0)
        return 1;
    printf("# connect+accept+close: %llu ns without, %llu ns loaded, %llu ns watched; "
           "attest_caller %llu ns\n",
           without, loaded, connect_ns(), caller_ns());
    printf("# getsockopt of others: %llu ns without, %llu ns loaded\n", option, getsockopt_ns());
    return 0;
}

static void tear_down(void)
{
    attest_free(attest);
    if (listener >= 0)
        close(listener);
    unlink(path);
    rmdir(dir);
    if (cgroup_root >= 0)
        remove_cgroups();
}

static int refuses(int count, char **words)
{
    struct attest_options options = {.canary_dir = "/tmp"};
    struct error error = {""};
    char why[256];
    int failed = attest_parse_tier(words[0], &options.tier) < 0 ||
                 attest_open(&options, &attest, why, &error) == 0;

    printf("%sok - %s is refused\n# %s\n", failed ? "not " : "", words[0], error.text);
    for (int i = 1; i < count; i++) {
        bool said = strstr(error.text, words[i]);
        printf("%sok - the reason holds \"%s\"\n", said ? "" : "not ", words[i]);
        failed |= !said;
    }
    return failed;
}

int main(int count, char **words)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count > 2 && strcmp(words[1], "missing") == 0)
        return refuses(count - 2, words + 2);
    if (geteuid() != 0) {
        puts("1..0 # SKIP loading BPF programs needs root");
        return 0;
    }
    if (count > 1 && attest_parse_tier(words[1], &tier) == 0) {
        count--;
        words++;
    }
    check_state.pid = getpid();
    int failed = set_up();
    if (!failed)
        failed = check_run(count, words);
    tear_down();
    return failed;
}
