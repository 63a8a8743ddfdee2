/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

static mode_t mode_of(const char *path)
{
    struct stat st;
    CHECK(lstat(path, &st) == 0);
    return st.st_mode;
}

static int listen_at(const char *path, mode_t mode)
{
    struct error error = {""};
    int fd = sock_listen(path, mode, 8, &error);
    if (fd < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    return fd;
}

static void check_not_listening(const char *path, int result, const char *why)
{
    struct error error = {""};
    CHECK_EQ_INT(sock_listen(path, 0600, 8, &error), result);
    if (!strstr(error.text, why))
        check_fail(__FILE__, __LINE__, "'%s' lacks '%s'", error.text, why);
}

static void check_answers(const char *path)
{
    int fd = sock_connect(path);
    CHECK(fd >= 0);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

TEST(listens_before_it_is_found)
{
    struct error error = {""};
    scratch_new();
    const char *path = scratch_path("s");
    int old = listen_at(path, 0600);
    close(old);
    int fd = sock_listen_unseen(path, 0666, 8, &error);
    CHECK(fd >= 0);
    CHECK_EQ_INT(sock_connect(path), -ECONNREFUSED); /* the one of before */
    CHECK_EQ_INT(mode_of(path), S_IFSOCK | 0600);
    CHECK_EQ_INT(sock_publish(path, &error), 0);
    check_answers(path);
    CHECK_EQ_INT(mode_of(path), S_IFSOCK | 0666);
    CHECK_EQ_INT(sock_publish(path, &error), -ENOENT); /* it has been */
    CHECK(strstr(error.text, path) != NULL);
    close(fd);
}

TEST(listens_with_the_mode_that_was_asked_for)
{
    static const mode_t modes[] = {0600, 0660, 0666};
    scratch_new();
    const char *path = scratch_path("s");
    umask(0077); /* the mode must not be at the mercy of it */
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        int fd = listen_at(path, modes[i]);
        CHECK_EQ_INT(mode_of(path), S_IFSOCK | modes[i]);
        CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
        CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        check_answers(path);
        close(fd);
    }
    umask(0022);
    CHECK(access(scratch_path("s.new"), F_OK) < 0);
}

TEST(stale_socket_is_replaced)
{
    scratch_new();
    const char *path = scratch_path("s");
    close(listen_at(path, 0600));
    CHECK_EQ_INT(sock_connect(path), -ECONNREFUSED);
    int fd = listen_at(path, 0666);
    check_answers(path);
    close(fd);
}

TEST(what_is_left_of_a_failed_start_is_replaced)
{
    scratch_new();
    const char *path = scratch_path("s");
    scratch_file("s.new", "not even a socket");
    int fd = listen_at(path, 0600);
    check_answers(path);
    close(fd);
}

TEST(live_socket_is_left_alone)
{
    scratch_new();
    const char *path = scratch_path("s");
    int fd = listen_at(path, 0640);
    struct stat before, after;
    CHECK(lstat(path, &before) == 0);
    check_not_listening(path, -EADDRINUSE, "another daemon is serving there");
    CHECK(lstat(path, &after) == 0);
    CHECK_EQ_INT(after.st_ino, before.st_ino);
    CHECK_EQ_INT(after.st_mode, before.st_mode);
    check_answers(path);
    close(fd);
}

TEST(what_is_no_socket_is_left_alone)
{
    scratch_new();
    const char *file = scratch_file("file", "mine");
    check_not_listening(file, -EEXIST, "is no socket");
    CHECK_EQ_INT(mode_of(file) & S_IFMT, S_IFREG);
    check_not_listening(scratch_directory, -EEXIST, "is no socket");
    const char *link = scratch_path("link");
    CHECK(symlink("/nowhere", link) == 0);
    check_not_listening(link, -EEXIST, "is no socket");
    CHECK(S_ISLNK(mode_of(link)));
}

TEST(paths_that_cannot_be)
{
    char path[200];
    scratch_new();
    check_not_listening(scratch_path("no/such/directory"), -ENOENT, "No such file");
    memset(path, 'x', sizeof path);
    memcpy(path, "/tmp/", 5);
    /* The name fits into an address, but not with ".new" behind it. */
    path[105] = '\0';
    check_not_listening(path, -ENAMETOOLONG, "too long");
    path[105] = 'x';
    path[199] = '\0';
    CHECK_EQ_INT(sock_connect(path), -ENAMETOOLONG);
    check_not_listening(path, -ENAMETOOLONG, "too long");
    CHECK_EQ_INT(sock_connect("/tmp/vsecm-test-nobody"), -ENOENT);
}

TEST(directories)
{
    struct error error = {""};
    scratch_new();
    const char *path = scratch_path("d");
    CHECK_EQ_INT(sock_directory(path, 0700, &error), 0);
    CHECK_EQ_INT(mode_of(path), S_IFDIR | 0700);
    CHECK(chmod(path, 0777) == 0);
    CHECK_EQ_INT(sock_directory(path, 0755, &error), 0);
    CHECK_EQ_INT(mode_of(path), S_IFDIR | 0755);
    CHECK_EQ_INT(sock_directory(scratch_path("no/d"), 0700, &error), -ENOENT);
}

TEST(directories_that_are_none_or_not_ours)
{
    struct error error = {""};
    scratch_new();
    CHECK_EQ_INT(sock_directory(scratch_file("file", ""), 0700, &error), -ENOTDIR);
    const char *link = scratch_path("link");
    CHECK(symlink(scratch_directory, link) == 0);
    CHECK_EQ_INT(sock_directory(link, 0700, &error), -ENOTDIR);
    if (geteuid())
        CHECK_SKIP("a directory of another uid needs root");
    const char *other = scratch_path("other");
    CHECK(mkdir(other, 0700) == 0 && chown(other, 4711, 4711) == 0);
    CHECK_EQ_INT(sock_directory(other, 0755, &error), -EPERM);
    CHECK(strstr(error.text, "uid 4711") != NULL);
    CHECK_EQ_INT(mode_of(other), S_IFDIR | 0700);
}

CHECK_MAIN
