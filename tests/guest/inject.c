/* SPDX-License-Identifier: BSD-2-Clause */
#include "inject.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int inject_listen(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    long fd =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return fd < 0 ? -errno : (int)fd;
}

void inject_descriptor(int listener, int file)
{
    struct seccomp_notif asked = {0};
    struct pollfd waits = {.fd = listener, .events = POLLIN};

    if (poll(&waits, 1, 5000) != 1 || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
        return;
    struct seccomp_notif_addfd add = {.id = asked.id, .srcfd = (uint32_t)file};
    int number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    struct seccomp_notif_resp reply = {.id = asked.id, .val = number, .error = 0};
    if (number < 0) {
        reply.val = 0;
        reply.error = -errno;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}
