/* SPDX-License-Identifier: BSD-2-Clause */
/* A file appears whole or not at all. */
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include "base/error.h"
#include "cli/new_file.h"

#include <errno.h>
#include <fcntl.h>

static struct error why;

static void check_content(const char *path, const char *expected)
{
    char text[64] = "";
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CHECK_STR(text, expected);
}

static int is_there(const char *name)
{
    return access(scratch_path(name), F_OK) == 0;
}

static void begin(struct new_file *file, const char *text)
{
    static char path[128]; /* the struct keeps a pointer to it */
    snprintf(path, sizeof path, "%s", scratch_path("file"));
    CHECK_EQ_INT(new_file_open(path, file, &why), 0);
    CHECK_EQ_INT(new_file_write(file, text, strlen(text), &why), 0);
}

TEST(it_is_in_its_place_once_it_is_finished_and_for_its_owner_alone)
{
    struct new_file file;
    struct stat st;
    scratch_new();
    umask(0);
    begin(&file, "one ");
    CHECK_EQ_INT(new_file_write(&file, "two", 3, &why), 0);
    CHECK(!is_there("file") && is_there("file.tmp"));
    CHECK_EQ_INT(new_file_finish(&file, &why), 0);
    new_file_drop(&file);
    CHECK(!is_there("file.tmp"));
    check_content(scratch_path("file"), "one two");
    CHECK(stat(scratch_path("file"), &st) == 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0600);
}

TEST(what_was_there_stays_until_then)
{
    struct new_file file;
    scratch_new();
    scratch_file("file", "old");
    begin(&file, "new");
    check_content(scratch_path("file"), "old");
    new_file_drop(&file);
    check_content(scratch_path("file"), "old");
    CHECK(!is_there("file.tmp"));
    begin(&file, "new");
    CHECK_EQ_INT(new_file_finish(&file, &why), 0);
    new_file_drop(&file);
    check_content(scratch_path("file"), "new");
}

TEST(what_a_killed_one_left_behind_is_used_and_shut_to_others)
{
    struct new_file file;
    struct stat st;
    scratch_new();
    scratch_file("file.tmp", "the longer rest of one that was killed");
    CHECK(chmod(scratch_path("file.tmp"), 0644) == 0);
    begin(&file, "new");
    CHECK_EQ_INT(new_file_finish(&file, &why), 0);
    new_file_drop(&file);
    check_content(scratch_path("file"), "new");
    CHECK(stat(scratch_path("file"), &st) == 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0600);
}

TEST(two_do_not_write_at_once)
{
    struct new_file first, second;
    scratch_new();
    begin(&first, "first");
    CHECK_EQ_INT(new_file_open(first.path, &second, &why), -EBUSY);
    new_file_drop(&second);
    CHECK_EQ_INT(new_file_finish(&first, &why), 0);
    new_file_drop(&first);
    check_content(scratch_path("file"), "first");
}

#define LENGTH 20000

/* Write the file a hundred times, with NUMBER in each byte; being refused is no failure. */
static void write_often(const char *path, int number)
{
    static char text[LENGTH];
    memset(text, number, sizeof text);
    for (int i = 0; i < 100;) {
        struct new_file file;
        int r = new_file_open(path, &file, &why);
        CHECK(!r || r == -EBUSY);
        if (!r) {
            CHECK_EQ_INT(new_file_write(&file, text, LENGTH / 2, &why), 0);
            CHECK_EQ_INT(new_file_write(&file, text, LENGTH / 2, &why), 0);
            CHECK_EQ_INT(new_file_finish(&file, &why), 0);
            i++;
        }
        new_file_drop(&file);
    }
}

/* Of one process, whole, or not there yet. */
static void check_whole(const char *path)
{
    char text[LENGTH + 1];
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    CHECK_EQ_INT(fread(text, 1, sizeof text, file), LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
        if (text[i] != text[0])
            CHECK_EQ_INT(i, -1);
    fclose(file);
}

TEST(many_at_once_take_turns_and_the_file_is_always_whole)
{
    enum { PROCESSES = 3 };
    char path[128];
    scratch_new();
    snprintf(path, sizeof path, "%s", scratch_path("file"));
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (!pid) {
            write_often(path, 'a' + i);
            _exit(0);
        }
    }
    for (int status, left = PROCESSES; left;) {
        check_whole(path);
        pid_t pid = waitpid(-1, &status, WNOHANG);
        left -= pid > 0;
        CHECK(pid <= 0 || status == 0);
    }
    CHECK(!is_there("file.tmp"));
}

TEST(what_is_no_file_is_left_alone)
{
    struct new_file file;
    char path[128];
    scratch_new();
    snprintf(path, sizeof path, "%s", scratch_path("file"));
    CHECK(mkdir(path, 0700) == 0);
    CHECK_EQ_INT(new_file_open(path, &file, &why), -EEXIST);
    CHECK(rmdir(path) == 0);
    CHECK(symlink("elsewhere", path) == 0);
    CHECK_EQ_INT(new_file_open(path, &file, &why), -EEXIST);
    CHECK(unlink(path) == 0);
    CHECK(mkfifo(scratch_path("file.tmp"), 0600) == 0);
    CHECK(new_file_open(path, &file, &why) < 0);
    CHECK(unlink(scratch_path("file.tmp")) == 0);
    CHECK(symlink("elsewhere", scratch_path("file.tmp")) == 0);
    CHECK_EQ_INT(new_file_open(path, &file, &why), -ELOOP);
    CHECK(!is_there("elsewhere"));
    CHECK(unlink(scratch_path("file.tmp")) == 0);
    scratch_file("other", "of a second name");
    CHECK(link(scratch_path("other"), scratch_path("file.tmp")) == 0);
    CHECK_EQ_INT(new_file_open(path, &file, &why), -EEXIST);
    check_content(scratch_path("other"), "of a second name");
    CHECK_EQ_INT(new_file_open("/nonexistent/file", &file, &why), -ENOENT);
    new_file_drop(&file);
}

TEST(a_full_disk_is_an_error)
{
    struct new_file file = {.fd = open("/dev/full", O_WRONLY), .path = NULL};
    CHECK(file.fd >= 0);
    CHECK_EQ_INT(new_file_write(&file, "x", 1, &why), -ENOSPC);
    close(file.fd);
}

CHECK_MAIN
