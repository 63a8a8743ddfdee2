/* SPDX-License-Identifier: BSD-2-Clause */
/* A child process, the signals that are passed to it, and how it gets a secret. */
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/child.h"
#include "cli/delivery.h"
#include "cli/sealed_fd.h"
#include "cli/signals.h"
#include "client/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

static struct error why;
static struct signals signals;
static struct child child;
static char before[256]; /* what was blocked and ignored at the start */

static int start(const char *script, int fd)
{
    char *command[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    struct child_plan plan = {.command = command, .variables = environ, .fd = fd};
    if (!signals.fd)
        CHECK_EQ_INT(signals_open(&signals), 0);
    return child_start(&child, &plan, &signals, &why);
}

/* Until it has ended; its status. */
static int wait_for_end(void)
{
    for (int64_t end = channel_now() + 10000; channel_now() < end;) {
        struct pollfd ready = {signals.fd, POLLIN, 0};
        int due = child_check(&child);
        poll(&ready, 1, due < 0 ? 1000 : due);
        bool sent;
        int number = signals_next(&signals, &sent);
        if (number == SIGCHLD && child_reap(&child))
            return child.status;
    }
    check_fail(__FILE__, __LINE__, "it does not end");
}

/* What a process has blocked and ignored, as its /proc has it. */
static const char *const script_signals = "grep -E 'Sig(Blk|Ign):' /proc/self/status";

static void read_signals(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    for (char line[128]; fgets(line, sizeof line, file);)
        if (strncmp(line, "SigBlk:", 7) == 0 || strncmp(line, "SigIgn:", 7) == 0)
            snprintf(ret + strlen(ret), size - strlen(ret), "%s", line);
    fclose(file);
}

TEST(nothing_is_changed_yet)
{
    scratch_new();
    read_signals("/proc/self/status", before, sizeof before);
    CHECK(before[0]);
}

TEST(its_status_is_what_a_shell_would_say)
{
    CHECK_EQ_INT(start("exit 7", -1), 0);
    CHECK_EQ_INT(wait_for_end(), 7);
    CHECK_EQ_INT(start("kill -9 $$", -1), 0);
    CHECK_EQ_INT(wait_for_end(), 128 + 9);
}

TEST(what_cannot_be_started_is_told)
{
    char *command[] = {(char *)"/nonexistent/program", NULL};
    struct child_plan plan = {.command = command, .variables = environ, .fd = -1};
    CHECK_EQ_INT(child_start(&child, &plan, &signals, &why), -ENOENT);
    CHECK(child.status == 127 && child.pid == 0 && strstr(why.text, command[0]));
    command[0] = (char *)"/etc/passwd";
    CHECK_EQ_INT(child_start(&child, &plan, &signals, &why), -EACCES);
    CHECK_EQ_INT(child.status, 126);
}

TEST(signals_are_as_they_were_and_ours_are_blocked)
{
    char script[256], theirs[256] = "";
    snprintf(script, sizeof script, "%s > %s", script_signals, scratch_file("theirs", ""));
    CHECK_EQ_INT(start(script, -1), 0);
    CHECK_EQ_INT(wait_for_end(), 0);
    read_signals(scratch_path("theirs"), theirs, sizeof theirs);
    CHECK_STR(theirs, before);
    CHECK_EQ_INT(start("trap 'exit 5' USR1; kill -USR1 $PPID; sleep 5 & wait", -1), 0);
    struct pollfd ready = {signals.fd, POLLIN, 0};
    CHECK_EQ_INT(poll(&ready, 1, 5000), 1);
    bool sent;
    CHECK_EQ_INT(signals_next(&signals, &sent), SIGUSR1);
    CHECK(sent);
    child_signal(&child, SIGUSR1);
    CHECK_EQ_INT(wait_for_end(), 5);
}

TEST(one_that_does_not_end_is_killed)
{
    CHECK_EQ_INT(start("trap '' TERM; kill -USR1 $PPID; while :; do sleep 1; done", -1), 0);
    struct pollfd ready = {signals.fd, POLLIN, 0};
    bool sent;
    CHECK_EQ_INT(poll(&ready, 1, 5000), 1);
    CHECK_EQ_INT(signals_next(&signals, &sent), SIGUSR1);
    int64_t from = channel_now();
    child_stop(&child, 300);
    child_stop(&child, 60000);
    CHECK_EQ_INT(wait_for_end(), 128 + 9);
    CHECK(channel_now() - from >= 300 && channel_now() - from < 5000);
    CHECK_EQ_INT(start("exec sleep 60", -1), 0);
    child_stop(&child, 60000);
    CHECK_EQ_INT(wait_for_end(), 128 + 15);
}

TEST(it_gets_one_descriptor_and_that_is_sealed)
{
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = sealed_fd_new("hunter2", 7, NULL, &why);
    char script[128];
    CHECK(fd > 2 && other > 2);
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    CHECK_EQ_INT(fcntl(fd, F_GET_SEALS) & seals, seals);
    CHECK_EQ_INT(write(fd, "x", 1), -1);
    CHECK_EQ_INT(errno, EPERM);
    snprintf(script, sizeof script, "test \"$(cat <&%d)\" = hunter2 && ! test -e /proc/self/fd/%d",
             fd, other);
    CHECK_EQ_INT(start(script, fd), 0);
    CHECK_EQ_INT(wait_for_end(), 0);
    close(fd);
    close(other);
}

TEST(names_of_signals_are_read)
{
    CHECK_EQ_INT(signals_number("HUP"), SIGHUP);
    CHECK_EQ_INT(signals_number("SIGUSR2"), SIGUSR2);
    CHECK_EQ_INT(signals_number("15"), SIGTERM);
    static const char *const wrong[] = {"KILL", "9", "STOP", "19", "0", "65", "", "hup", "SIG"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQ_INT(signals_number(wrong[i]), -EINVAL);
}

TEST(options_that_contradict_each_other_are_refused)
{
    enum delivery_change change;
    const struct arguments_delivery right[] = {
        {.restart = true},
        {.env = true, .prefix = "P"},
        {.file = "f", .signal = SIGHUP},
        {.file = "f"},
        {.fd = true, .no_restart = true},
        {.env_name = "A"},
        {.file = "f", .no_restart = true},
    };
    const enum delivery_change expected[] = {
        DELIVERY_RESTART, DELIVERY_RESTART, DELIVERY_SIGNAL,  DELIVERY_RESTART,
        DELIVERY_NOTHING, DELIVERY_RESTART, DELIVERY_NOTHING,
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        CHECK_EQ_INT(delivery_check(&right[i], &change, &why), 0);
        CHECK_EQ_INT(change, expected[i]);
    }
    const struct arguments_delivery wrong[] = {
        {.env = true, .fd = true},
        {.fd = true, .file = "f"},
        {.signal = SIGHUP},
        {.fd = true, .signal = SIGHUP},
        {.fd = true, .prefix = "P"},
        {.restart = true, .no_restart = true},
        {.env_name = "A", .prefix = "P"},
        {.allow_disk = true},
        {.file = "f", .signal = SIGHUP, .restart = true},
        {.no_restart = true, .grace_ms = 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQ_INT(delivery_check(&wrong[i], &change, &why), -EINVAL);
}

CHECK_MAIN
