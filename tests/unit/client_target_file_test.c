/* SPDX-License-Identifier: BSD-2-Clause */
/* A secret in a file in memory, replaced whole. */
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include "base/error.h"
#include "cli/target_dir.h"
#include "cli/target_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>

static struct error why;
static const struct target_file_kind usual = {0400, (uid_t)-1, (gid_t)-1, false, NULL};
static const struct target_file_kind anywhere = {0440, (uid_t)-1, (gid_t)-1, true, NULL};

static void check_content(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        check_fail(__FILE__, __LINE__, "%s is not there", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CHECK_STR(text, expected);
}

static int is_there(const char *name)
{
    return access(scratch_path(name), F_OK) == 0;
}

/* How many names DIRECTORY has that begin with PREFIX. */
static int count(const char *directory, const char *prefix)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;
    int found = 0;
    CHECK(entries != NULL);
    while ((entry = readdir(entries)))
        found += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(entries);
    return found;
}

static void in_memory(void)
{
    struct target_file file;
    scratch_new_in("/dev/shm");
    int r = target_file_open(scratch_path("probe"), &usual, &file, &why);
    if (r == -EXDEV)
        CHECK_SKIP("/dev/shm is no tmpfs here");
    CHECK_EQ_INT(r, 0);
    target_file_close(&file);
}

TEST(a_file_is_replaced_whole_and_for_its_owner_alone)
{
    struct target_file file;
    struct stat st;
    in_memory();
    umask(0);
    CHECK_EQ_INT(target_file_open(scratch_path("secret"), &usual, &file, &why), 0);
    CHECK_EQ_INT(target_file_write(&file, "one", 3, &why), 0);
    int old = open(scratch_path("secret"), O_RDONLY);
    CHECK_EQ_INT(target_file_write(&file, "two!", 4, &why), 0);
    check_content(scratch_path("secret"), "two!");
    char text[8] = "";
    CHECK_EQ_INT(read(old, text, sizeof text), 3);
    CHECK_STR(text, "one");
    close(old);
    CHECK(stat(scratch_path("secret"), &st) == 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0400);
    CHECK_EQ_INT(count(scratch_directory, ".secret"), 0);
    CHECK_EQ_INT(target_file_remove(&file, &why), 0);
    CHECK_EQ_INT(target_file_remove(&file, &why), 0);
    CHECK(!is_there("secret"));
    target_file_close(&file);
    target_file_close(&file);
}

TEST(what_is_not_in_memory_is_refused_unless_allowed)
{
    struct target_file file;
    struct stat st;
    scratch_new_in("/var/tmp");
    int r = target_file_open(scratch_path("secret"), &usual, &file, &why);
    if (!r)
        CHECK_SKIP("/var/tmp is in memory here");
    CHECK_EQ_INT(r, -EXDEV);
    CHECK(strstr(why.text, "--allow-disk") && strstr(why.text, scratch_directory));
    CHECK_EQ_INT(target_file_open(scratch_path("secret"), &anywhere, &file, &why), 0);
    CHECK_EQ_INT(target_file_write(&file, "x", 1, &why), 0);
    CHECK(stat(scratch_path("secret"), &st) == 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0440);
    target_file_close(&file);
}

TEST(paths_that_are_no_place_for_a_file_are_refused)
{
    struct target_file file;
    in_memory();
    CHECK(mkdir(scratch_path("taken"), 0700) == 0);
    CHECK_EQ_INT(target_file_open(scratch_path("taken"), &usual, &file, &why), -EISDIR);
    CHECK_EQ_INT(target_file_open(scratch_path("none/secret"), &usual, &file, &why), -ENOENT);
    CHECK_EQ_INT(target_file_open("/dev/shm/", &usual, &file, &why), -EINVAL);
    CHECK_EQ_INT(target_file_open("/dev/shm/..", &usual, &file, &why), -EINVAL);
    CHECK_EQ_INT(target_file_open("", &usual, &file, &why), -EINVAL);
}

TEST(a_link_is_replaced_and_not_followed)
{
    struct target_file file;
    in_memory();
    scratch_file("other", "stays");
    CHECK(symlink("other", scratch_path("secret")) == 0);
    CHECK(symlink("other", scratch_path(".secret.new")) == 0);
    CHECK_EQ_INT(target_file_open(scratch_path("secret"), &usual, &file, &why), 0);
    CHECK_EQ_INT(target_file_write(&file, "new", 3, &why), 0);
    check_content(scratch_path("other"), "stays");
    check_content(scratch_path("secret"), "new");
    target_file_close(&file);
}

TEST(a_full_disk_leaves_what_was_there)
{
    static char large[200000];
    struct target_file file;
    in_memory();
    if (mount("none", scratch_directory, "tmpfs", 0, "size=64k") < 0)
        CHECK_SKIP("cannot mount a tmpfs");
    int opened = target_file_open(scratch_path("secret"), &usual, &file, &why);
    int first = target_file_write(&file, "old", 3, &why);
    int second = target_file_write(&file, large, sizeof large, &why);
    char text[8] = "";
    int fd = open(scratch_path("secret"), O_RDONLY);
    ssize_t got = read(fd, text, sizeof text);
    int left = count(scratch_directory, ".secret");
    close(fd);
    target_file_close(&file);
    umount(scratch_directory);
    CHECK(opened == 0 && first == 0 && second == -ENOSPC && left == 0);
    CHECK(got == 3 && strcmp(text, "old") == 0);
}

/* ---- a file for each member ------------------------------------------------------------------ */

static struct target_dir dir;

static int write_all(const char *value)
{
    return target_dir_write(&dir, value, strlen(value), &why);
}

TEST(each_member_is_a_file_and_all_change_at_once)
{
    in_memory();
    CHECK_EQ_INT(target_dir_open(scratch_directory, &usual, false, &dir, &why), 0);
    CHECK_EQ_INT(write_all("{\"user\":\"web\",\"n\":[1, 2],\"user\":\"w\\u0065b2\",\"e\":\"\"}"),
                 0);
    check_content(scratch_path("user"), "web2");
    check_content(scratch_path("n"), "[1, 2]");
    check_content(scratch_path("e"), "");
    int held = open(scratch_path("..data"), O_RDONLY | O_DIRECTORY);
    CHECK_EQ_INT(write_all("{\"user\":\"new\",\"more\":true}"), 0);
    check_content(scratch_path("user"), "new");
    check_content(scratch_path("more"), "true");
    CHECK(!is_there("n") && access(scratch_path("e"), F_OK) < 0);
    CHECK_EQ_INT(count(scratch_directory, "..v"), 1);
    CHECK_EQ_INT(count(scratch_directory, ""), 2 + 2 + 2);
    close(held);
    CHECK_EQ_INT(target_dir_remove(&dir, &why), 0);
    CHECK_EQ_INT(count(scratch_directory, ""), 2);
    CHECK_EQ_INT(target_dir_remove(&dir, &why), 0);
    target_dir_close(&dir);
}

TEST(a_version_that_cannot_be_written_leaves_the_one_before)
{
    static const char *const wrong[] = {
        "hunter2",          "{\"a/b\":1}", "{\"..\":1}",  "{\"..data\":1}", "{\"\":1}",
        "{\"a\\u0000\":1}", "{\".\":1}",   "{\"user\":1", "{\"taken\":1}",
    };
    in_memory();
    scratch_file("taken", "by another");
    CHECK_EQ_INT(target_dir_open(scratch_directory, &usual, false, &dir, &why), 0);
    CHECK_EQ_INT(write_all("{\"user\":\"web\"}"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (write_all(wrong[i]) == 0)
            check_fail(__FILE__, __LINE__, "taken: %s", wrong[i]);
        CHECK(!strstr(why.text, "hunter2"));
        check_content(scratch_path("user"), "web");
        check_content(scratch_path("taken"), "by another");
        CHECK_EQ_INT(count(scratch_directory, "..v"), 1);
    }
    target_dir_close(&dir);
    CHECK_EQ_INT(target_dir_open(scratch_directory, &usual, true, &dir, &why), 0);
    CHECK_EQ_INT(write_all("{\"a/b\":1,\"user\":\"x\"}"), 0);
    check_content(scratch_path("user"), "x");
    target_dir_close(&dir);
}

TEST(without_descriptors_no_directory_stays_behind)
{
    struct rlimit before, none;
    in_memory();
    CHECK_EQ_INT(target_dir_open(scratch_directory, &usual, false, &dir, &why), 0);
    CHECK_EQ_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    int r = write_all("{\"user\":\"web\"}");
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK_EQ_INT(r, -EMFILE);
    CHECK_EQ_INT(count(scratch_directory, "..v"), 0);
    target_dir_close(&dir);
}

TEST(a_version_that_fails_leaves_no_links)
{
    in_memory();
    scratch_file("taken", "by another");
    CHECK_EQ_INT(target_dir_open(scratch_directory, &usual, false, &dir, &why), 0);
    CHECK_EQ_INT(write_all("{\"user\":\"web\"}"), 0);
    /* Whichever way the directory is read, one of the two stands before it. */
    CHECK_EQ_INT(write_all("{\"new1\":1,\"taken\":1,\"new2\":2}"), -EEXIST);
    CHECK_EQ_INT(count(scratch_directory, "new"), 0);
    check_content(scratch_path("user"), "web");
    target_dir_close(&dir);
}

CHECK_MAIN
