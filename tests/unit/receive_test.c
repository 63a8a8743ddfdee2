/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes and descriptors from a socket: whatever is sent, no descriptor is left behind. */
#include "serve/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/sends.h"

static int pair[2];
static char data[256];
static struct received received;
static unsigned before;

static void begin(unsigned max)
{
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    received = (struct received){.max = max};
    before = sends_open_files();
}

static ssize_t receive(size_t size)
{
    return receive_bytes(pair[0], data, size, &received, NULL);
}

static void end(void)
{
    receive_end(&received);
    CHECK_EQ_INT(received.count, 0);
    CHECK_EQ_INT(received.max, 0);
    CHECK_EQ_INT(sends_open_files(), before);
    close(pair[0]);
    close(pair[1]);
}

TEST(bytes_alone)
{
    begin(0);
    CHECK_EQ_INT(receive(sizeof data), -EAGAIN);
    CHECK(!received.may_have_more);
    CHECK_EQ_INT(send(pair[1], "abcd", 4, 0), 4);
    CHECK_EQ_INT(receive(3), 3);
    CHECK(received.may_have_more);
    CHECK_EQ_INT(receive(3), 1);
    CHECK(!received.may_have_more);
    shutdown(pair[1], SHUT_WR);
    CHECK_EQ_INT(receive(3), 0);
    end();
}

TEST(descriptors_that_nobody_asked_for)
{
    begin(0);
    sends_files(pair[1], "abc", 3);
    CHECK_EQ_INT(receive(sizeof data), 3);
    CHECK_EQ_INT(received.count, 0);
    CHECK(!received.is_cut);
    CHECK_EQ_INT(sends_open_files(), before);
    end();
}

TEST(descriptors_over_several_messages)
{
    begin(16);
    sends_files(pair[1], "ab", 2);
    sends_files(pair[1], "c", 0);
    sends_files(pair[1], "d", 14);
    CHECK_EQ_INT(receive(sizeof data), 2);
    CHECK(received.may_have_more); /* and not all of it at once, though it was there */
    CHECK_EQ_INT(received.count, 2);
    CHECK_EQ_INT(receive(sizeof data), 2);
    CHECK_EQ_INT(received.count, 16);
    CHECK(!received.is_cut);
    for (unsigned i = 0; i < received.count; i++) {
        CHECK(fcntl(received.files[i], F_GETFD) & FD_CLOEXEC);
        CHECK_EQ_INT(sends_number_of(received.files[i]), i < 2 ? i : i - 2);
    }
    CHECK_EQ_INT(receive(sizeof data), -EAGAIN);
    CHECK(!received.may_have_more);
    CHECK_EQ_INT(received.count, 16);
    end();
}

TEST(too_many_at_once)
{
    begin(16);
    sends_files(pair[1], "a", 17);
    CHECK_EQ_INT(receive(sizeof data), 1);
    CHECK(received.is_cut);
    CHECK_EQ_INT(received.count, 0);
    CHECK_EQ_INT(sends_open_files(), before);
    end();
}

TEST(more_than_the_request_may_bring)
{
    begin(3);
    sends_files(pair[1], "a", 2);
    sends_files(pair[1], "b", 2);
    CHECK_EQ_INT(receive(sizeof data), 1);
    CHECK_EQ_INT(received.count, 2);
    CHECK_EQ_INT(receive(sizeof data), 1);
    CHECK(received.is_cut);
    CHECK_EQ_INT(received.count, 0);
    CHECK_EQ_INT(sends_open_files(), before);
    end();
}

/* The kernel gives those that it had room for and says no more than that some are missing. */
TEST(a_full_table)
{
    struct rlimit limit, less;
    begin(16);
    sends_files(pair[1], "a", 5);
    CHECK_EQ_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    less = limit;
    less.rlim_cur = (rlim_t)sends_lowest_free() + 2;
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &less), 0);
    ssize_t n = receive(sizeof data);
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ_INT(n, 1);
    CHECK(received.is_cut);
    CHECK_EQ_INT(sends_open_files(), before);
    end();
}

CHECK_MAIN
