/* SPDX-License-Identifier: BSD-2-Clause */
/* Who sent what was received: real sockets, processes, cgroups (root). */
#include "kernel/sender.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/build.h"
#include "base/error.h"
#include "daemon/seccomp.h"
#include "node/cgroupfs.h"
#include "serve/receive.h"
#include "tests/unit/check.h"
#include "tests/unit/sends.h"

static int root = -1;
static int pair[2];
static char data[64];
static struct received received;
static char ours[32], others[32]; /* cgroups below the root */

/* ---- cgroups ------------------------------------------------------------------------------- */

static void join(const char *cgroup)
{
    char path[64];
    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    int fd = openat(root, path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, "0", 1) == 1);
    close(fd);
}

static uint64_t id_of(const char *cgroup)
{
    struct stat st;
    CHECK_EQ_INT(fstatat(root, cgroup, &st, 0), 0);
    return st.st_ino;
}

static void make(char *name, size_t size, const char *kind)
{
    snprintf(name, size, "sender-%s.%d", kind, getpid());
    CHECK_EQ_INT(mkdirat(root, name, 0755), 0);
}

/* What the exit of a process leaves busy is free a moment later. */
static void remove_one(const char *cgroup)
{
    for (int i = 0; i < 100 && unlinkat(root, cgroup, AT_REMOVEDIR) < 0 && errno == EBUSY; i++)
        usleep(10000);
}

static void leave(void)
{
    join(".");
    remove_one(ours);
    remove_one(others);
}

static void begin(void)
{
    if (root < 0)
        root = cgroupfs_open_root(NULL);
    if (geteuid() != 0 || root < 0)
        CHECK_SKIP("needs root and cgroup2");
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    if (sender_watch(pair[0]) == -ENOPROTOOPT)
        CHECK_SKIP("the kernel has no SO_PASSPIDFD");
    if (!ours[0])
        atexit(leave); /* of a test that failed */
    make(ours, sizeof ours, "ours");
    make(others, sizeof others, "others");
    join(ours);
    received = (struct received){0};
}

static void end(void)
{
    close(pair[0]);
    close(pair[1]);
    leave();
}

/* ---- senders ------------------------------------------------------------------------------- */

/* A process that goes to CGROUP, in namespaces of its own as FLAGS say, sends TEXT and waits. */
static pid_t sends_from(const char *cgroup, const char *text, unsigned long long flags)
{
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
    int ready[2];
    char byte = 0;
    CHECK_EQ_INT(pipe(ready), 0);
    pid_t pid = (pid_t)syscall(__NR_clone3, &args, sizeof args);
    CHECK(pid >= 0);
    if (pid == 0) {
        join(cgroup);
        if (write(pair[1], text, strlen(text)) < 0 || write(ready[1], &byte, 1) < 0)
            _exit(1);
        pause();
    }
    CHECK_EQ_INT(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void ends(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK_EQ_INT(waitpid(pid, NULL, 0), pid);
}

static uint64_t receive(ssize_t length)
{
    uint64_t sender = 1234;
    CHECK_EQ_INT(receive_bytes(pair[0], data, sizeof data, &received, &sender), length);
    return sender;
}

TEST(of_our_cgroup_and_of_another)
{
    begin();
    CHECK_EQ_INT(write(pair[1], "a", 1), 1);
    CHECK_EQ_INT(receive(1), id_of(ours));
    pid_t pid = sends_from(others, "bc", 0);
    CHECK_EQ_INT(receive(2), id_of(others));
    ends(pid);
    pid = sends_from(others, "bc", CLONE_NEWPID | CLONE_NEWCGROUP);
    CHECK_EQ_INT(receive(2), id_of(others));
    ends(pid);
    end();
}

/* The kernel never puts two senders' bytes together. */
TEST(two_senders_in_one_socket)
{
    begin();
    CHECK_EQ_INT(write(pair[1], "a", 1), 1);
    pid_t pid = sends_from(others, "bc", 0);
    CHECK_EQ_INT(receive(1), id_of(ours));
    CHECK(received.may_have_more);
    CHECK_EQ_INT(receive(2), id_of(others));
    CHECK(!received.may_have_more);
    CHECK_EQ_INT(receive(-EAGAIN), 0);
    ends(pid);
    end();
}

TEST(one_that_has_ended)
{
    begin();
    ends(sends_from(others, "a", 0));
    uint64_t id = receive(1);
    if (!id)
        printf("# this kernel forgets whoever ended: refused\n");
    else
        CHECK_EQ_INT(id, id_of(others));
    end();
}

TEST(no_descriptor_is_left)
{
    begin();
    unsigned before = sends_open_files();
    sends_files(pair[1], "a", 3);
    CHECK_EQ_INT(receive(1), id_of(ours));
    CHECK(!received.is_cut && received.count == 0);
    sends_files(pair[1], "a", 32); /* no room is left for the sender */
    CHECK_EQ_INT(receive(1), 0);
    CHECK_EQ_INT(sends_open_files(), before);
    received.max = 16;
    sends_files(pair[1], "a", 16);
    CHECK_EQ_INT(receive(1), id_of(ours));
    CHECK(!received.is_cut && received.count == 16);
    receive_end(&received);
    CHECK_EQ_INT(sends_open_files(), before);
    end();
}

/* From the inside of a pid namespace nothing is told of whoever is outside. */
static void receive_inside(void *outside)
{
    uint64_t sender = 1;
    struct error error = {""};
    CHECK_EQ_INT(unshare(CLONE_NEWPID), 0);
    pid_t pid = fork();
    if (pid == 0) {
        CHECK_EQ_INT(receive_bytes(pair[0], data, sizeof data, &received, &sender), 1);
        CHECK_EQ_INT(sender, 0);
        CHECK_EQ_INT(sender_prove(sender_cgroup, *(uint64_t *)outside, &error), -EREMOTE);
        CHECK(strstr(error.text, "hostPID: true") != NULL);
        _exit(0);
    }
    int status = 1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(from_outside_of_our_pid_namespace)
{
    begin();
    uint64_t id = id_of(ours);
    CHECK_EQ_INT(write(pair[1], "a", 1), 1);
    CHECK_EQ_INT(check_child(receive_inside, &id), 0);
    end();
}

static void receive_filtered(void *unused)
{
    (void)unused;
    uint64_t id = id_of(ours);
    CHECK_EQ_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ_INT(seccomp_install(), 0);
    CHECK_EQ_INT(receive(1), id);
}

TEST(behind_the_system_call_filter)
{
    if (BUILD_SANITIZED)
        CHECK_MOOT("a sanitizer makes other system calls");
    begin();
    CHECK_EQ_INT(write(pair[1], "a", 1), 1);
    int status = check_child(receive_filtered, NULL);
    end();
    CHECK_EQ_INT(status, 0);
}

/* ---- the proof ----------------------------------------------------------------------------- */

static uint64_t told;

static int tells(int pidfd, uint64_t *ret)
{
    (void)pidfd;
    *ret = told;
    return 0;
}

static int knows_not(int pidfd, uint64_t *ret)
{
    (void)pidfd, (void)ret;
    return -ENOTTY;
}

TEST(what_is_proven)
{
    struct error error = {""};
    begin();
    uint64_t own = id_of(ours);
    struct stat ns;
    CHECK_EQ_INT(stat("/proc/self/ns/pid", &ns), 0);
    if (ns.st_ino != 0xEFFFFFFCu) {
        end();
        CHECK_SKIP("not in the initial pid namespace");
    }
    CHECK_EQ_INT(sender_prove(sender_cgroup, own, &error), 0);
    CHECK_EQ_INT(sender_prove(sender_cgroup, own + 1, &error), -EPROTO);
    CHECK_EQ_INT(sender_prove(knows_not, own, &error), -ENOTTY);
    CHECK(strstr(error.text, "Linux 6.13") != NULL);
    told = own; /* what some kernels do: the asker's */
    CHECK_EQ_INT(sender_prove(tells, own, &error), -EPROTO);
    CHECK(strstr(error.text, "gives the asker's") != NULL);
    told = 1; /* it says of everybody that they are in the root */
    CHECK_EQ_INT(sender_prove(tells, own, &error), -EPROTO);
    CHECK_EQ_INT(sender_prove(tells, 1, &error), -EOPNOTSUPP);
    CHECK(strstr(error.text, "cgroup of its own") != NULL);
    end();
}

TEST(names_of_the_option)
{
    enum sender_option option = SENDER_NO;
    CHECK_EQ_INT(sender_parse("yes", &option), 0);
    CHECK_EQ_INT(option, SENDER_YES);
    CHECK_EQ_INT(sender_parse("on", &option), -EINVAL);
}

CHECK_MAIN
