/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/hook_op.h"

#include "bench/ratio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 9u /* an interrupted one must not count */

/* What the operations work on. */
struct bed {
    char dir[32], file[48], other[48];
    struct sockaddr_un address;
    socklen_t address_length;
    int listener, fd, pair[2];
};

typedef int operation(struct bed *bed); /* 0 or -errno */

/* Both ends in one process: with two, what waking one another costs would hide what hooks cost. */
static int do_connect(struct bed *bed)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted = -1;

    if (client >= 0 &&
        connect(client, (const struct sockaddr *)&bed->address, bed->address_length) == 0)
        accepted = accept4(bed->listener, NULL, NULL, SOCK_CLOEXEC);
    int r = accepted < 0 ? -errno : 0;
    if (accepted >= 0)
        close(accepted);
    if (client >= 0)
        close(client);
    return r;
}

static int do_getsockopt(struct bed *bed)
{
    int type;
    socklen_t length = sizeof(type);

    return getsockopt(bed->listener, SOL_SOCKET, SO_TYPE, &type, &length) ? -errno : 0;
}

static int do_open(struct bed *bed)
{
    int fd = open(bed->file, O_RDONLY | O_CLOEXEC);
    return fd < 0 || close(fd) ? -errno : 0;
}

static int do_mmap(struct bed *bed)
{
    void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, bed->fd, 0);
    return page == MAP_FAILED || munmap(page, 4096) ? -errno : 0;
}

static int do_fork(struct bed *bed)
{
    pid_t pid = fork();

    (void)bed;
    if (pid == 0)
        _exit(0);
    return pid < 0 || waitpid(pid, NULL, 0) != pid ? -errno : 0;
}

static int do_receive(struct bed *bed)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char byte = 0;
    struct iovec piece = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int fd;

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &bed->fd, sizeof(int));
    if (sendmsg(bed->pair[0], &message, MSG_NOSIGNAL) != 1 ||
        recvmsg(bed->pair[1], &message, MSG_CMSG_CLOEXEC) != 1)
        return -errno;
    header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS)
        return -EBADMSG;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    close(fd);
    return 0;
}

static int do_rename(struct bed *bed)
{
    int fd = open(bed->other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char name[64];

    snprintf(name, sizeof(name), "%s.new", bed->other);
    if (fd < 0 || close(fd) || rename(bed->other, name) || unlink(name))
        return -errno;
    return 0;
}

static int do_flock(struct bed *bed)
{
    return flock(bed->fd, LOCK_EX) || flock(bed->fd, LOCK_UN) ? -errno : 0;
}

static const struct {
    operation *work;
    unsigned times; /* in a batch: some ten milliseconds */
} operations[HOOK_KINDS] = {
    [HOOK_CONNECT] = {do_connect, 1000}, [HOOK_GETSOCKOPT] = {do_getsockopt, 20000},
    [HOOK_OPEN] = {do_open, 4000},       [HOOK_MMAP] = {do_mmap, 4000},
    [HOOK_FORK] = {do_fork, 60},         [HOOK_RECEIVE] = {do_receive, 4000},
    [HOOK_RENAME] = {do_rename, 1000},   [HOOK_FLOCK] = {do_flock, 8000},
};

static int listen_somewhere(struct bed *bed)
{
    bed->address.sun_family = AF_UNIX;
    snprintf(bed->address.sun_path, sizeof(bed->address.sun_path), "%s/socket", bed->dir);
    bed->address_length = sizeof(bed->address);
    bed->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bed->listener < 0 ||
        bind(bed->listener, (const struct sockaddr *)&bed->address, bed->address_length) ||
        listen(bed->listener, 8))
        return -errno;
    return 0;
}

static int make_bed(struct bed *bed)
{
    *bed =
        (struct bed){.dir = "/tmp/vsecm-hooks.XXXXXX", .listener = -1, .fd = -1, .pair = {-1, -1}};
    if (!mkdtemp(bed->dir)) {
        bed->dir[0] = '\0';
        return -errno;
    }
    snprintf(bed->file, sizeof(bed->file), "%s/file", bed->dir);
    snprintf(bed->other, sizeof(bed->other), "%s/other", bed->dir);
    bed->fd = open(bed->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (bed->fd < 0 || ftruncate(bed->fd, 4096) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bed->pair))
        return -errno;
    return listen_somewhere(bed);
}

static void remove_bed(struct bed *bed)
{
    const int fds[] = {bed->listener, bed->fd, bed->pair[0], bed->pair[1]};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (!bed->dir[0])
        return;
    if (bed->address.sun_path[0])
        unlink(bed->address.sun_path);
    unlink(bed->file);
    rmdir(bed->dir);
}

/*
 * Processor time of this process and of children that ended: what others on the processor take is
 * no hook's cost, and nothing here waits for anything but its own child.
 */
static uint64_t spent_ns(void)
{
    struct timespec own;
    struct rusage children;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return (uint64_t)own.tv_sec * 1000000000u + (uint64_t)own.tv_nsec +
           (uint64_t)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000u;
}

static int time_one(struct bed *bed, enum hook_kind kind, unsigned divisor, double *ret)
{
    unsigned times = (operations[kind].times + divisor - 1) / divisor;
    double ns[BATCHES];
    int r = 0;

    for (unsigned batch = 0; batch < BATCHES; batch++) {
        uint64_t began = spent_ns();
        for (unsigned i = 0; i < times && r == 0; i++)
            r = operations[kind].work(bed);
        if (r)
            return r;
        ns[batch] = (double)(spent_ns() - began) / times;
    }
    *ret = ratio_of(ns, BATCHES).median;
    return 0;
}

int hook_op_time(void *shared, struct error *error)
{
    struct hook_times *times = shared;
    struct bed bed;
    int r = make_bed(&bed);

    if (r)
        error_errno(error, r, "cannot set files up under /tmp");
    for (enum hook_kind kind = 0; kind < HOOK_KINDS && r == 0; kind++) {
        r = time_one(&bed, kind, times->divisor, &times->ns[kind]);
        if (r)
            error_errno(error, r, "%s", results_hook_name(kind));
    }
    remove_bed(&bed);
    return r;
}
