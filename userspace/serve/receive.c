/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/receive.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/pidfd.h"
#include "kernel/sender.h"

_Static_assert(LIMIT_GUARD_FILES == 16, "RECEIVE_CUT says so");

static void close_files(struct received *received)
{
    for (unsigned i = 0; i < received->count; i++)
        close(received->files[i]);
    received->count = 0;
}

void receive_end(struct received *received)
{
    if (!received->max)
        return;
    close_files(received);
    *received = (struct received){0};
}

/* What does not fit is closed here: the kernel has already put it into our table. */
static void take_files(struct received *received, const struct cmsghdr *part)
{
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int file;
        memcpy(&file, CMSG_DATA(part) + i * sizeof file, sizeof file);
        if (received->count < received->max) {
            received->files[received->count++] = file;
            continue;
        }
        close(file);
        received->is_cut = 1;
    }
}

static void take_sender(const struct cmsghdr *part, uint64_t *sender)
{
    int pidfd;
    memcpy(&pidfd, CMSG_DATA(part), sizeof pidfd);
    if (pidfd < 0) /* the kernel could not make one */
        return;
    if (sender_cgroup(pidfd, sender) < 0)
        *sender = 0;
    close(pidfd);
}

static void take_parts(struct msghdr *message, struct received *received, uint64_t *sender)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET)
            continue;
        if (part->cmsg_type == SCM_RIGHTS)
            take_files(received, part);
        else if (part->cmsg_type == SCM_PIDFD && sender)
            take_sender(part, sender);
    }
    received->is_cut |= (message->msg_flags & MSG_CTRUNC) != 0;
    if (received->is_cut)
        close_files(received);
    if (!received->max) /* there were some, but nobody asked for them */
        received->is_cut = 0;
}

/* What comes behind descriptors, or of another sender, is left in the socket. */
static int has_more(int fd)
{
    int left = 0;
    return ioctl(fd, FIONREAD, &left) < 0 || left > 0;
}

static ssize_t receive_message(int fd, char *data, size_t size, struct received *received,
                               uint64_t *sender)
{
    union {
        char room[CMSG_SPACE(LIMIT_GUARD_FILES * sizeof(int)) + CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec bytes = {data, size};
    struct msghdr message = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen =
            sender ? sizeof control.room : CMSG_SPACE(LIMIT_GUARD_FILES * sizeof(int)),
    };
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    received->may_have_more = 0;
    if (n < 0)
        return -errno;
    take_parts(&message, received, sender);
    received->may_have_more = n > 0 && has_more(fd);
    return n;
}

ssize_t receive_bytes(int fd, char *data, size_t size, struct received *received, uint64_t *sender)
{
    if (sender)
        *sender = 0;
    if (received->max || sender)
        return receive_message(fd, data, size, received, sender);
    ssize_t n = recv(fd, data, size, MSG_DONTWAIT);
    /* A short read has emptied the socket; whatever comes later is a new edge. */
    received->may_have_more = n == (ssize_t)size;
    return n < 0 ? -errno : n;
}
