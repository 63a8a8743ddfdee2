/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/seccomp.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#define OUR_ARCH 0u
#endif

/* Calls that may be made with any arguments. */
static const uint32_t allowed[] = {
#ifdef __x86_64__ /* the older forms, which other machines never had */
    __NR_epoll_wait, __NR_poll, __NR_unlink, __NR_rename, __NR_access, __NR_chmod,
#endif
    /* the loop */
    __NR_epoll_pwait, __NR_epoll_pwait2, __NR_epoll_ctl, __NR_clock_gettime, __NR_nanosleep,
    __NR_clock_nanosleep, __NR_ppoll, __NR_timerfd_settime, __NR_restart_syscall,
    /* connections */
    __NR_accept4, __NR_recvfrom, __NR_recvmsg, __NR_sendto, __NR_sendmsg, __NR_shutdown, __NR_bind,
    __NR_listen, __NR_connect, __NR_getsockopt, __NR_setsockopt, __NR_getsockname, __NR_getpeername,
    /* descriptors and files */
    __NR_read, __NR_write, __NR_readv, __NR_writev, __NR_pread64, __NR_pwrite64, __NR_close,
    __NR_fcntl, __NR_openat, __NR_newfstatat, __NR_fstat, __NR_faccessat, __NR_faccessat2,
    __NR_lseek, __NR_fallocate, __NR_ftruncate, __NR_fsync, __NR_fdatasync, __NR_flock, __NR_fchmod,
    __NR_fchmodat, __NR_unlinkat, __NR_renameat, __NR_renameat2, __NR_mkdirat, __NR_getdents64,
    __NR_statfs, __NR_fstatfs,
    /* memory */
    __NR_munmap, __NR_mremap, __NR_madvise, __NR_mincore, __NR_mlock, __NR_mlock2, __NR_munlock,
    __NR_brk, __NR_memfd_secret, __NR_memfd_create, __NR_getrandom,
    /* the C library: locks, signals; qsort() asks for the size of the memory */
    __NR_futex, __NR_set_robust_list, __NR_rt_sigreturn, __NR_rt_sigprocmask, __NR_rt_sigaction,
    __NR_sysinfo, __NR_getpid, __NR_gettid, __NR_getuid, __NR_geteuid, __NR_getgid, __NR_getegid,
    __NR_exit, __NR_exit_group};

/* Calls that one argument decides on: it must be one of VALUES, or have no bit of them. */
enum test { ONE_OF, NO_BITS };

#define OWN_PID UINT32_MAX /* stands for the process itself */

static const struct checked {
    uint32_t number;
    unsigned argument;
    enum test test;
    unsigned count;
    uint32_t values[5];
} checked[] = {
    {__NR_mmap, 2, NO_BITS, 1, {PROT_EXEC}},
    {__NR_mprotect, 2, NO_BITS, 1, {PROT_EXEC}},
    {__NR_socket, 0, ONE_OF, 1, {AF_UNIX}},
    {__NR_bpf,
     0,
     ONE_OF,
     5,
     {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
      BPF_OBJ_GET_INFO_BY_FD}},
    {__NR_tgkill, 0, ONE_OF, 1, {OWN_PID}}, /* abort() */
    {__NR_ioctl, 1, ONE_OF, 1, {TCGETS}},   /* stdio asks whether it writes to a terminal */
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define PROGRAM_MAX (4 + 2 * COUNT(allowed) + 9 * COUNT(checked) + 1)

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned short length;
};

static void load(struct program *program, size_t offset)
{
    program->code[program->length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void answer(struct program *program, uint32_t action)
{
    program->code[program->length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

static void jump(struct program *program, unsigned condition, uint32_t value, unsigned when_true,
                 unsigned when_false)
{
    program->code[program->length++] =
        (struct sock_filter){.code = (unsigned short)(BPF_JMP | BPF_K | condition),
                             .jt = (unsigned char)when_true,
                             .jf = (unsigned char)when_false,
                             .k = value};
}

/*
 * The kernel looks at the lower half of these arguments only, as int, and so does the filter; but
 * PROT_EXEC is tested in an unsigned long, whose upper half has no meaning to the kernel either.
 */
static void add_checked(struct program *program, const struct checked *rule)
{
    size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;
    unsigned body = 1 + rule->count + 2;

    jump(program, BPF_JEQ, rule->number, 0, body);
    load(program, offsetof(struct seccomp_data, args) + 8 * rule->argument + low);
    for (unsigned i = 0; i < rule->count; i++) {
        uint32_t value = rule->values[i] == OWN_PID ? (uint32_t)getpid() : rule->values[i];
        /* Over the values that are left and the refusal, to the answer that allows. */
        if (rule->test == ONE_OF)
            jump(program, BPF_JEQ, value, rule->count - i, 0);
        else
            jump(program, BPF_JSET, value, rule->count - 1 - i, i + 1 == rule->count);
    }
    answer(program, SECCOMP_RET_KILL_PROCESS);
    answer(program, SECCOMP_RET_ALLOW);
}

static void build(struct program *program)
{
    program->length = 0;
    load(program, offsetof(struct seccomp_data, arch));
    jump(program, BPF_JEQ, OUR_ARCH, 1, 0);
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT(allowed); i++) {
        jump(program, BPF_JEQ, allowed[i], 0, 1);
        answer(program, SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < COUNT(checked); i++)
        add_checked(program, &checked[i]);
    answer(program, SECCOMP_RET_KILL_PROCESS);
}

int seccomp_install(void)
{
    struct program program;
    if (!OUR_ARCH)
        return -ENOSYS;
    build(&program);
    struct sock_fprog prog = {.len = program.length, .filter = program.code};
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog);
    /* Positive: the thread that could not follow. */
    return r < 0 ? -errno : r > 0 ? -EBUSY : 0;
}
