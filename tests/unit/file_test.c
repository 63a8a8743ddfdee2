/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>

#include "base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_read(const char *path, size_t max, const char *expected, size_t length)
{
    struct error error = {""};
    char *text = NULL;
    size_t got = 0;
    CHECK_EQ_INT(file_read(path, max, &text, &got, &error), 0);
    CHECK_EQ_INT(got, length);
    CHECK_MEM(text, expected, length + 1);
    free(text);
}

static void check_refused(const char *path, size_t max, int result, const char *why)
{
    struct error error = {""};
    char *text = NULL;
    size_t length = 0;
    CHECK_EQ_INT(file_read(path, max, &text, &length, &error), result);
    CHECK(text == NULL);
    CHECK(strncmp(error.text, path, strlen(path)) == 0);
    if (!strstr(error.text, why))
        check_fail(__FILE__, __LINE__, "'%s' lacks '%s'", error.text, why);
}

TEST(whole_files)
{
    scratch_new();
    check_read(scratch_file("empty", ""), 0, "", 0);
    check_read(scratch_file("one", "x"), 1, "x", 1);
    check_read(scratch_file("text", "a = b\r\n# c\n"), 100, "a = b\r\n# c\n", 11);
}

TEST(limits)
{
    scratch_new();
    check_read(scratch_file("exact", "12345678"), 8, "12345678", 8);
    check_refused(scratch_file("more", "123456789"), 8, -EFBIG, "at most 8 bytes");
    check_refused(scratch_file("any", "1"), 0, -EFBIG, "at most 0 bytes");
}

/* st_size of what the kernel makes up is 0: the limit must hold for what is really read. */
TEST(file_that_is_longer_than_it_says)
{
    struct stat st;
    CHECK(stat("/proc/self/maps", &st) == 0);
    CHECK_EQ_INT(st.st_size, 0);
    check_refused("/proc/self/maps", 1u << 20, -EFBIG, "at most");
}

TEST(nul)
{
    scratch_new();
    check_refused(scratch_bytes("nul", "a\0b", 3), 8, -EINVAL, "NUL");
    check_refused(scratch_bytes("end", "a\0", 2), 8, -EINVAL, "NUL");
}

TEST(what_is_no_file)
{
    scratch_new();
    check_refused(scratch_path("missing"), 8, -ENOENT, "No such file");
    check_refused(scratch_directory, 8, -EINVAL, "not a regular file");
    check_refused("/dev/null", 8, -EINVAL, "not a regular file");
    const char *fifo = scratch_path("fifo");
    CHECK(mkfifo(fifo, 0600) == 0);
    alarm(5); /* a reader that waits for a writer is ended by this */
    check_refused(fifo, 8, -EINVAL, "not a regular file");
    alarm(0);
}

TEST(lines)
{
    static const struct {
        unsigned number;
        const char *text;
    } rows[] = {
        {2, "first"},
        {4, "second  word"},
        {6, "x"},
        {7, "last"},
    };
    struct file_lines lines = {
        .rest = span_of(
            "\n  first\t\n   # only a comment\nsecond  word # behind it\r\n\t \r\nx#\nlast")};
    struct span line;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(file_next_line(&lines, &line));
        CHECK_EQ_INT(lines.number, rows[i].number);
        if (!span_is(line, rows[i].text))
            check_fail(__FILE__, __LINE__, "'%.*s'", (int)line.length, line.data);
    }
    CHECK(!file_next_line(&lines, &line));
    CHECK(!file_next_line(&lines, &line));
}

TEST(no_lines)
{
    static const char *const texts[] = {"", "\n", "\n\n\n", "#", "# a\n#b", " \t\r\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct file_lines lines = {.rest = span_of(texts[i])};
        struct span line;
        CHECK(!file_next_line(&lines, &line));
    }
}

TEST(words)
{
    static const char *const expected[] = {"pod", "uid", "name=value"};
    struct span line = span_of("  pod\tuid   name=value\r "), word;
    for (size_t i = 0; i < COUNT(expected); i++) {
        CHECK(file_next_word(&line, &word));
        CHECK(span_is(word, expected[i]));
    }
    CHECK(!file_next_word(&line, &word));
    line = span_of("");
    CHECK(!file_next_word(&line, &word));
}

CHECK_MAIN
