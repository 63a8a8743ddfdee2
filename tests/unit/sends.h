/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that are sent over a socket, and how many a process has open. */
#ifndef VSECM_TESTS_UNIT_SENDS_H
#define VSECM_TESTS_UNIT_SENDS_H

#include <dirent.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define SENDS_MAX 32

/* Descriptors of this process, the one that looks not counted. */
static inline unsigned sends_open_files(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir != NULL);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static inline int sends_lowest_free(void)
{
    int fd = dup(0);
    CHECK(fd >= 0);
    close(fd);
    return fd;
}

/* TEXT to SOCKET, with COUNT memfds that have their number in them. */
static inline void sends_files(int socket, const char *text, unsigned count)
{
    union {
        char room[CMSG_SPACE(SENDS_MAX * sizeof(int))];
        struct cmsghdr aligned;
    } control = {{0}};
    int files[SENDS_MAX];
    struct iovec bytes = {(char *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    for (unsigned i = 0; i < count; i++) {
        files[i] = memfd_create("sent", MFD_CLOEXEC);
        CHECK(files[i] >= 0 && pwrite(files[i], &i, sizeof i, 0) == sizeof i);
    }
    if (count) {
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(part), files, count * sizeof(int));
    }
    ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
    for (unsigned i = 0; i < count; i++)
        close(files[i]);
    CHECK_EQ_INT(n, (ssize_t)strlen(text));
}

/* The number that sends_files() gave it. */
static inline unsigned sends_number_of(int file)
{
    unsigned number = SENDS_MAX;
    CHECK_EQ_INT(pread(file, &number, sizeof number, 0), (ssize_t)sizeof number);
    return number;
}

#endif
