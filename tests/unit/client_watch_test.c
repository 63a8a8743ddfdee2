/* SPDX-License-Identifier: BSD-2-Clause */
/* Watches of libvsecm against a forked server that says exactly what a test wants said. */
#include "tests/unit/check.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/guarded.h"

#include "client/channel.h"
#include "client/link.h"
#include "limits.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <poll.h>

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define TIMES ",\"created\":\"2026-11-24T20:15:30Z\",\"updated\":\"2026-11-24T21:02:11Z\"}\n\n"
#define SECRET(id, data) "id: " id "\nevent: secret\ndata: {\"data\":\"" data "\"" TIMES
#define ABSENT(id, reason) \
    "id: " id "\nevent: absent\ndata: {\"reason\":\"" reason "\",\"message\":\"none\"}\n\n"
#define ERROR(line) "HTTP/1.1 " line "\r\nContent-Length: 34\r\n\r\n" ERROR_BODY
#define ERROR_BODY "{\"error\":\"code\",\"message\":\"it is\"}"
#define KEPT        \
    {               \
        .say = NULL \
    } /* the connection stays open until the client leaves */

static vsecm_watch *watch_of(const struct fake_script *scripts, size_t count, const char *last_id)
{
    vsecm_watch *watch = NULL;
    fake_start(scripts, count);
    CHECK_EQ_INT(vsecm_watch_open(fake.path, last_id, &watch), VSECM_OK);
    return watch;
}

static void check_secret(vsecm_watch *watch, int timeout_ms, const char *id, const char *value)
{
    vsecm_event event;
    CHECK_EQ_INT(vsecm_watch_next(watch, timeout_ms, &event), VSECM_OK);
    CHECK_STR(event.id, id);
    CHECK_EQ_INT(event.absence, VSECM_PRESENT);
    CHECK_STR(event.secret.data, value);
    CHECK_EQ_INT(event.secret.version, id[0] - '0');
    vsecm_event_clear(&event);
    CHECK(!event.secret.data);
    CHECK(vsecm_watch_connected(watch));
    CHECK_STR(vsecm_watch_message(watch), "");
}

static void check_result(vsecm_watch *watch, int timeout_ms, vsecm_result expected,
                         const char *message)
{
    vsecm_event event;
    CHECK_EQ_INT(vsecm_watch_next(watch, timeout_ms, &event), expected);
    CHECK_STR(vsecm_watch_message(watch), message);
}

static int is_readable(vsecm_watch *watch)
{
    struct pollfd poller = {.fd = vsecm_watch_fd(watch), .events = POLLIN};
    return poll(&poller, 1, 0) == 1;
}

TEST(events_come_in_their_order_and_then_time_passes)
{
    const struct fake_script script = {
        .steps = {{.expect = "GET /v1/watch HTTP/1.1\r\nHost: vsecm\r\n\r\n",
                   .say = STREAM SECRET("1.a", "one") ": still here\n\n" ABSENT("0", "no-secret")
                       SECRET("1.b", "two")},
                  KEPT},
        .count = 2,
    };
    vsecm_watch *watch = watch_of(&script, 1, NULL);
    vsecm_event event;
    CHECK(is_readable(watch)); /* though nothing has been tried: it is time to connect */
    CHECK(!vsecm_watch_connected(watch));
    check_secret(watch, 5000, "1.a", "one");
    CHECK(is_readable(watch)); /* though all has been received: there is more in it */
    CHECK_EQ_INT(vsecm_watch_next(watch, 5000, &event), VSECM_OK);
    CHECK_EQ_INT(event.absence, VSECM_NO_SECRET);
    CHECK_STR(event.message, "none");
    CHECK(is_readable(watch));
    check_secret(watch, 5000, "1.b", "two");
    check_result(watch, 50, VSECM_TIMEOUT, "");
    CHECK(!is_readable(watch));
    CHECK(vsecm_watch_connected(watch));
    vsecm_watch_close(watch);
}

TEST(an_event_may_arrive_byte_by_byte)
{
    const struct fake_script script = {
        .steps = {{.say = STREAM SECRET("1.a", "one"), .drip_ms = 1}, KEPT},
        .count = 2,
    };
    vsecm_watch *watch = watch_of(&script, 1, NULL);
    check_secret(watch, 5000, "1.a", "one");
    vsecm_watch_close(watch);
}

TEST(an_event_may_be_cut_anywhere)
{
    static const char said[] = STREAM SECRET("1.a", "one");
    static struct fake_script scripts[sizeof said];
    for (size_t i = 0; i < COUNT(scripts); i++)
        scripts[i] = (struct fake_script){.steps = {{.say = said, .split = i}, KEPT}, .count = 2};
    fake_start(scripts, COUNT(scripts));
    for (size_t i = 0; i < COUNT(scripts); i++) {
        vsecm_watch *watch = NULL;
        CHECK_EQ_INT(vsecm_watch_open(fake.path, NULL, &watch), VSECM_OK);
        check_secret(watch, 5000, "1.a", "one");
        vsecm_watch_close(watch);
    }
}

TEST(a_new_connection_says_what_is_known)
{
    const struct fake_script scripts[] = {
        {.steps = {{.expect = "\r\nLast-Event-ID: 1.a\r\n\r\n",
                    .say = STREAM SECRET("2.b", "two")}},
         .count = 1},
        {.steps = {{.expect = "\r\nLast-Event-ID: 2.b\r\n\r\n", .say = STREAM "id: 3.c\nevent: s"}},
         .count = 1},
        {.steps = {{.expect = "\r\nLast-Event-ID: 2.b\r\n\r\n",
                    .say = STREAM SECRET("2.b", "two") SECRET("4.d", "four")},
                   KEPT},
         .count = 2},
    };
    vsecm_watch *watch = watch_of(scripts, COUNT(scripts), "1.a");
    check_secret(watch, 5000, "2.b", "two");
    check_secret(watch, 5000, "4.d", "four");
    vsecm_watch_close(watch);
}

TEST(a_stranger_is_told_so_and_may_try_again)
{
    const struct fake_script scripts[] = {
        {.steps = {{.say = ERROR("403 Forbidden")}}, .count = 1},
        {.steps = {{.say = STREAM SECRET("1.a", "one")}, KEPT}, .count = 2},
    };
    vsecm_watch *watch = watch_of(scripts, COUNT(scripts), NULL);
    check_result(watch, 5000, VSECM_FORBIDDEN, "it is");
    CHECK(!vsecm_watch_connected(watch));
    check_result(watch, 0, VSECM_TIMEOUT, "it is"); /* not that soon */
    check_secret(watch, 5000, "1.a", "one");
    vsecm_watch_close(watch);
}

TEST(a_daemon_that_cannot_serve_is_waited_for)
{
    const struct fake_script scripts[] = {
        {.steps = {{.say = ERROR("503 Sealed")}}, .count = 1},
        {.count = 0},
        {.steps = {{.say = ERROR("429 Too Many")}}, .count = 1},
        {.steps = {{.say = STREAM SECRET("1.a", "one")}, KEPT}, .count = 2},
    };
    vsecm_watch *watch = watch_of(scripts, COUNT(scripts), NULL);
    check_result(watch, 10, VSECM_TIMEOUT, "it is");
    check_secret(watch, 5000, "1.a", "one");
    vsecm_watch_close(watch);
}

TEST(what_makes_no_sense_is_said_and_tried_again)
{
    static const struct {
        const char *say, *message;
    } cases[] = {
        {ERROR("404 Not Found"), "the daemon knows no watch; it is an older one"},
        {ERROR("302 Found"), "the answer has status 302"},
        {"HTTP/1.1 503 Sealed\r\n\r\n", "the answer does not say its length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
         "the answer has a length, and is no stream"},
        {"HTTP/1.1 403 No\r\nContent-Length: 9999\r\n\r\n",
         "the answer is larger than any that was expected"},
        {"HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nab", "the answer is longer than it says"},
        {"SSH-2.0-OpenSSH\r\n\r\n", "the answer does not begin as HTTP/1.1 does"},
        {STREAM "data: \x01\n\n", "the stream has a control character"},
        {STREAM "id: 1.a\nevent: secret\ndata: hunter2\n\n", "the event is no JSON object"},
        {STREAM SECRET("one", "one"), "the event has no value, version or times"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fake_script scripts[] = {
            {.steps = {{.say = cases[i].say}}, .count = 1},
            {.steps = {{.say = STREAM SECRET("1.a", "one")}, KEPT}, .count = 2},
        };
        vsecm_watch *watch = watch_of(scripts, COUNT(scripts), NULL);
        check_result(watch, 5000, VSECM_PROTOCOL, cases[i].message);
        check_secret(watch, 5000, "1.a", "one");
        vsecm_watch_close(watch);
    }
}

TEST(events_of_other_types_are_for_others)
{
    const struct fake_script script = {
        .steps = {{.say = STREAM "id: 9\nevent: weather\ndata: rain\n\n" SECRET("1.a", "one")},
                  KEPT},
        .count = 2,
    };
    vsecm_watch *watch = watch_of(&script, 1, NULL);
    check_secret(watch, 5000, "1.a", "one");
    vsecm_watch_close(watch);
}

TEST(the_largest_value_arrives_whole)
{
    static char said[LIMIT_BODY];
    size_t used =
        (size_t)snprintf(said, sizeof said, STREAM "id: 1.a\nevent: secret\ndata: {\"data\":\"");
    for (size_t i = 0; i < LIMIT_VALUE; i++, used += 6)
        memcpy(said + used, i % 2 ? "\\u0001" : "\\u0002", 6);
    snprintf(said + used, sizeof said - used, "\"" TIMES);
    const struct fake_script script = {.steps = {{.say = said}, KEPT}, .count = 2};
    vsecm_watch *watch = watch_of(&script, 1, NULL);
    vsecm_event event;
    CHECK_EQ_INT(vsecm_watch_next(watch, 20000, &event), VSECM_OK);
    CHECK_EQ_INT(event.secret.length, LIMIT_VALUE);
    for (size_t i = 0; i < LIMIT_VALUE; i++)
        if (((char *)event.secret.data)[i] != (i % 2 ? 1 : 2))
            CHECK_EQ_INT(i, -1);
    vsecm_event_clear(&event);
    vsecm_watch_close(watch);
}

TEST(values_are_locked_and_not_dumped)
{
    const struct fake_script script = {
        .steps = {{.say = STREAM SECRET("1.a", "one")}, KEPT},
        .count = 2,
    };
    vsecm_watch *watch = watch_of(&script, 1, NULL);
    vsecm_event event;
    CHECK_EQ_INT(vsecm_watch_next(watch, 5000, &event), VSECM_OK);
    guarded_check(event.secret.data, guarded_can_lock());
    vsecm_event_clear(&event);
    vsecm_watch_close(watch);
}

TEST(wrong_arguments_are_refused)
{
    static char longest[65];
    vsecm_watch *watch = NULL;
    vsecm_event event;
    memset(longest, '1', sizeof longest - 1);
    CHECK_EQ_INT(vsecm_watch_open("/x", NULL, NULL), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_watch_open("/x", "1\r\nX: y", &watch), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_watch_open("/x", longest, &watch), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_watch_open("", NULL, &watch), VSECM_UNREACHABLE);
    CHECK_EQ_INT(errno, ENOENT);
    CHECK_EQ_INT(vsecm_watch_next(NULL, 0, &event), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_watch_fd(NULL), -1);
    CHECK_EQ_INT(vsecm_watch_connected(NULL), 0);
    CHECK_STR(vsecm_watch_message(NULL), "");
    CHECK(!watch);
    vsecm_watch_close(NULL);
    vsecm_event_clear(NULL);
}

/* ---- the link -------------------------------------------------------------------------------- */

TEST(a_daemon_that_appears_is_noticed_though_the_next_attempt_is_far)
{
    char name[64], link_name[80];
    vsecm_watch *watch = NULL;
    const struct fake_script script = {
        .steps = {{.say = STREAM SECRET("1.a", "one")}, KEPT},
        .count = 2,
    };
    fake_start(&script, 1);
    snprintf(name, sizeof name, "%s/later", fake.directory);
    snprintf(link_name, sizeof link_name, "%s.link", fake.directory);
    CHECK(symlink(name, link_name) == 0); /* as /run/vsecm.sock is one */
    CHECK_EQ_INT(vsecm_watch_open(link_name, NULL, &watch), VSECM_OK);
    check_result(watch, 3000, VSECM_TIMEOUT, "No such file or directory");
    CHECK(!is_readable(watch)); /* the next attempt is more than a second away */
    int64_t start = channel_now();
    CHECK(rename(fake.path, name) == 0);
    CHECK(is_readable(watch));
    check_secret(watch, 5000, "1.a", "one");
    CHECK(channel_now() - start < 1000);
    vsecm_watch_close(watch);
    unlink(link_name);
    unlink(name);
}

TEST(a_silent_daemon_is_given_up)
{
    const struct fake_script script = {.steps = {KEPT}, .count = 1};
    struct link *link = NULL;
    fake_start(&script, 1);
    CHECK_EQ_INT(link_open(&link, fake.path, 100), 0);
    int64_t start = channel_now();
    CHECK_EQ_INT(link_step(link, "GET / HTTP/1.1\r\n\r\n"), 1);
    int r = 0;
    while (!r && channel_now() - start < 5000) {
        CHECK(link_is_up(link));
        link_wait(link, -1);
        r = link_step(link, "");
    }
    CHECK_EQ_INT(r, -ETIMEDOUT);
    CHECK(!link_is_up(link));
    CHECK(channel_now() - start >= 100 && channel_now() - start < 1000);
    link_close(link);
}

/* How often a link that is refused tries in MS milliseconds. */
static int attempts(struct link *link, int ms)
{
    int count = 0;
    for (int64_t end = channel_now() + ms; channel_now() < end; link_wait(link, end))
        count += link_step(link, "") < 0;
    return count;
}

TEST(attempts_become_rarer)
{
    struct link *link = NULL;
    CHECK_EQ_INT(link_open(&link, "/nonexistent/socket", 0), 0);
    int first = attempts(link, 1000); /* 0, 50, 150, 350, 750 at the latest, half of it at best */
    CHECK(first >= 5 && first <= 7);
    CHECK(attempts(link, 1000) <= 2);
    link_close(link);
}

CHECK_MAIN
