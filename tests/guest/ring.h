/* SPDX-License-Identifier: BSD-2-Clause */
/* The least of io_uring, by its system calls: rings of two entries, one request at a time. */
#ifndef VSECM_GUEST_RING_H
#define VSECM_GUEST_RING_H

#include <stddef.h>
#include <stdint.h>

struct io_uring_sqe;

struct ring {
    int fd;
    unsigned *sq_tail, *sq_array, *cq_head, *cq_tail;
    struct io_uring_sqe *sqes;
    void *cqes;
};

/* Its descriptor, or -errno: -ENOSYS where the kernel has none. */
int ring_open(struct ring *ret);

/* A ring that another process made, by a descriptor of it. 0 or -errno. */
int ring_map(struct ring *ret, int fd);

/* Put FILE (-1: nothing yet) into slot 0 of the ring's own table. 0 or -1 with errno. */
int ring_register(const struct ring *ring, int file);

/* Do one request; its result, or -errno. */
int ring_do(struct ring *ring, const struct io_uring_sqe *request);

/* send() or recv() on what is in slot 0. */
int ring_send(struct ring *ring, const void *data, size_t length);
int ring_receive(struct ring *ring, void *data, size_t length);

/* Make a descriptor of this process's own of slot 0 (since 6.8). It, or -errno. */
int ring_install(struct ring *ring);

/* Put FILE into slot 0 of the ring that is descriptor THEIRS of process PID. 0 or -errno. */
int ring_hand_over(int pid, int theirs, int file);

#endif
