/* SPDX-License-Identifier: BSD-2-Clause */
/* A process of a pod, and all the ways of looking into one. */
#ifndef VSECM_TESTS_VM_GUARD_VISITOR_H
#define VSECM_TESTS_VM_GUARD_VISITOR_H

#include "vm/guard_node.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* A process that has connected, and waits until it is killed. */
struct visitor {
    pid_t pid;
    int accepted;
    struct vsecm_caller caller;
};

static int visitor_socket = 100; /* the number of its connection's descriptor */

static inline struct visitor visit(const char *place, int pair)
{
    struct visitor visitor = {.pid = fork()};
    CHECK(visitor.pid >= 0);
    if (visitor.pid == 0) {
        join(place);
        int fd = sock_connect(path);
        dup2(fd, visitor_socket);
        if (pair >= 0)
            dup2(pair, 101);
        for (;;)
            pause();
    }
    visitor.accepted = accept_one();
    CHECK_EQ_INT(attest_caller(attest, visitor.accepted, &visitor.caller), 0);
    struct vsecm_domain domain = domain_of(POD);
    if (strncmp(place, POD, strlen(POD)) == 0)
        CHECK_EQ_INT(guard_place(attest, visitor.caller.cgroup_id, &domain), 0);
    usleep(20000); /* until its descriptors have their numbers */
    return visitor;
}

static inline void leave(struct visitor visitor)
{
    close(visitor.accepted);
    kill(visitor.pid, SIGKILL);
    CHECK(waitpid(visitor.pid, NULL, 0) == visitor.pid);
}

/* ---- looking ------------------------------------------------------------------------------- */

static inline int attach(void *context)
{
    return as_errno(ptrace(PTRACE_SEIZE, *(pid_t *)context, 0, 0));
}

static inline int open_of(pid_t pid, const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "/proc/%d/%s", pid, name);
    return as_errno(open(file, O_RDONLY | O_CLOEXEC));
}

static inline int open_mem(void *context)
{
    return open_of(*(pid_t *)context, "mem");
}

static inline int open_environ(void *context)
{
    char byte;
    char file[64];
    snprintf(file, sizeof file, "/proc/%d/environ", *(pid_t *)context);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? errno : as_errno(read(fd, &byte, 1));
}

static inline int open_maps(void *context)
{
    return open_of(*(pid_t *)context, "maps");
}

static inline int open_root(void *context)
{
    return open_of(*(pid_t *)context, "root");
}

static inline int open_descriptor(void *context)
{
    return open_of(*(pid_t *)context, "fd/0");
}

static inline int peek(void *context)
{
    char bytes[16];
    struct iovec mine = {bytes, sizeof bytes}, theirs = {(void *)(uintptr_t)&last_event, 16};
    return as_errno(process_vm_readv(*(pid_t *)context, &mine, 1, &theirs, 1, 0));
}

static attempt *const looks[] = {attach,    open_mem,        open_environ, open_maps,
                                 open_root, open_descriptor, peek};
#define LOOKS (sizeof looks / sizeof *looks)

static inline void check_open_to_all(pid_t pid)
{
    for (size_t i = 0; i < LOOKS; i++) {
        int r = in(OTHER, looks[i], &pid);
        if (r)
            check_fail(__FILE__, __LINE__, "look %zu: %s", i, strerror(r));
    }
}

static inline void check_shielded(pid_t pid, uint32_t why)
{
    for (size_t i = 0; i < LOOKS; i++) {
        uint64_t before = denied(VSECM_HOOK_PTRACE, why);
        int r = in(OTHER, looks[i], &pid);
        if (r != EPERM && r != EACCES)
            check_fail(__FILE__, __LINE__, "look %zu: %s", i, strerror(r));
        CHECK(denied(VSECM_HOOK_PTRACE, why) > before);
    }
    drain();
    CHECK_EQ_INT(last_event.target, pid);
}

static inline struct vsecm_process process_of(const struct vsecm_caller *caller)
{
    return (struct vsecm_process){.pid = caller->pid, .start_boottime = caller->start_boottime};
}

#endif
