/* SPDX-License-Identifier: BSD-2-Clause */
/* The static vsecm, copied to where pods find it. */
#include "daemon/publish.h"

#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

static struct error why;

static void check_published(const char *expected)
{
    struct stat st;
    char text[64] = "";
    const char *path = scratch_path("lib/bin/vsecm");
    CHECK(stat(path, &st) == 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0755);
    int fd = open(path, O_RDONLY);
    CHECK(read(fd, text, sizeof text - 1) >= 0);
    close(fd);
    CHECK_STR(text, expected);
    CHECK(access(scratch_path("lib/bin/.vsecm.new"), F_OK) < 0);
}

static const char *program(const char *text)
{
    const char *path = scratch_file("program", text);
    CHECK(chmod(path, 0644) == 0);
    return path;
}

TEST(it_is_put_there_and_replaced_whole)
{
    struct stat st;
    scratch_new();
    umask(077);
    CHECK_EQ_INT(publish_helper(program("one"), scratch_path("lib/bin"), &why), 0);
    check_published("one");
    CHECK(stat(scratch_path("lib/bin"), &st) == 0 && (st.st_mode & 07777) == 0755);
    int running = open(scratch_path("lib/bin/vsecm"), O_RDONLY);
    char text[8] = "";
    scratch_file("lib/bin/.vsecm.new", "left behind");
    CHECK_EQ_INT(publish_helper(program("two"), scratch_path("lib/bin"), &why), 0);
    check_published("two");
    CHECK_EQ_INT(read(running, text, sizeof text), 3);
    CHECK_STR(text, "one");
    close(running);
}

TEST(the_directory_above_is_left_as_it_is)
{
    struct stat st;
    scratch_new();
    CHECK(mkdir(scratch_path("lib"), 0700) == 0);
    CHECK_EQ_INT(publish_helper(program("one"), scratch_path("lib/bin"), &why), 0);
    CHECK(stat(scratch_path("lib"), &st) == 0 && (st.st_mode & 07777) == 0700);
}

TEST(what_is_not_there_or_not_ours_is_refused)
{
    scratch_new();
    CHECK_EQ_INT(publish_helper(scratch_path("none"), scratch_path("lib/bin"), &why), -ENOENT);
    CHECK(strstr(why.text, "none"));
    CHECK(access(scratch_path("lib"), F_OK) < 0);
    const char *path = program("one");
    CHECK(chmod(path, 0666) == 0);
    CHECK(publish_helper(path, scratch_path("lib/bin"), &why) < 0);
    CHECK(access(scratch_path("lib"), F_OK) < 0);
    CHECK(mkdir(scratch_path("lib"), 0755) == 0 && mkdir(scratch_path("lib/bin"), 0755) == 0);
    CHECK(mkdir(scratch_path("lib/bin/vsecm"), 0755) == 0);
    CHECK_EQ_INT(publish_helper(program("one"), scratch_path("lib/bin"), &why), -EISDIR);
    CHECK(access(scratch_path("lib/bin/.vsecm.new"), F_OK) < 0);
}

CHECK_MAIN
