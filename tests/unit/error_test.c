/* SPDX-License-Identifier: BSD-2-Clause */
/* Reasons, and the log that prints them. */
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "tests/unit/check.h"

TEST(reasons)
{
    struct error error;
    CHECK_EQ_INT(error_set(&error, -EINVAL, "line %u: %s", 3, "bad"), -EINVAL);
    CHECK_STR(error.text, "line 3: bad");
    CHECK_EQ_INT(error_errno(&error, -ENOENT, "%s", "/x"), -ENOENT);
    CHECK_STR(error.text, "/x: No such file or directory");
    error_add(&error, "and %d", 2);
    CHECK_STR(error.text, "/x: No such file or directory\nand 2");
    error.text[0] = '\0';
    error_add(&error, "first");
    CHECK_STR(error.text, "first");
}

TEST(nobody_wants_to_know)
{
    CHECK_EQ_INT(error_set(NULL, -EINVAL, "x"), -EINVAL);
    CHECK_EQ_INT(error_errno(NULL, -EINVAL, "x"), -EINVAL);
    error_add(NULL, "x");
}

TEST(too_long)
{
    char text[2 * ERROR_TEXT];
    struct {
        struct error error;
        char guard;
    } at = {.guard = '~'};
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    error_set(&at.error, -1, "%s", text);
    CHECK_EQ_INT(strlen(at.error.text), ERROR_TEXT - 1);
    error_errno(&at.error, -1, "%s", text);
    CHECK_EQ_INT(strlen(at.error.text), ERROR_TEXT - 1);
    error_add(&at.error, "%s", text);
    CHECK_EQ_INT(strlen(at.error.text), ERROR_TEXT - 1);
    for (size_t length = ERROR_TEXT - 4; length < ERROR_TEXT; length++) {
        error_set(&at.error, -1, "%.*s", (int)length, text);
        error_add(&at.error, "more");
        CHECK(strlen(at.error.text) < ERROR_TEXT);
    }
    CHECK_EQ_INT(at.guard, '~');
}

/* ---- the log --------------------------------------------------------------------------------- */

static char logged[16384];

/* What RUN logs, without the times: each line must begin with one. */
static const char *log_of(void (*run)(void))
{
    int fds[2], saved = dup(STDERR_FILENO);
    CHECK(pipe(fds) == 0 && dup2(fds[1], STDERR_FILENO) == STDERR_FILENO);
    run();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fds[1]);
    char text[16384];
    ssize_t length = read(fds[0], text, sizeof text - 1);
    close(fds[0]);
    text[length > 0 ? length : 0] = '\0';
    char *to = logged;
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        CHECK(at[4] == '-' && at[10] == 'T' && at[26] == 'Z' && at[27] == ' ');
        int n = (int)strcspn(at, "\n") - 28;
        to += snprintf(to, sizeof logged - (size_t)(to - logged), "%.*s|", n, at + 28);
    }
    *to = '\0';
    return logged;
}

static void log_all(void)
{
    log_error("an %s", "error");
    log_warn("a warning");
    log_info("two\nlines\n");
    log_debug("a detail");
    log_info("%s", "");
}

TEST(levels)
{
    enum log_level level;
    CHECK_EQ_INT(log_parse_level("error", &level), 0);
    log_set_level(level);
    CHECK_STR(log_of(log_all), "error vsecmd: an error|");
    CHECK_EQ_INT(log_parse_level("debug", &level), 0);
    log_set_level(level);
    CHECK_STR(log_of(log_all), "error vsecmd: an error|warn  vsecmd: a warning|info  vsecmd: two|"
                               "info  vsecmd: lines|debug vsecmd: a detail|");
    CHECK_EQ_INT(log_parse_level("Debug", &level), -EINVAL);
    CHECK_EQ_INT(log_parse_level("", &level), -EINVAL);
}

static void log_long(void)
{
    char text[4000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    errno = ENOTTY;
    log_error("%s", text);
    log_error("%d", errno == ENOTTY); /* whoever logs may look at errno afterwards */
}

TEST(long_message_is_cut_to_one_line)
{
    const char *text = log_of(log_long);
    CHECK_EQ_INT(strcspn(text, "|"), sizeof "error vsecmd: " - 1 + 2047);
    CHECK_STR(strchr(text, '|'), "|error vsecmd: 1|");
}

CHECK_MAIN
