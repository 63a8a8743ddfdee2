/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls that reach into another process: a shielded one of the victim's, and the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"

static pid_t target_of(const struct attack_context *context)
{
    return context->argument ? context->world->daemon : context->shielded->pid;
}

/* Whether the stopped process lets its memory be read; the daemon's is not known. */
static int peek(const struct attack_context *context)
{
    pid_t pid = target_of(context);
    char text[sizeof(long) + 1] = "";

    errno = 0;
    if (!context->argument) {
        long word = ptrace(PTRACE_PEEKDATA, pid, (void *)context->shielded->memory, NULL);
        if (errno)
            return attack_errno("peek");
        memcpy(text, &word, sizeof word);
    }
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return context->argument || !strncmp(text, context->shielded->in_memory, sizeof(long))
               ? 0
               : attack_failed("not its memory");
}

static int attach(const struct attack_context *context)
{
    if (ptrace(PTRACE_ATTACH, target_of(context), NULL, NULL) < 0)
        return attack_errno("attach");
    waitpid(target_of(context), NULL, __WALL);
    return peek(context);
}

static int seize(const struct attack_context *context)
{
    if (ptrace(PTRACE_SEIZE, target_of(context), NULL, NULL) < 0)
        return attack_errno("seize");
    if (ptrace(PTRACE_INTERRUPT, target_of(context), NULL, NULL) < 0)
        return attack_errno("interrupt");
    waitpid(target_of(context), NULL, __WALL);
    return peek(context);
}

static int read_memory(const struct attack_context *context)
{
    char text[64] = "";
    struct iovec local = {text, sizeof text - 1};
    struct iovec remote = {(void *)context->shielded->memory, sizeof text - 1};

    if (context->argument)
        remote.iov_base = (void *)0x1000; /* nothing is there: EFAULT says that it might look */
    if (process_vm_readv(target_of(context), &local, 1, &remote, 1, 0) < 0)
        return errno == EFAULT && context->argument ? 0 : attack_errno("process_vm_readv");
    return strstr(text, context->shielded->in_memory) ? 0 : attack_failed("not its memory");
}

static int write_memory(const struct attack_context *context)
{
    struct iovec local = {(char *)(uintptr_t)context->shielded->in_memory, 4};
    struct iovec remote = {(void *)context->shielded->memory, 4};

    if (context->argument)
        remote.iov_base = (void *)0x1000;
    if (process_vm_writev(target_of(context), &local, 1, &remote, 1, 0) < 0)
        return errno == EFAULT && context->argument ? 0 : attack_errno("process_vm_writev");
    return 0;
}

static int open_process(const struct attack_context *context)
{
    return (int)syscall(SYS_pidfd_open, target_of(context), 0);
}

/* Push the page out to swap, where its secret could be read. */
static int page_out(const struct attack_context *context)
{
    struct iovec range = {(void *)context->shielded->memory, 4096};

    if (syscall(SYS_process_madvise, open_process(context), &range, 1, MADV_PAGEOUT, 0) < 0)
        return attack_errno("process_madvise");
    return 0;
}

static int observe(const struct attack_context *context)
{
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof event,
                                    .config = PERF_COUNT_SW_PAGE_FAULTS,
                                    .sample_period = 1,
                                    .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR,
                                    .exclude_kernel = 1};
    long fd = syscall(SYS_perf_event_open, &event, target_of(context), -1, -1, 0);

    if (fd < 0 && errno == ENOSYS)
        return attack_absent("no perf_event_open");
    return fd < 0 ? attack_errno("perf_event_open") : 0;
}

static int compare(const struct attack_context *context)
{
    if (syscall(SYS_kcmp, getpid(), target_of(context), KCMP_VM, 0, 0) >= 0)
        return 0;
    return errno == ENOSYS ? attack_absent("no kcmp") : attack_errno("kcmp");
}

static int robust_list(const struct attack_context *context)
{
    void *head;
    size_t length;

    if (syscall(SYS_get_robust_list, target_of(context), &head, &length) < 0)
        return attack_errno("get_robust_list");
    return 0;
}

/* Its mounts become the attacker's: its files in memory with them. */
static int enter_by_proc(const struct attack_context *context)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/ns/mnt", target_of(context));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return attack_errno("ns/mnt");
    return setns(fd, CLONE_NEWNS) < 0 ? attack_errno("setns") : 0;
}

static int enter_by_pidfd(const struct attack_context *context)
{
    return setns(open_process(context), CLONE_NEWNS) < 0 ? attack_errno("setns") : 0;
}

static int stop(const struct attack_context *context)
{
    if (kill(target_of(context), SIGSTOP) < 0)
        return attack_errno("kill");
    return kill(target_of(context), SIGCONT) < 0 ? attack_errno("kill") : 0;
}

static int end(const struct attack_context *context)
{
    return kill(target_of(context), SIGKILL) < 0 ? attack_errno("kill") : 0;
}

static int set_core_pattern(const char *pattern)
{
    int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? attack_absent("no core files") : attack_errno("core_pattern");
    int word = write(fd, pattern, strlen(pattern)) < 0 ? attack_errno("core_pattern") : 0;
    close(fd);
    return word;
}

static int raise_core_limit(const struct attack_context *context)
{
    struct rlimit endless = {RLIM_INFINITY, RLIM_INFINITY};

    if (prlimit(target_of(context), RLIMIT_CORE, &endless, NULL) < 0)
        return attack_errno("prlimit");
    return 0;
}

/* Its end by a signal leaves /tmp/core-of-PID, or not. */
static int abort_it(const struct attack_context *context)
{
    char path[64];

    if (kill(target_of(context), SIGABRT) < 0)
        return attack_errno("kill");
    snprintf(path, sizeof path, "/tmp/core-of-%d", target_of(context));
    for (int i = 0; i < 100; i++, usleep(20000))
        if (access(path, F_OK) == 0)
            return unlink(path);
    return -EPERM;
}

/* A core of the process, written where the attacker says. */
static int dump(const struct attack_context *context)
{
    int word = set_core_pattern("/tmp/core-of-%p");

    if (word == 0)
        word = raise_core_limit(context);
    return word ? word : abort_it(context);
}

/* The same, piped to a program, for which most limits are none: a limit that stays is no hindrance.
 */
static int dump_to_program(const struct attack_context *context)
{
    int word = set_core_pattern("|/bin/busybox dd of=/tmp/core-of-%p");

    if (word)
        return word;
    raise_core_limit(context);
    return abort_it(context);
}

/* A process that the attacker started and traces asks for a shield: too late for it. */
static int trace_first(const struct attack_context *context)
{
    pid_t child = fork();

    (void)context;
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        int fd = client_connect(WORLD_SOCKET);
        if (fd >= 0)
            client_shield(fd, 0);
        raise(SIGSTOP);
        _exit(0);
    }
    static long secret = 4711;
    waitpid(child, NULL, 0);
    ptrace(PTRACE_CONT, child, NULL, NULL);
    waitpid(child, NULL, 0);
    errno = 0;
    long seen = ptrace(PTRACE_PEEKDATA, child, &secret, NULL);
    int word = errno ? attack_errno("peek") : seen == secret ? 0 : attack_failed("not its memory");
    kill(child, SIGKILL);
    return word;
}

static const struct attack table[] = {
    {"ptrace-attach", "a shielded process", attach, {US, US}, {OPEN, OPEN}, CONTROL_OFF, 0, NULL},
    {"ptrace-seize", "a shielded process", seize, {US, US}, {OPEN, OPEN}, CONTROL_OFF, 0, NULL},
    {"ptrace-traceme",
     "a process traced before it asked for its shield",
     trace_first,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"process-vm-readv",
     "the memory of a shielded process",
     read_memory,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"process-vm-writev",
     "the memory of a shielded process",
     write_memory,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"process-madvise",
     "the memory of a shielded process, to be swapped out",
     page_out,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"perf-event-open",
     "the addresses of a shielded process",
     observe,
     {US, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"kcmp",
     "what a shielded process shares",
     compare,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"get-robust-list",
     "an address in a shielded process",
     robust_list,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"setns-proc",
     "the mounts of a shielded process, by /proc",
     enter_by_proc,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"setns-pidfd",
     "the mounts of a shielded process, by pidfd",
     enter_by_pidfd,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"signal-stop",
     "a shielded process, to be stopped",
     stop,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"core-dump",
     "the memory of a shielded process, in a core file",
     dump,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"core-dump-pipe",
     "the memory of a shielded process, piped to a program",
     dump_to_program,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"daemon-ptrace-attach", "the daemon", attach, {OTHER, US}, {OTHER, OPEN}, CONTROL_OFF, 0, "D"},
    {"daemon-ptrace-seize", "the daemon", seize, {OTHER, US}, {OTHER, OPEN}, CONTROL_OFF, 0, "D"},
    {"daemon-process-vm-readv",
     "the daemon's memory",
     read_memory,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     "D"},
    {"daemon-process-vm-writev",
     "the daemon's memory",
     write_memory,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     "D"},
    {"daemon-perf-event-open",
     "the daemon's addresses",
     observe,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     "D"},
    {"daemon-setns",
     "the daemon's mounts",
     enter_by_pidfd,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     "D"},
    {"daemon-core-dump",
     "the daemon's memory, in a core file",
     dump,
     {OTHER, US},
     {OTHER, OTHER},
     CONTROL_OFF,
     BREAKS,
     "D"},
    {"daemon-kill",
     "the daemon's life",
     end,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     BREAKS,
     "D"},
};

const struct attack_table attack_trace = {table, sizeof table / sizeof *table};
