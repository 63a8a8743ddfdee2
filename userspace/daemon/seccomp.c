/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/seccomp.h"

#include <asm/unistd.h>
#include <linux/bpf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/filter.h"
#include "kernel/pidfd.h"

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

/* Calls that one argument decides on. */
static const struct filter_rule rules[] = {
    {__NR_mmap, 2, FILTER_NO_BITS, 1, {PROT_EXEC}, 0},
    {__NR_mprotect, 2, FILTER_NO_BITS, 1, {PROT_EXEC}, 0},
    {__NR_socket, 0, FILTER_ONE_OF, 1, {AF_UNIX}, 0},
    {__NR_bpf,
     0,
     FILTER_ONE_OF,
     5,
     {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
      BPF_OBJ_GET_INFO_BY_FD},
     0},
    {__NR_tgkill, 0, FILTER_ONE_OF, 1, {FILTER_OWN_PID}, 0}, /* abort() */
    /* stdio asks whether it writes to a terminal; the sender check for more, and for cgroups */
    {__NR_ioctl, 1, FILTER_ONE_OF, 3, {TCGETS, FIONREAD, (uint32_t)PIDFD_GET_INFO_V0}, 0},
};

int seccomp_install(void)
{
    const struct filter filter = {allowed, sizeof allowed / sizeof allowed[0], rules,
                                  sizeof rules / sizeof rules[0]};
    return filter_install(&filter);
}
