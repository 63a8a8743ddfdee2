/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who sent each piece of a request, for the tier that cannot keep a connection from being passed
 * on: the kernel gives a pidfd of the sender with what is received (SO_PASSPIDFD, Linux 6.5), and
 * the pidfd tells its cgroup (PIDFD_GET_INFO, 6.13). Kernels have shipped that named the asker's
 * cgroup instead, so it is believed only once it was seen to be right.
 */
#ifndef VSECM_KERNEL_SENDER_H
#define VSECM_KERNEL_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct attest;
struct error;

enum sender_option {
    SENDER_NO,
    SENDER_AUTO, /* in tier `cgroup`, where it is proven to be right */
    SENDER_YES,  /* in any tier, or fail */
};

struct sender {
    bool is_checked;
    char state[256]; /* "on", or why it is not and what would help */
};

/* The enum of "no", "auto", "yes"; 0, or -EINVAL. */
int sender_parse(const char *name, enum sender_option *ret);

/*
 * Decide whether senders are checked, and prove that they can be. 0 with *ret filled; or, with
 * SENDER_YES only, -errno with *error saying what is missing.
 */
int sender_choose(const struct attest *attest, enum sender_option option, struct sender *ret,
                  struct error *error);

/* What is accepted at LISTENER gets a pidfd of each sender, from its first byte on. 0 or -errno. */
int sender_watch(int listener);

/*
 * The cgroup of the process behind PIDFD, or the last one it was in when it has ended. 0 or
 * -errno: -EREMOTE when it is outside of our pid namespace, -ESRCH when it has ended and the
 * kernel (before 6.15) has forgotten it.
 */
int sender_cgroup(int pidfd, uint64_t *ret);

/* For tests: CGROUP_OF is asked instead of sender_cgroup(). OWN_ID: what we know to be ours. */
int sender_prove(int (*cgroup_of)(int pidfd, uint64_t *ret), uint64_t own_id, struct error *error);

/* For status, as guard_summary(). */
bool sender_summary(const struct sender *sender, size_t index, const char **name,
                    const char **state);

#endif
