/* SPDX-License-Identifier: BSD-2-Clause */
/* The state directory: made, locked, perhaps a tmpfs of its own, and what its files are worth. */
#ifndef VSECM_DAEMON_STATE_H
#define VSECM_DAEMON_STATE_H

struct error;

struct state {
    int dir;  /* descriptor of the directory */
    int lock; /* held until state_close(), or the end of the process */
    int is_memory;
    int is_noswap;    /* its pages are never written to swap */
    char promise[64]; /* in words: "memory only (tmpfs, never swapped)", "on disk (ext4)" */
};

enum state_mount { STATE_MOUNT_NO, STATE_MOUNT_AUTO, STATE_MOUNT_YES };

/*
 * Make directory PATH (one level, 0700) or take the one that is there, if it is ours; perhaps mount
 * a tmpfs on it (mode=0700, and noswap where the kernel has it: 6.4); take its lock.
 *
 * AUTO mounts when PATH lies on a tmpfs and we may: the tmpfs of /run may be swapped out. YES
 * mounts or fails. Neither mounts over a mount point, nor over a directory that has a log or a key:
 * AUTO takes those as they are, YES refuses (-EEXIST). Nothing is ever unmounted, so that what is
 * in memory outlives the daemon.
 *
 * 0; -EWOULDBLOCK when another process has the lock; or another -errno. *error says which.
 */
int state_open(const char *path, enum state_mount mount, struct state *ret, struct error *error);

/* Gives the lock back. A state that was never opened has dir and lock = -1. */
void state_close(struct state *state);

#endif
