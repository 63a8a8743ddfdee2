/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel knows of pidfds and the C library's headers may be too old for. */
#ifndef VSECM_KERNEL_PIDFD_H
#define VSECM_KERNEL_PIDFD_H

#include <asm-generic/socket.h>
#include <linux/ioctl.h>
#include <stdint.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

/* The first form of struct pidfd_info, which later kernels go on taking. */
struct pidfd_info_v0 {
    uint64_t mask; /* what is asked for, then what is told */
    uint64_t cgroupid;
    uint32_t others[12]; /* pid, tgid, ppid, eight uids and gids, exit code */
};

#define PIDFD_GET_INFO_V0 _IOWR(0xFF, 11, struct pidfd_info_v0)

#ifndef PIDFD_INFO_CGROUPID
#define PIDFD_INFO_CGROUPID (UINT64_C(1) << 2)
#define PIDFD_INFO_EXIT (UINT64_C(1) << 3) /* of a process that has ended, too */
#endif

_Static_assert(sizeof(struct pidfd_info_v0) == 64, "PIDFD_INFO_SIZE_VER0");

#endif
