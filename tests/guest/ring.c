/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 2u
#define OP_FIXED_FD_INSTALL 54 /* newer than this machine's header */

static void *map(int fd, size_t length, off_t what)
{
    return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

/* What io_uring_setup() tells; the layout is the same for all rings of as many entries. */
static struct io_uring_params layout;

int ring_map(struct ring *ret, int fd)
{
    size_t bytes = layout.cq_off.cqes + layout.cq_entries * sizeof(struct io_uring_cqe);
    size_t array = layout.sq_off.array + layout.sq_entries * sizeof(unsigned);
    char *base = map(fd, bytes > array ? bytes : array, IORING_OFF_SQ_RING);
    void *sqes = map(fd, layout.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);

    if (base == MAP_FAILED || sqes == MAP_FAILED)
        return -errno;
    *ret = (struct ring){
        .fd = fd,
        .sq_tail = (unsigned *)(void *)(base + layout.sq_off.tail),
        .sq_array = (unsigned *)(void *)(base + layout.sq_off.array),
        .cq_head = (unsigned *)(void *)(base + layout.cq_off.head),
        .cq_tail = (unsigned *)(void *)(base + layout.cq_off.tail),
        .sqes = sqes,
        .cqes = base + layout.cq_off.cqes,
    };
    return 0;
}

int ring_open(struct ring *ret)
{
    layout = (struct io_uring_params){0};
    int fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &layout);
    if (fd < 0)
        return -errno;
    int error = ring_map(ret, fd);
    return error < 0 ? error : fd;
}

int ring_register(const struct ring *ring, int file)
{
    return (int)syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, &file, 1);
}

int ring_do(struct ring *ring, const struct io_uring_sqe *request)
{
    unsigned tail = __atomic_load_n(ring->sq_tail, __ATOMIC_ACQUIRE), slot = tail % ENTRIES;
    /* What is there already is news of others, as of a file that was put into a slot. */
    unsigned head = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
    const struct io_uring_cqe *done = ring->cqes;

    __atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
    ring->sqes[slot] = *request;
    ring->sq_array[slot] = slot;
    __atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
        return -errno;
    if (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head)
        return -EAGAIN;
    int result = done[head % (2 * ENTRIES)].res;
    __atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
    return result;
}

static int transfer(struct ring *ring, uint8_t opcode, uintptr_t data, size_t length)
{
    struct io_uring_sqe request = {.opcode = opcode,
                                   .flags = IOSQE_FIXED_FILE,
                                   .fd = 0,
                                   .addr = data,
                                   .len = (uint32_t)length};
    return ring_do(ring, &request);
}

int ring_send(struct ring *ring, const void *data, size_t length)
{
    return transfer(ring, IORING_OP_SEND, (uintptr_t)data, length);
}

int ring_receive(struct ring *ring, void *data, size_t length)
{
    return transfer(ring, IORING_OP_RECV, (uintptr_t)data, length);
}

int ring_install(struct ring *ring)
{
    return transfer(ring, OP_FIXED_FD_INSTALL, 0, 0);
}

/* 6.0 and later: IORING_MSG_SEND_FD, whose slots are counted from 1. */
static int send_slot(int theirs, struct ring *own)
{
    struct io_uring_sqe request = {.opcode = IORING_OP_MSG_RING,
                                   .fd = theirs,
                                   .addr = 1,  /* IORING_MSG_SEND_FD */
                                   .addr3 = 0, /* slot 0 here */
                                   .file_index = 1};
    return ring_do(own, &request);
}

int ring_hand_over(int pid, int theirs, int file)
{
    struct ring own = {0};
    int process = (int)syscall(SYS_pidfd_open, pid, 0), target, result;

    if (process < 0)
        return -errno;
    target = (int)syscall(SYS_pidfd_getfd, process, theirs, 0);
    result = target < 0 ? -errno : ring_open(&own);
    if (result >= 0)
        result = ring_register(&own, file) < 0 ? -errno : send_slot(target, &own);
    if (own.fd > 0)
        close(own.fd);
    if (target >= 0)
        close(target);
    close(process);
    return result < 0 ? result : 0;
}
