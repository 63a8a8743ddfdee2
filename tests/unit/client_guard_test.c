/* SPDX-License-Identifier: BSD-2-Clause */
/* Shields, guarded files and too many requests, against a server that says what a test wants. */
#include "tests/unit/check.h"
#include "tests/unit/fake_server.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/child.h"
#include "cli/delivery.h"
#include "cli/guard.h"
#include "cli/sealed_fd.h"
#include "cli/target_dir.h"
#include "cli/undumpable.h"
#include "client/channel.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define SAYS(line, fields, length, body) \
    "HTTP/1.1 " line "\r\n" fields "Content-Length: " length "\r\n\r\n" body
#define SHIELDED SAYS("200 OK", "", "17", "{\"shielded\":true}")
#define GUARDED SAYS("200 OK", "", "13", "{\"guarded\":1}")
#define GUARDED_2 SAYS("200 OK", "", "13", "{\"guarded\":2}")
#define NO_GUARDS \
    SAYS("501 No", "", "48", "{\"error\":\"x\",\"message\":\"tier cgroup: no guards\"}")
#define BUSY \
    SAYS("429 Too", "Retry-After: 1\r\n", "34", "{\"error\":\"x\",\"message\":\"too fast\"}")
#define ONE_FILE .expect = "POST /v1/guard ", .body = "{\"files\":1}", .files = 1

static struct error why;

static const char *read_text(const char *path)
{
    static char text[4096];
    FILE *file = fopen(path, "re");
    size_t used = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[used] = '\0';
    if (file)
        fclose(file);
    return file ? text : NULL;
}

/* What the server has noted, without who connected. */
static const char *noted(void)
{
    static char lines[4096];
    size_t used = 0;
    const char *log = read_text(fake.log);
    CHECK(log != NULL);
    for (const char *line = log, *end; (end = strchr(line, '\n')); line = end + 1)
        if (strncmp(line, "pid ", 4) != 0)
            used += (size_t)snprintf(lines + used, sizeof lines - used, "%.*s\n", (int)(end - line),
                                     line);
    lines[used] = '\0';
    return lines;
}

static vsecm_client *client_of(const struct fake_script *scripts, size_t count)
{
    vsecm_client *client = NULL;
    fake_start(scripts, count);
    CHECK_EQ_INT(vsecm_connect(fake.path, &client), VSECM_OK);
    return client;
}

static vsecm_client *client_told(struct fake_step step)
{
    const struct fake_script script = {.steps = {step}, .count = 1};
    return client_of(&script, 1);
}

/* ---- programs -------------------------------------------------------------------------------- */

static struct signals signals;
static struct child child;

#define SHM "/dev/shm/vsecm-guard-test"
#define WRITES_PID "echo pid $$ >" SHM
#define WRITES_LIMIT "sed -n 's/^Max core file size *//p' /proc/self/limits >" SHM

/* A program that writes something to /dev/shm. */
static int start(enum child_shield shield, const char *script)
{
    char *command[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL};
    const struct child_plan plan = {
        .command = command, .variables = environ, .fd = -1, .shield = shield, .socket = fake.path};
    unlink(SHM);
    if (!signals.fd)
        CHECK_EQ_INT(signals_open(&signals), 0);
    return child_start(&child, &plan, &signals, &why);
}

static void check_core_limit(enum child_shield shield, const char *soft, const char *hard)
{
    char is[2][32] = {"", ""};
    CHECK_EQ_INT(start(shield, WRITES_LIMIT), 0);
    waitpid(child.pid, NULL, 0);
    CHECK_EQ_INT(sscanf(read_text(SHM), "%31s %31s", is[0], is[1]), 2);
    CHECK_STR(is[0], soft);
    CHECK_STR(is[1], hard);
    unlink(SHM);
}

/* 1 is none, for a pipe too; without a shield it is as it was. Comes first: 1 is for good. */
TEST(what_is_shielded_leaves_no_core)
{
    const struct fake_script script = {.steps = {{.say = SHIELDED}}, .count = 1};
    struct rlimit limit = {4096, 8192};
    CHECK(setrlimit(RLIMIT_CORE, &limit) == 0);
    CHECK_EQ_INT(undumpable_begin(), 0);
    check_core_limit(CHILD_BARE, "4096", "8192");
    fake_start(&script, 1);
    check_core_limit(CHILD_SHIELD, "1", "1");
    vsecm_client *client = client_of(&script, 1);
    CHECK_EQ_INT(vsecm_shield(client, 0), VSECM_OK);
    vsecm_close(client);
    CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 1 && limit.rlim_max == 1);
}

static void check_shielded(enum child_shield shield, const char *expect)
{
    const struct fake_script script = {.steps = {{.expect = expect, .say = SHIELDED}}, .count = 1};
    char log[64];
    fake_start(&script, 1);
    CHECK_EQ_INT(start(shield, WRITES_PID), 0);
    waitpid(child.pid, NULL, 0);
    snprintf(log, sizeof log, "%s", read_text(fake.log));
    CHECK_STR(read_text(SHM), log);
    unlink(SHM);
}

TEST(the_process_that_becomes_the_program_is_the_one_that_asks)
{
    check_shielded(CHILD_SHIELD, "Content-Length: 0\r\n");
    check_shielded(CHILD_SHIELD_ALL, "\r\n\r\n{\"children\":true}");
}

TEST(a_program_without_its_shield_is_not_started)
{
    const struct fake_script script = {.steps = {{.say = NO_GUARDS}}, .count = 1};
    fake_start(&script, 1);
    CHECK_EQ_INT(start(CHILD_SHIELD, WRITES_PID), -EOPNOTSUPP);
    CHECK_STR(why.text, "the program cannot be shielded: tier cgroup: no guards");
    CHECK_EQ_INT(child.status, 1);
    fake_stop();
    int64_t begun = channel_now();
    CHECK_EQ_INT(start(CHILD_SHIELD, WRITES_PID), -ECONNREFUSED);
    CHECK_EQ_INT(child.status, 3);
    CHECK(channel_now() - begun >= 4000); /* a daemon that is started anew is waited for */
    CHECK(access(SHM, F_OK) < 0);
}

TEST(guards_that_would_guard_nothing_are_refused)
{
    static const struct arguments_delivery wrong[] = {
        {.guard = true},
        {.guard = true, .env_name = "A"},
        {.guard = true, .file = SHM, .allow_disk = true},
    };
    enum delivery_change change;
    for (size_t i = 0; i < COUNT(wrong); i++)
        CHECK_EQ_INT(delivery_check(&wrong[i], &change, &why), -EINVAL);
    CHECK_EQ_INT(
        delivery_check(&(struct arguments_delivery){.guard = true, .fd = true}, &change, &why), 0);
}

/* ---- the library ----------------------------------------------------------------------------- */

TEST(a_shield_is_asked_for_with_its_children_or_without)
{
    const struct fake_script script = {
        .steps = {{.expect = "POST /v1/shield HTTP/1.1\r\nHost: vsecm\r\nContent-Length: 0\r\n\r\n",
                   .say = SHIELDED},
                  {.expect = "\r\n\r\n{\"children\":true}", .say = SHIELDED}},
        .count = 2,
    };
    vsecm_client *client = client_of(&script, 1);
    CHECK_EQ_INT(vsecm_shield(client, 0), VSECM_OK);
    CHECK_EQ_INT(vsecm_shield(client, 1), VSECM_OK);
    vsecm_close(client);
}

TEST(a_shield_on_a_dead_connection_is_asked_for_again)
{
    const struct fake_script scripts[] = {
        {.steps = {{.say = SHIELDED}}, .count = 1},
        {.steps = {{.say = SHIELDED}}, .count = 1},
    };
    vsecm_client *client = client_of(scripts, 2);
    CHECK_EQ_INT(vsecm_shield(client, 0), VSECM_OK);
    fake_pause(50); /* for the server to close the first connection */
    CHECK_EQ_INT(vsecm_shield(client, 0), VSECM_OK);
    vsecm_close(client);
}

TEST(descriptors_go_with_the_body_once_it_was_asked_for)
{
    int fds[] = {memfd_create("one", MFD_CLOEXEC), memfd_create("two", MFD_CLOEXEC)};
    CHECK_EQ_INT(write(fds[1], "hunter2", 7), 7);
    vsecm_client *client = client_told((struct fake_step){
        .expect = "\r\nExpect: 100-continue\r\nContent-Length: 11\r\n",
        .body = "{\"files\":2}",
        .files = 2,
        .say = GUARDED_2,
    });
    CHECK_EQ_INT(vsecm_guard(client, fds, 2), VSECM_OK);
    CHECK_STR(noted(), "/memfd:one (deleted) 0\n/memfd:two (deleted) 7\n");
    CHECK(fcntl(fds[0], F_GETFD) >= 0);
    vsecm_close(client);
    close(fds[0]);
    close(fds[1]);
}

TEST(who_is_refused_before_the_body_sends_none_and_connects_anew)
{
    int fd = memfd_create("one", MFD_CLOEXEC);
    const struct fake_script scripts[] = {
        {.steps = {{.say = NO_GUARDS}, {.say = NO_GUARDS}}, .count = 2},
        {.steps = {{ONE_FILE, .say = GUARDED}}, .count = 1},
    };
    vsecm_client *client = client_of(scripts, 2);
    CHECK_EQ_INT(vsecm_guard(client, &fd, 1), VSECM_UNSUPPORTED);
    CHECK_STR(vsecm_message(client), "tier cgroup: no guards");
    CHECK_EQ_INT(vsecm_guard(client, &fd, 1), VSECM_OK);
    vsecm_close(client);
    close(fd);
}

TEST(each_answer_to_a_shield_has_its_result)
{
    static const struct {
        const char *say;
        vsecm_result result;
        const char *message;
    } cases[] = {
        {NO_GUARDS, VSECM_UNSUPPORTED, "tier cgroup: no guards"},
        {SAYS("404 No", "", "2", "{}"), VSECM_UNSUPPORTED,
         "the daemon knows no guards; it is an older one"},
        {SAYS("409 No", "", "2", "{}"), VSECM_CONFLICT, ""},
        {SAYS("400 No", "", "2", "{}"), VSECM_INVALID, ""},
        {SAYS("507 No", "", "2", "{}"), VSECM_UNAVAILABLE, ""},
        {BUSY, VSECM_TOO_MANY, "too fast"},
        {SAYS("200 OK", "", "2", "{}"), VSECM_PROTOCOL,
         "the answer does not say \"shielded\":true"},
        {SAYS("200 OK", "", "18", "{\"shielded\":false}"), VSECM_PROTOCOL,
         "the answer does not say \"shielded\":true"},
        {SAYS("200 OK", "", "19", "{\"shielded\":\"true\"}"), VSECM_PROTOCOL,
         "the answer does not say \"shielded\":true"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        vsecm_client *client = client_told((struct fake_step){.say = cases[i].say});
        CHECK_EQ_INT(vsecm_shield(client, 0), cases[i].result);
        CHECK_STR(vsecm_message(client), cases[i].message);
        vsecm_close(client);
    }
}

TEST(a_guard_must_be_told_for_every_file)
{
    int fds[] = {memfd_create("one", MFD_CLOEXEC), memfd_create("two", MFD_CLOEXEC)};
    vsecm_client *client =
        client_told((struct fake_step){.body = "{\"files\":2}", .files = 2, .say = GUARDED});
    CHECK_EQ_INT(vsecm_guard(client, fds, 2), VSECM_PROTOCOL);
    vsecm_close(client);
    close(fds[0]);
    close(fds[1]);
}

TEST(what_cannot_be_guarded_is_not_sent)
{
    int fds[VSECM_GUARD_MAX + 1] = {0};
    vsecm_client *client = client_told((struct fake_step){.say = GUARDED});
    CHECK_EQ_INT(vsecm_shield(NULL, 0), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_guard(NULL, fds, 1), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_guard(client, NULL, 1), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_guard(client, fds, 0), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_guard(client, fds, COUNT(fds)), VSECM_INVALID);
    fds[0] = 987;
    CHECK_EQ_INT(vsecm_guard(client, fds, 1), VSECM_INVALID);
    CHECK_STR(vsecm_message(client), "descriptor 987 is not open");
    vsecm_close(client);
}

/* ---- too many requests ----------------------------------------------------------------------- */

TEST(too_many_requests_say_how_long_to_wait)
{
    static const struct {
        const char *fields;
        unsigned seconds;
    } cases[] = {{"Retry-After: 7\r\n", 7},
                 {"", 1},
                 {"Retry-After: 0\r\n", 1},
                 {"retry-after: 999999\r\n", LIMIT_RETRY_AFTER_S}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char say[256];
        snprintf(say, sizeof say, SAYS("429 Too", "%s", "22", "{\"message\":\"too fast\"}"),
                 cases[i].fields);
        const struct fake_script script = {.steps = {{.say = say}, {.say = SHIELDED}}, .count = 2};
        vsecm_client *client = client_of(&script, 1);
        vsecm_secret secret;
        CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_TOO_MANY);
        CHECK_STR(vsecm_message(client), "too fast");
        CHECK_EQ_INT(vsecm_retry_after(client), cases[i].seconds);
        CHECK_EQ_INT(vsecm_shield(client, 0), VSECM_OK);
        CHECK_EQ_INT(vsecm_retry_after(client), 0);
        vsecm_close(client);
    }
}

TEST(a_retry_after_that_is_no_number_makes_no_sense)
{
    vsecm_secret secret;
    vsecm_client *client =
        client_told((struct fake_step){.say = SAYS("429 Too", "Retry-After: soon\r\n", "0", "")});
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_PROTOCOL);
    vsecm_close(client);
}

/* A watch or a page that is sent away comes back, but no sooner than it was told. */
TEST(a_watch_that_is_sent_away_waits_it_out)
{
    const char *stream =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        "id: 1.a\nevent: absent\ndata: {\"reason\":\"no-secret\",\"message\":\"m\"}"
        "\n\n";
    const struct fake_script scripts[] = {{.steps = {{.say = BUSY}}, .count = 1},
                                          {.steps = {{.say = stream}, {.say = NULL}}, .count = 2}};
    vsecm_watch *watch;
    vsecm_event event;
    fake_start(scripts, 2);
    int64_t begun = channel_now();
    CHECK_EQ_INT(vsecm_watch_open(fake.path, NULL, &watch), VSECM_OK);
    CHECK_EQ_INT(vsecm_watch_next(watch, 100, &event), VSECM_TIMEOUT);
    CHECK_STR(vsecm_watch_message(watch), "too fast");
    char other[128]; /* a file that is not the socket says nothing of the daemon */
    snprintf(other, sizeof other, "%s/other", fake.directory);
    close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK_EQ_INT(vsecm_watch_next(watch, 200, &event), VSECM_TIMEOUT);
    unlink(other);
    CHECK_EQ_INT(vsecm_watch_next(watch, 5000, &event), VSECM_OK);
    CHECK(channel_now() - begun >= 1000);
    vsecm_event_clear(&event);
    vsecm_watch_close(watch);
}

TEST(a_page_that_is_sent_away_says_so)
{
    vsecm_page *page;
    const struct fake_script script = {.steps = {{.say = BUSY}}, .count = 1};
    fake_start(&script, 1);
    CHECK_EQ_INT(vsecm_page_open(fake.path, &page), VSECM_TOO_MANY);
}

TEST(whoever_guards_comes_back_no_sooner_than_it_was_told)
{
    const struct fake_script script = {.steps = {{.say = BUSY}, {.say = SHIELDED}}, .count = 2};
    fake_start(&script, 1);
    struct guard guard = {.socket = fake.path};
    int64_t begun = channel_now();
    CHECK_EQ_INT(guard_process(&guard, false, &why), 0);
    CHECK(channel_now() - begun >= 1000);
    guard_close(&guard);
}

/* ---- files ----------------------------------------------------------------------------------- */

static struct guard guard;

static struct target_file file_in(const char *path)
{
    struct target_file file;
    const struct target_file_kind kind = {
        .mode = 0400, .owner = (uid_t)-1, .group = (gid_t)-1, .guard = &guard};
    guard = (struct guard){.socket = fake.path};
    CHECK_EQ_INT(target_file_open(path, &kind, &file, &why), 0);
    return file;
}

TEST(a_file_is_guarded_while_it_is_empty_and_on_its_way)
{
    const struct fake_script script = {
        .steps = {{ONE_FILE, .say = GUARDED}, {ONE_FILE, .say = GUARDED}}, .count = 2};
    fake_start(&script, 1);
    struct target_file file = file_in(SHM);
    CHECK_EQ_INT(target_file_write(&file, "old", 3, &why), 0);
    CHECK_EQ_INT(target_file_write(&file, "hunter2", 7, &why), 0);
    CHECK_STR(noted(), "/dev/shm/.vsecm-guard-test.new 0\n/dev/shm/.vsecm-guard-test.new 0\n");
    CHECK_STR(read_text(SHM), "hunter2");
    CHECK_EQ_INT(target_file_remove(&file, &why), 0);
    target_file_close(&file);
    guard_close(&guard);
}

TEST(a_file_that_cannot_be_guarded_is_not_written)
{
    const struct fake_script script = {.steps = {{ONE_FILE, .say = GUARDED}, {.say = NO_GUARDS}},
                                       .count = 2};
    fake_start(&script, 1);
    struct target_file file = file_in(SHM);
    CHECK_EQ_INT(target_file_write(&file, "old", 3, &why), 0);
    CHECK_EQ_INT(target_file_write(&file, "hunter2", 7, &why), -EOPNOTSUPP);
    CHECK_STR(why.text, "the file cannot be guarded: tier cgroup: no guards");
    CHECK_STR(read_text(SHM), "old");
    CHECK(access("/dev/shm/.vsecm-guard-test.new", F_OK) < 0);
    CHECK_EQ_INT(target_file_remove(&file, &why), 0);
    target_file_close(&file);
    guard_close(&guard);
}

TEST(each_file_of_a_directory_is_guarded)
{
    const struct fake_script script = {
        .steps = {{ONE_FILE, .say = GUARDED}, {ONE_FILE, .say = GUARDED}}, .count = 2};
    struct target_dir dir;
    char path[] = "/dev/shm/vsecm-test-XXXXXX", file[64];
    CHECK(mkdtemp(path) != NULL);
    fake_start(&script, 1);
    guard = (struct guard){.socket = fake.path};
    const struct target_file_kind kind = {
        .mode = 0400, .owner = (uid_t)-1, .group = (gid_t)-1, .guard = &guard};
    CHECK_EQ_INT(target_dir_open(path, &kind, false, &dir, &why), 0);
    static const char value[] = "{\"a\":\"x\",\"b\":[1]}";
    CHECK_EQ_INT(target_dir_write(&dir, value, sizeof value - 1, &why), 0);
    const char *lines = noted(), *second = strchr(lines, '\n');
    CHECK(strstr(lines, "/a 0\n") && strstr(second, "/b 0\n"));
    snprintf(file, sizeof file, "%s/b", path);
    CHECK_STR(read_text(file), "[1]");
    CHECK_EQ_INT(target_dir_remove(&dir, &why), 0);
    target_dir_close(&dir);
    guard_close(&guard);
    rmdir(path);
}

TEST(a_descriptor_is_guarded_while_there_is_nothing_behind_it)
{
    const struct fake_script script = {.steps = {{ONE_FILE, .say = GUARDED}, {.say = NO_GUARDS}},
                                       .count = 2};
    fake_start(&script, 1);
    guard = (struct guard){.socket = fake.path};
    int fd = sealed_fd_new("hunter2", 7, &guard, &why);
    CHECK(fd >= 0);
    CHECK_STR(noted(), "/memfd:vsecm-secret (deleted) 0\n");
    close(fd);
    CHECK_EQ_INT(sealed_fd_new("hunter2", 7, &guard, &why), -EOPNOTSUPP);
    guard_close(&guard);
}

CHECK_MAIN
