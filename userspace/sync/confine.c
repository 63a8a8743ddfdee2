/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/confine.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/build.h"
#include "base/error.h"
#include "base/filter.h"

#define DESCRIPTORS 256u /* probes, a few connections, files while they are read */

/* ---- the filter --------------------------------------------------------------------------------
 */

static const uint32_t allowed[] = {
#ifdef __x86_64__ /* the older forms, which other machines never had */
    __NR_epoll_wait, __NR_poll, __NR_access, __NR_open, __NR_stat, __NR_lstat, __NR_readlink,
    __NR_pipe, __NR_getrlimit,
#endif
    /* the loop */
    __NR_epoll_pwait, __NR_epoll_pwait2, __NR_epoll_ctl, __NR_epoll_create1, __NR_clock_gettime,
    __NR_clock_nanosleep, __NR_nanosleep, __NR_ppoll, __NR_timerfd_create, __NR_timerfd_settime,
    __NR_restart_syscall,
    /* connections */
    __NR_accept4, __NR_recvfrom, __NR_recvmsg, __NR_sendto, __NR_sendmsg, __NR_sendmmsg,
    __NR_shutdown, __NR_bind, __NR_connect, __NR_getsockopt, __NR_setsockopt, __NR_getsockname,
    __NR_getpeername, __NR_socketpair, __NR_pipe2, __NR_eventfd2,
    /* descriptors and files that are read */
    __NR_read, __NR_write, __NR_readv, __NR_writev, __NR_pread64, __NR_close, __NR_fcntl,
    __NR_openat, __NR_newfstatat, __NR_fstat, __NR_statx, __NR_faccessat, __NR_faccessat2,
    __NR_readlinkat, __NR_lseek, __NR_getdents64,
    /* memory */
    __NR_munmap, __NR_mremap, __NR_madvise, __NR_mlock, __NR_munlock, __NR_brk, __NR_getrandom,
    /* the C library, OpenSSL; names are looked up in threads */
    __NR_futex, __NR_set_robust_list, __NR_rseq, __NR_rt_sigreturn, __NR_rt_sigprocmask,
    __NR_rt_sigaction, __NR_sigaltstack, __NR_sysinfo, __NR_uname, __NR_sched_getaffinity,
    __NR_sched_yield, __NR_getpid, __NR_gettid, __NR_getuid, __NR_geteuid, __NR_getgid,
    __NR_getegid, __NR_gettimeofday, __NR_exit, __NR_exit_group};

/* A thread of the C library, and nothing that is more of a process. */
#define THREAD                                                                          \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD | \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static const struct filter_rule rules[] = {
    /* A library for names that is not there yet stays away; the others are tried then. */
    {__NR_mmap, 2, FILTER_NO_BITS, 1, {PROT_EXEC}, EACCES},
    {__NR_mprotect, 2, FILTER_NO_BITS, 1, {PROT_EXEC}, EACCES},
    {__NR_socket, 0, FILTER_ONE_OF, 4, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, EACCES},
    {__NR_clone, 0, FILTER_ONE_OF, 1, {THREAD}, 0},
    {__NR_clone3, 0, FILTER_ONE_OF, 0, {0}, ENOSYS},   /* its flags cannot be seen: use the other */
    {__NR_prlimit64, 0, FILTER_ONE_OF, 1, {0}, EPERM}, /* of ourselves */
    {__NR_prctl, 0, FILTER_ONE_OF, 1, {PR_SET_NAME}, EPERM},
    {__NR_tgkill, 0, FILTER_ONE_OF, 1, {FILTER_OWN_PID}, 0}, /* abort() */
    {__NR_ioctl, 1, FILTER_ONE_OF, 3, {TCGETS, FIONREAD, FIONBIO}, ENOTTY},
};

static int system_call_filter(void)
{
    const struct filter filter = {allowed, sizeof allowed / sizeof allowed[0], rules,
                                  sizeof rules / sizeof rules[0]};
    return BUILD_SANITIZED ? 0 : filter_install(&filter);
}

/* ---- steps -------------------------------------------------------------------------------------
 */

static int no_core(void)
{
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) ? -errno : 0;
}

static int undumpable(void)
{
    if (BUILD_DUMPABLE)
        return 0;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
}

static int private_files(void)
{
    umask(077);
    return 0;
}

static int no_new_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

static int no_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        return -errno;
    return syscall(SYS_capset, &header, none) ? -errno : 0;
}

static int few_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return -errno;
    rlim_t most = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    limit = (struct rlimit){most, most};
    return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

struct step {
    const char *name;
    int (*run)(void);
};

static int run(const struct step *steps, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        int r = steps[i].run();
        if (r < 0)
            return error_errno(error, r, "confine: %s", steps[i].name);
    }
    return 0;
}

int confine_early(struct error *error)
{
    static const struct step steps[] = {
        {"no_core", no_core},
        {"undumpable", undumpable},
        {"private_files", private_files},
        {"no_new_privileges", no_new_privileges},
        {"no_capabilities", no_capabilities},
    };
    return run(steps, sizeof steps / sizeof steps[0], error);
}

int confine_late(struct error *error)
{
    static const struct step steps[] = {
        {"few_descriptors", few_descriptors},
        {"system_call_filter", system_call_filter},
    };
    return run(steps, sizeof steps / sizeof steps[0], error);
}
