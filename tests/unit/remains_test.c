/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that are closed now, and those that are closed later. */
#include "unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "limits.h"
#include "serve/remains.h"

/* A socket with BYTES in it that nobody read; *other is its other end. */
static int unread(size_t bytes, int *other)
{
    int ends[2];
    char piece[256] = "GET / HTTP/1.1";
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (size_t sent = 0; sent < bytes; sent += sizeof piece)
        CHECK_EQ_INT(send(ends[1], piece, sizeof piece, MSG_DONTWAIT), (long)sizeof piece);
    *other = ends[1];
    return ends[0];
}

static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

TEST(little_is_closed_at_once)
{
    struct remains remains = {0};
    void *owner;
    int other, fd = unread(LIMIT_CLOSE_BYTES, &other);
    CHECK_EQ_INT(remains_take(&remains, fd, NULL), 0);
    CHECK(!is_open(fd));
    CHECK_EQ_INT(remains_close(&remains, &owner), 0);
    close(other);
}

/* Its other end hears of it at once, all the same. */
TEST(much_is_closed_later_in_order)
{
    struct remains remains = {0};
    void *owner = NULL;
    char byte;
    int others[3], fds[3], names[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = unread(LIMIT_CLOSE_BYTES + 256, &others[i]);
        CHECK_EQ_INT(remains_take(&remains, fds[i], &names[i]), 1);
        CHECK(is_open(fds[i]));
        CHECK_EQ_INT(recv(others[i], &byte, 1, MSG_DONTWAIT), 0);
        CHECK(send(others[i], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_INT(remains_close(&remains, &owner), 1);
        CHECK(owner == &names[i]);
        CHECK(!is_open(fds[i]));
        close(others[i]);
    }
    CHECK_EQ_INT(remains_close(&remains, &owner), 0);
    int other, fd = unread(LIMIT_CLOSE_BYTES + 256, &other);
    CHECK_EQ_INT(remains_take(&remains, fd, NULL), 1);
    CHECK_EQ_INT(remains_close(&remains, &owner), 1);
    CHECK(owner == NULL && !is_open(fd));
    close(other);
}

CHECK_MAIN
