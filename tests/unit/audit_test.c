/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>

#include "base/error.h"
#include "limits.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

static struct audit *audit;

static int try_open(const char *target, size_t segment, unsigned keep, struct error *error)
{
    struct audit_options options = {.target = target, .segment = segment, .keep = keep};
    audit = NULL;
    return audit_open(&options, &audit, error);
}

static void open_trail(size_t segment, unsigned keep)
{
    struct error error = {""};
    if (try_open(scratch_path("audit"), segment, keep, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
}

static int append(const char *line)
{
    return audit_append(audit, line, strlen(line));
}

static void segment_name(unsigned number, char *ret, size_t size)
{
    snprintf(ret, size, "audit/audit-%010u.jsonl", number);
}

/* File NUMBER as a text in memory that the next call takes again; NULL when there is none. */
static const char *text_of(unsigned number)
{
    static char *text;
    char name[64];
    struct stat st;
    segment_name(number, name, sizeof name);
    int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    CHECK(fstat(fd, &st) == 0);
    free(text);
    text = malloc((size_t)st.st_size + 1);
    CHECK_EQ_INT(read(fd, text, (size_t)st.st_size), st.st_size);
    text[st.st_size] = '\0';
    CHECK_EQ_INT(strlen(text), st.st_size); /* no zero is left */
    close(fd);
    return text;
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    CHECK(stat(scratch_path(name), &st) == 0);
    return st.st_mode & 07777;
}

TEST(records_are_in_the_file)
{
    struct audit_stats stats;
    scratch_new();
    open_trail(16 << 20, 4);
    CHECK_EQ_INT(audit_reserve(audit, LIMIT_TARGETS), 0);
    CHECK_EQ_INT(append("{\"a\":1}\n"), 0);
    CHECK_EQ_INT(append("{\"b\":2}\n"), 0);
    audit_read_stats(audit, &stats);
    CHECK(stats.records == 2 && stats.failures == 0);
    audit_close(audit);
    CHECK_STR(text_of(1), "{\"a\":1}\n{\"b\":2}\n");
    CHECK_EQ_INT(mode_of("audit"), 0700);
    CHECK_EQ_INT(mode_of("audit/audit-0000000001.jsonl"), 0600);
}

TEST(next_start_begins_a_new_file)
{
    scratch_new();
    for (unsigned i = 1; i <= 3; i++) {
        char line[16];
        snprintf(line, sizeof line, "%u\n", i);
        open_trail(16 << 20, 4);
        CHECK_EQ_INT(append(line), 0);
        audit_close(audit);
    }
    CHECK_STR(text_of(1), "1\n");
    CHECK_STR(text_of(2), "2\n");
    CHECK_STR(text_of(3), "3\n");
    CHECK(text_of(4) == NULL);
}

static void write_and_die(void *unused)
{
    (void)unused;
    open_trail(16 << 20, 4);
    CHECK_EQ_INT(append("first\n"), 0);
    CHECK_EQ_INT(append("second\n"), 0);
    raise(SIGKILL);
}

TEST(kill_loses_no_record)
{
    scratch_new();
    CHECK_EQ_INT(check_child(write_and_die, NULL), SIGKILL);
    open_trail(16 << 20, 4);
    CHECK_EQ_INT(append("third\n"), 0);
    audit_close(audit);
    CHECK_STR(text_of(1), "first\nsecond\n");
    CHECK_STR(text_of(2), "third\n");
}

/* What a kill may leave: whole lines, half of one, zeros. A last chunk that ends with a line too.
 */
TEST(recovery)
{
    static const struct {
        size_t lines; /* of 8 bytes */
        const char *half;
        size_t zeros;
    } rows[] = {
        {3, "", 5000}, {3, "half a li", 5000}, {512, "", 4096}, {512, "half", 4096},
        {600, "x", 1}, {600, "half", 0},       {3, "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scratch_new();
        CHECK(mkdir(scratch_path("audit"), 0700) == 0);
        FILE *file = fopen(scratch_path("audit/audit-0000000007.jsonl"), "w");
        CHECK(file != NULL);
        for (size_t k = 0; k < rows[i].lines; k++)
            fprintf(file, "%7zu\n", k);
        fputs(rows[i].half, file);
        for (size_t k = 0; k < rows[i].zeros; k++)
            fputc('\0', file);
        CHECK(fclose(file) == 0);
        open_trail(16 << 20, 4);
        CHECK_EQ_INT(append("new\n"), 0);
        audit_close(audit);
        const char *text = text_of(7);
        CHECK(text != NULL);
        CHECK_EQ_INT(strlen(text), rows[i].lines * 8);
        CHECK_EQ_INT(strtoul(text + rows[i].lines * 8 - 8, NULL, 10), rows[i].lines - 1);
        CHECK_STR(text_of(8), "new\n");
    }
}

TEST(file_without_a_whole_line_goes)
{
    static const char *const left[] = {"", "half a line"};
    for (size_t i = 0; i < 2; i++) {
        scratch_new();
        CHECK(mkdir(scratch_path("audit"), 0700) == 0);
        scratch_file("audit/audit-0000000003.jsonl", left[i]);
        open_trail(16 << 20, 4);
        audit_close(audit);
        CHECK(text_of(3) == NULL);
    }
}

TEST(names_that_are_no_segments_are_left_alone)
{
    static const char *const names[] = {"audit/audit-1.jsonl", "audit/audit-0000000009.jsonl.gz",
                                        "audit/notes", "audit/xaudit-0000000009.jsonl"};
    scratch_new();
    CHECK(mkdir(scratch_path("audit"), 0700) == 0);
    for (size_t i = 0; i < 4; i++)
        scratch_file(names[i], "mine");
    open_trail(16 << 20, 1);
    CHECK_EQ_INT(append("x\n"), 0);
    audit_close(audit);
    CHECK_STR(text_of(1), "x\n");
    for (size_t i = 0; i < 4; i++)
        CHECK(access(scratch_path(names[i]), F_OK) == 0);
}

/* ---- segments -------------------------------------------------------------------------------- */

/* Lines of 1000 bytes, numbered. */
static int append_lines(unsigned from, unsigned count)
{
    char line[1024];
    for (unsigned i = from; i < from + count; i++) {
        snprintf(line, sizeof line, "%06u%*s\n", i, 993, "");
        int r = append(line);
        if (r < 0)
            return r;
    }
    return 0;
}

/* All lines from FROM on are there, in order, in the files from FILE on. Files are counted. */
static unsigned check_lines(unsigned file, unsigned from, unsigned count)
{
    unsigned files = 0;
    for (const char *text; count && (text = text_of(file++)); files++)
        for (; *text; text += 1000, from++, count--)
            CHECK_EQ_INT(strtoul(text, NULL, 10), from);
    CHECK_EQ_INT(count, 0);
    return files;
}

static bool has_segment(unsigned number)
{
    char name[64];
    segment_name(number, name, sizeof name);
    return access(scratch_path(name), F_OK) == 0;
}

static unsigned last_segment(void)
{
    unsigned last = 99;
    while (last && !has_segment(last))
        last--;
    return last;
}

TEST(windows_and_segments)
{
    scratch_new();
    open_trail(LIMIT_AUDIT_WINDOW, 1000);
    CHECK_EQ_INT(append_lines(0, 4000), 0);
    CHECK_EQ_INT(audit_reserve(audit, LIMIT_TARGETS), 0);
    CHECK_EQ_INT(append_lines(4000, 200), 0);
    /* What is made ready is made so in whole windows, from whole windows on. */
    struct stat st;
    char name[64];
    segment_name(last_segment(), name, sizeof name);
    CHECK(stat(scratch_path(name), &st) == 0);
    CHECK(st.st_size > 0 && st.st_size % LIMIT_AUDIT_WINDOW == 0);
    audit_close(audit);
    CHECK(check_lines(1, 0, 4200) > 3);
}

TEST(old_segments_are_removed)
{
    scratch_new();
    open_trail(LIMIT_AUDIT_WINDOW, 2);
    CHECK_EQ_INT(append_lines(0, 6000), 0);
    audit_close(audit);
    unsigned last = last_segment();
    CHECK(last > 4);
    for (unsigned i = 1; i <= last; i++)
        CHECK_EQ_INT(has_segment(i), i + 2 >= last);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

/* A tmpfs of a MiB that is free: room for one window and not for two. */
static void on_a_small_disk(void *unused)
{
    (void)unused;
    struct audit_stats stats;
    unsigned lines = 0;
    open_trail(1 << 20, 4);
    while (audit_reserve(audit, 1) == 0 && lines < 5000)
        CHECK_EQ_INT(append_lines(lines++, 1), 0);
    CHECK(lines > 200 && lines < 1000);
    CHECK_EQ_INT(audit_reserve(audit, LIMIT_TARGETS), -ENOSPC);
    audit_read_stats(audit, &stats);
    CHECK_EQ_INT(stats.records, lines);
    CHECK_EQ_INT(stats.failures, 2);
    CHECK(unlink(scratch_path("filler")) == 0); /* somebody makes room */
    CHECK_EQ_INT(audit_reserve(audit, LIMIT_TARGETS), 0);
    CHECK_EQ_INT(append_lines(lines, 20), 0);
    audit_close(audit);
    check_lines(1, 0, lines + 20);
}

TEST(full_disk_loses_nothing)
{
    if (geteuid())
        CHECK_SKIP("mounting a small disk needs root");
    char *filler = calloc(1, 500000);
    const char *directory = scratch_new();
    CHECK(mount("small", directory, "tmpfs", 0, "size=1500k,mode=700") == 0);
    scratch_bytes("filler", filler, 500000);
    free(filler);
    int status = check_child(on_a_small_disk, NULL);
    CHECK(umount(directory) == 0);
    CHECK_EQ_INT(status, 0);
}

TEST(directories_that_are_refused)
{
    struct error error = {""};
    scratch_new();
    CHECK_EQ_INT(try_open(scratch_file("file", ""), 1 << 20, 4, &error), -ENOTDIR);
    CHECK_EQ_INT(try_open(scratch_path("no/such"), 1 << 20, 4, &error), -ENOENT);
    CHECK_EQ_INT(try_open("", 1 << 20, 4, &error), -ENOENT);
    if (geteuid())
        CHECK_SKIP("a directory of another uid needs root");
    CHECK(mkdir(scratch_path("other"), 0700) == 0);
    CHECK(chown(scratch_path("other"), 4711, 4711) == 0);
    CHECK_EQ_INT(try_open(scratch_path("other"), 1 << 20, 4, &error), -EPERM);
    CHECK(strstr(error.text, "belongs to uid 4711") != NULL);
}

TEST(link_in_a_segments_place_is_not_followed)
{
    struct error error = {""};
    scratch_new();
    CHECK(mkdir(scratch_path("audit"), 0700) == 0);
    scratch_file("target", "keep me");
    CHECK(symlink("../target", scratch_path("audit/audit-0000000001.jsonl")) == 0);
    CHECK_EQ_INT(try_open(scratch_path("audit"), 1 << 20, 4, &error), -ELOOP);
    struct stat st;
    CHECK(stat(scratch_path("target"), &st) == 0);
    CHECK_EQ_INT(st.st_size, 7);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void to_stdout(void *argument)
{
    struct error error = {""};
    const int *to = argument;
    CHECK(dup2(*to, STDOUT_FILENO) == STDOUT_FILENO);
    CHECK_EQ_INT(try_open("stdout", 0, 0, &error), 0);
    CHECK_EQ_INT(audit_reserve(audit, LIMIT_TARGETS), 0);
    CHECK_EQ_INT(append("one\n"), 0);
    CHECK_EQ_INT(append("two\n"), 0);
    audit_close(audit);
    close(STDOUT_FILENO);
}

TEST(standard_output)
{
    int fds[2];
    char text[16] = "";
    CHECK(pipe(fds) == 0);
    CHECK_EQ_INT(check_child(to_stdout, &fds[1]), 0);
    CHECK_EQ_INT(read(fds[0], text, sizeof text - 1), 8);
    CHECK_STR(text, "one\ntwo\n");
    close(fds[0]);
    close(fds[1]);
}

static void to_a_full_device(void *unused)
{
    (void)unused;
    struct error error = {""};
    struct audit_stats stats;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CHECK(dup2(full, STDOUT_FILENO) == STDOUT_FILENO);
    CHECK_EQ_INT(try_open("stdout", 0, 0, &error), 0);
    CHECK_EQ_INT(append("one\n"), -ENOSPC);
    audit_read_stats(audit, &stats);
    CHECK(stats.records == 0 && stats.failures == 1);
    audit_close(audit);
}

TEST(standard_output_that_cannot_be_written)
{
    CHECK_EQ_INT(check_child(to_a_full_device, NULL), 0);
}

TEST(none)
{
    struct error error = {""};
    CHECK_EQ_INT(try_open("none", 0, 0, &error), 0);
    CHECK_EQ_INT(audit_reserve(audit, LIMIT_TARGETS), 0);
    CHECK_EQ_INT(append("x\n"), 0);
    audit_close(audit);
    audit_close(NULL);
}

CHECK_MAIN
