/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files a workload may have guarded. */
#include "serve/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/unit/check.h"

/* What is said of FD, which is closed; "" when it may be guarded. */
static const char *said_of(int fd)
{
    static struct error why;
    why = (struct error){""};
    CHECK(fd >= 0);
    int r = protect_check(fd, &why);
    CHECK_EQ_INT(r, why.text[0] ? -EINVAL : 0);
    close(fd);
    return why.text;
}

static int shm_open_as(int flags)
{
    return open("/dev/shm", O_TMPFILE | O_CLOEXEC | flags, 0600);
}

TEST(files_in_memory_that_are_open_for_writing)
{
    CHECK_STR(said_of(memfd_create("x", MFD_CLOEXEC)), "");
    CHECK_STR(said_of(shm_open_as(O_RDWR)), "");
    CHECK_STR(said_of(shm_open_as(O_WRONLY)), "");
}

TEST(who_may_only_read_guards_nothing)
{
    char path[64];
    int fd = shm_open_as(O_RDWR);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(strstr(said_of(open(path, O_RDONLY | O_CLOEXEC)), "open for writing") != NULL);
    CHECK(strstr(said_of(open(path, O_PATH | O_CLOEXEC)), "open for writing") != NULL);
    CHECK_STR(said_of(open(path, O_RDWR | O_CLOEXEC)), "");
    close(fd);
}

TEST(what_is_no_regular_file)
{
    int pair[2];
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    CHECK(strstr(said_of(pair[0]), "regular") != NULL);
    close(pair[1]);
    CHECK(strstr(said_of(open("/dev/shm", O_DIRECTORY | O_CLOEXEC)), "regular") != NULL);
    CHECK(strstr(said_of(open("/dev/null", O_RDWR | O_CLOEXEC)), "regular") != NULL);
}

TEST(what_is_not_in_memory)
{
    CHECK(strstr(said_of(open("/proc/self/comm", O_RDWR | O_CLOEXEC)), "in memory") != NULL);
}

TEST(what_is_no_descriptor)
{
    struct error why = {""};
    CHECK_EQ_INT(protect_check(-1, &why), -EINVAL);
    CHECK(strstr(why.text, "cannot be looked at") != NULL);
}

CHECK_MAIN
