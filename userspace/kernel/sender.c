/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/sender.h"

#include <asm/unistd.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "kernel/attest.h"
#include "kernel/pidfd.h"
#include "kernel/tier.h"
#include "kernel_abi.h"

/* The thread that starts the kernel's threads is in the root cgroup, and cannot be moved. */
#define KTHREADD 2
#define ROOT_ID 1u

int sender_parse(const char *name, enum sender_option *ret)
{
    static const char *const names[] = {
        [SENDER_NO] = "no", [SENDER_AUTO] = "auto", [SENDER_YES] = "yes"};

    int i = str_index(names, sizeof names / sizeof *names, name);
    if (i < 0)
        return i;
    *ret = (enum sender_option)i;
    return 0;
}

int sender_cgroup(int pidfd, uint64_t *ret)
{
    /* What a process leaves behind when it ends counts: many ask and end at once. */
    struct pidfd_info_v0 info = {.mask = PIDFD_INFO_CGROUPID | PIDFD_INFO_EXIT};

    if (ioctl(pidfd, PIDFD_GET_INFO_V0, &info) < 0)
        return -errno;
    if (!(info.mask & PIDFD_INFO_CGROUPID) || !info.cgroupid)
        return -ESRCH;
    *ret = info.cgroupid;
    return 0;
}

int sender_watch(int listener)
{
    int yes = 1;
    return setsockopt(listener, SOL_SOCKET, SO_PASSPIDFD, &yes, sizeof yes) < 0 ? -errno : 0;
}

/* ---- the proof ----------------------------------------------------------------------------- */

/* A pidfd of this process, as it comes with what it sends. -errno. */
static int receive_own(const int pair[2])
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    char byte = 0;
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    int r = sender_watch(pair[0]);
    if (r < 0)
        return r;
    if (write(pair[1], &byte, 1) != 1 ||
        recvmsg(pair[0], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -EIO;
    const struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    if (!part || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_PIDFD)
        return -EPROTO;
    memcpy(&r, CMSG_DATA(part), sizeof r);
    return r;
}

static int prove_own(int (*cgroup_of)(int, uint64_t *), uint64_t own_id, struct error *error)
{
    int pair[2];
    uint64_t id = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(error, -errno, "cannot make a socket");
    int pidfd = receive_own(pair);
    close(pair[0]);
    close(pair[1]);
    if (pidfd < 0)
        return error_set(error, pidfd,
                         "the kernel names no sender (SO_PASSPIDFD): it takes Linux 6.5 or newer");
    int r = cgroup_of(pidfd, &id);
    close(pidfd);
    if (r < 0)
        return error_set(error, r,
                         "the kernel tells no cgroup of a sender (PIDFD_GET_INFO: %s): it takes "
                         "Linux 6.13 or newer",
                         strerror(-r));
    if (id != own_id)
        return error_set(error, -EPROTO,
                         "the kernel names a wrong cgroup of our own (%llu, not %llu)",
                         (unsigned long long)id, (unsigned long long)own_id);
    return 0;
}

/* Whoever gives the asker's cgroup for everybody's is right about us, but not about others. */
static int prove_other(int (*cgroup_of)(int, uint64_t *), uint64_t own_id, struct error *error)
{
    uint64_t id = 0;
    if (own_id == ROOT_ID)
        return error_set(error, -EOPNOTSUPP,
                         "the daemon is in the root cgroup, where it cannot be proven that the "
                         "kernel names others right: start it in a cgroup of its own");
    int pidfd = (int)syscall(__NR_pidfd_open, KTHREADD, 0);
    int r = pidfd < 0 ? -errno : cgroup_of(pidfd, &id);
    if (pidfd >= 0)
        close(pidfd);
    if (r < 0)
        return error_errno(error, r, "the kernel does not tell the cgroup of its own threads");
    if (id != ROOT_ID)
        return error_set(error, -EPROTO,
                         "this kernel names the wrong cgroup of others (PIDFD_GET_INFO gives %s): "
                         "it takes one in which that is mended",
                         id == own_id ? "the asker's" : "an unknown one");
    return 0;
}

int sender_prove(int (*cgroup_of)(int pidfd, uint64_t *ret), uint64_t own_id, struct error *error)
{
    struct stat ns;
    if (stat("/proc/self/ns/pid", &ns) < 0)
        return error_errno(error, -errno, "/proc/self/ns/pid");
    if (ns.st_ino != TIER_INITIAL_PIDNS)
        return error_set(error, -EREMOTE,
                         "the daemon has a pid namespace of its own, and is told nothing of "
                         "processes outside: it takes the node's (hostPID: true)");
    int r = prove_own(cgroup_of, own_id, error);
    return r < 0 ? r : prove_other(cgroup_of, own_id, error);
}

/* ---- the choice ---------------------------------------------------------------------------- */

/* As the canary found it; 0: too deep to be known. */
static uint64_t own_cgroup(const struct attest *attest)
{
    const struct vsecm_chain *own = attest_own_chain(attest);
    if (own->depth > VSECM_CHAIN_LEVELS)
        return 0;
    return own->depth ? own->id[own->depth - 1] : ROOT_ID;
}

int sender_choose(const struct attest *attest, enum sender_option option, struct sender *ret,
                  struct error *error)
{
    struct error why = {""};
    *ret = (struct sender){.is_checked = false};
    if (option == SENDER_NO) {
        snprintf(ret->state, sizeof ret->state, "off (sender_check = no)");
        return 0;
    }
    if (option == SENDER_AUTO && strcmp(attest_tier_name(attest), "lsm") == 0) {
        snprintf(ret->state, sizeof ret->state, "off: in tier lsm the guards see to it");
        return 0;
    }
    int r = sender_prove(sender_cgroup, own_cgroup(attest), &why);
    if (r < 0 && option == SENDER_YES)
        return error_set(error, r, "sender_check = yes: %s", why.text);
    ret->is_checked = r == 0;
    snprintf(ret->state, sizeof ret->state, "%s%.200s", r == 0 ? "on" : "missing: ", why.text);
    return 0;
}

bool sender_summary(const struct sender *sender, size_t index, const char **name,
                    const char **state)
{
    if (index > 0)
        return false;
    *name = "senderCheck";
    *state = sender->state;
    return true;
}
