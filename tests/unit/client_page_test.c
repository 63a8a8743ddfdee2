/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared pages of libvsecm against a daemon in a thread, whose pages the test writes. */
#include "tests/unit/check.h"
#include "tests/unit/guarded.h"
#include "tests/unit/pages.h"

#include "client/channel.h"
#include "client/stamp.h"
#include "limits.h"
#include "vsecm/vsecm.h"

#include <errno.h>

static struct test_page page;

static vsecm_page *reader_new(void)
{
    vsecm_page *reader = NULL;
    page = test_page_new(4096);
    keeper_start(&page);
    CHECK_EQ_INT(vsecm_page_open(keeper.path, &reader), VSECM_OK);
    return reader;
}

/* A new page in the place of the one before, which whoever has it may go on reading. */
static void renew(size_t size)
{
    test_page_free(&page);
    page = test_page_new(size);
    keeper.fd = page.fd;
}

static void end(vsecm_page *reader)
{
    vsecm_page_close(reader);
    keeper_stop();
    test_page_free(&page);
}

static const vsecm_secret *check_value(vsecm_page *reader, uint64_t version, const char *value)
{
    const vsecm_secret *secret = NULL;
    CHECK_EQ_INT(vsecm_page_read(reader, &secret), VSECM_OK);
    CHECK_STR(secret->data, value);
    CHECK_EQ_INT(secret->length, strlen(value));
    CHECK_EQ_INT(secret->version, version);
    return secret;
}

static void check_result(vsecm_page *reader, vsecm_result expected, const char *message)
{
    const vsecm_secret *secret = NULL;
    CHECK_EQ_INT(vsecm_page_read(reader, &secret), expected);
    CHECK(!secret);
    CHECK_STR(vsecm_page_message(reader), message);
}

/* Reads until the daemon has been asked COUNT times in all. */
static void read_until_asked(vsecm_page *reader, int count)
{
    const vsecm_secret *secret;
    for (int64_t end_ms = channel_now() + 5000; keeper.asked < count || vsecm_page_stale(reader);) {
        CHECK(channel_now() < end_ms);
        vsecm_page_read(reader, &secret);
        usleep(1000);
    }
}

TEST(times_are_written_as_the_c_library_has_them)
{
    char ours[32], theirs[32];
    for (int64_t s = 0; s < 253402300800; s += 86400 * 13 + 3701) {
        struct tm tm;
        time_t seconds = (time_t)s;
        stamp_write(s * 1000000 + 999999, &ours);
        CHECK(gmtime_r(&seconds, &tm) != NULL);
        strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm);
        CHECK_STR(ours, theirs);
    }
    stamp_write(253402300799999999, &ours);
    CHECK_STR(ours, "9999-12-31T23:59:59Z");
    stamp_write(253402300800000000, &ours);
    CHECK_STR(ours, "");
    stamp_write(-1, &ours);
    CHECK_STR(ours, "");
    stamp_write(951782400000000, &ours);
    CHECK_STR(ours, "2000-02-29T00:00:00Z");
}

TEST(a_change_is_read_without_asking)
{
    vsecm_page *reader = reader_new();
    check_result(reader, VSECM_NOT_FOUND, "there is no secret");
    CHECK(!vsecm_page_stale(reader));
    test_page_put(page.head, 1, "one");
    const vsecm_secret *first = check_value(reader, 1, "one");
    CHECK_STR(first->created, "2023-11-14T22:13:20Z");
    CHECK_STR(first->updated, "2023-11-14T22:13:21Z");
    CHECK(check_value(reader, 1, "one") == first);
    guarded_check(first->data, guarded_can_lock());
    test_page_put(page.head, 2, "two");
    check_value(reader, 2, "two");
    test_page_put(page.head, 3, "");
    check_value(reader, 3, "");
    CHECK_STR(vsecm_page_message(reader), "");
    CHECK_EQ_INT(keeper.asked, 1);
    end(reader);
}

TEST(each_absence_has_its_result)
{
    static const struct {
        enum page_reason reason;
        vsecm_result result;
        const char *message;
    } cases[] = {
        {PAGE_REASON_NO_SECRET, VSECM_NOT_FOUND, "there is no secret"},
        {PAGE_REASON_NOT_YET, VSECM_NOT_FOUND, "the secret is not valid yet"},
        {PAGE_REASON_EXPIRED, VSECM_EXPIRED, "the secret has expired"},
        {PAGE_REASON_WITHHELD, VSECM_UNAVAILABLE, "the daemon withholds the secret at present"},
        {(enum page_reason)99, VSECM_NOT_FOUND, "there is no secret"},
    };
    vsecm_page *reader = reader_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_page_put(page.head, 1, "one");
        check_value(reader, 1, "one");
        test_page_say(page.head, PAGE_ABSENT, cases[i].reason);
        check_result(reader, cases[i].result, cases[i].message);
        check_result(reader, cases[i].result, cases[i].message);
    }
    end(reader);
}

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

TEST(a_value_is_held_back_when_its_time_is_over_whether_the_daemon_lives_or_not)
{
    for (int dead = 0; dead < 2; dead++) {
        vsecm_page *reader = reader_new();
        page.head->expires_us = wall_us() + 300000;
        test_page_put(page.head, 1, "one");
        check_value(reader, 1, "one");
        if (dead) {
            keeper_stop();
            test_page_die(page.head);
            check_value(reader, 1, "one");
            CHECK(vsecm_page_stale(reader));
        }
        int64_t start = channel_now();
        CHECK_EQ_INT(vsecm_page_wait(reader, 5000), VSECM_OK);
        int64_t took = channel_now() - start;
        CHECK(took >= 200 && took < LIMIT_PAGE_SLICE_MS);
        const vsecm_secret *secret;
        CHECK_EQ_INT(vsecm_page_read(reader, &secret), VSECM_EXPIRED);
        CHECK_EQ_INT(vsecm_page_read(reader, &secret), VSECM_EXPIRED);
        vsecm_page_close(reader);
        if (!dead)
            keeper_stop();
        test_page_free(&page);
    }
}

TEST(a_daemon_that_died_leaves_the_last_value_and_the_next_is_asked)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    const vsecm_secret *last = check_value(reader, 1, "one");
    keeper_stop();
    test_page_die(page.head);
    CHECK(vsecm_page_stale(reader));
    CHECK(check_value(reader, 1, "one") == last);
    CHECK_STR(vsecm_page_message(reader), "the daemon has gone");
    CHECK_EQ_INT(vsecm_page_wait(reader, 200), VSECM_TIMEOUT);
    CHECK_STR(vsecm_page_message(reader), "No such file or directory");
    /* The same once more is no news, though it comes from another daemon. */
    renew(4096);
    test_page_put(page.head, 1, "one");
    keeper_listen();
    read_until_asked(reader, 2);
    CHECK(check_value(reader, 1, "one") == last);
    CHECK_STR(vsecm_page_message(reader), "");
    CHECK_EQ_INT(vsecm_page_wait(reader, 10), VSECM_TIMEOUT);
    test_page_put(page.head, 2, "two");
    CHECK_EQ_INT(vsecm_page_wait(reader, 1000), VSECM_OK);
    check_value(reader, 2, "two");
    end(reader);
}

TEST(a_change_during_the_death_is_seen)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    test_page_put(page.head, 2, "two");
    keeper_stop();
    test_page_die(page.head);
    check_value(reader, 2, "two");
    CHECK(vsecm_page_stale(reader));
    keeper.fd = -1;
    vsecm_page_close(reader);
    test_page_free(&page);
}

TEST(a_daemon_that_died_within_a_change_leaves_the_value_before)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    keeper_stop();
    test_page_begin(page.head);
    test_page_fill(page.head, "tw", 2);
    test_page_die(page.head);
    check_value(reader, 1, "one");
    CHECK(vsecm_page_stale(reader));
    check_value(reader, 1, "one");
    vsecm_page_close(reader);
    test_page_free(&page);
}

TEST(a_daemon_that_is_stopped_within_a_change_is_waited_for_a_little)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    test_page_begin(page.head);
    int64_t start = channel_now();
    check_value(reader, 1, "one");
    CHECK(channel_now() - start < 5000);
    CHECK(vsecm_page_stale(reader));
    CHECK_STR(vsecm_page_message(reader), "the daemon has stopped within a change");
    CHECK_EQ_INT(vsecm_page_wait(reader, 100), VSECM_TIMEOUT);
    test_page_end(page.head);
    check_value(reader, 1, "one");
    CHECK(!vsecm_page_stale(reader));
    test_page_put(page.head, 2, "two");
    check_value(reader, 2, "two");
    CHECK_EQ_INT(keeper.asked, 1);
    end(reader);
}

TEST(a_daemon_that_hangs_up_keeps_no_page)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    shutdown(keeper.connections[0], SHUT_RDWR);
    test_page_put(page.head, 2, "two"); /* a read that has something to do finds out */
    check_value(reader, 2, "two");
    CHECK(vsecm_page_stale(reader));
    read_until_asked(reader, 2);
    end(reader);
}

TEST(a_page_that_moved_is_followed_in_the_same_read)
{
    static char large[10001];
    vsecm_page *reader = reader_new();
    memset(large, 'x', sizeof large - 1);
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    test_page_say(page.head, PAGE_MOVED, PAGE_REASON_NONE);
    renew(16384);
    test_page_put(page.head, 2, large);
    check_value(reader, 2, large);
    CHECK(!vsecm_page_stale(reader));
    CHECK_EQ_INT(keeper.asked, 2);
    end(reader);
}

TEST(who_is_revoked_reads_nothing_until_it_is_known_again)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    keeper.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n{\"message\":\"no one\"}";
    test_page_say(page.head, PAGE_REVOKED, PAGE_REASON_NONE);
    const vsecm_secret *secret;
    CHECK_EQ_INT(vsecm_page_read(reader, &secret), VSECM_FORBIDDEN);
    CHECK(vsecm_page_stale(reader));
    while (keeper.asked < 2) {
        CHECK_EQ_INT(vsecm_page_read(reader, &secret), VSECM_FORBIDDEN);
        usleep(1000);
    }
    renew(4096);
    test_page_put(page.head, 2, "two");
    keeper.answer = NULL;
    CHECK_EQ_INT(vsecm_page_wait(reader, 5000), VSECM_OK);
    check_value(reader, 2, "two");
    end(reader);
}

TEST(a_new_daemon_that_refuses_ends_the_last_value)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    keeper.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n{\"message\":\"no one\"}";
    test_page_die(page.head);
    CHECK_EQ_INT(vsecm_page_wait(reader, 5000), VSECM_OK);
    check_result(reader, VSECM_FORBIDDEN, "no one");
    end(reader);
}

TEST(opening_fails_with_what_a_get_would)
{
    static const struct {
        const char *answer;
        vsecm_result result;
    } cases[] = {
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", VSECM_FORBIDDEN},
        {"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", VSECM_PROTOCOL},
        {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", VSECM_UNAVAILABLE},
        {"HTTP/1.1 507 No\r\nContent-Length: 0\r\n\r\n", VSECM_UNAVAILABLE},
        {"HTTP/1.1 302 No\r\nContent-Length: 0\r\n\r\n", VSECM_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", VSECM_PROTOCOL}, /* and no page */
        {"HTTP/1.1 200 OK\r\n\r\n", VSECM_PROTOCOL},
        {"nonsense\r\n\r\n", VSECM_PROTOCOL},
    };
    vsecm_page *reader = NULL;
    keeper_start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        keeper.answer = cases[i].answer;
        CHECK_EQ_INT(vsecm_page_open(keeper.path, &reader), cases[i].result);
    }
    page = test_page_of(4096, 0);
    keeper.answer = NULL;
    keeper.fd = page.fd;
    CHECK_EQ_INT(vsecm_page_open(keeper.path, &reader), VSECM_PROTOCOL);
    test_page_free(&page);
    keeper_stop();
    CHECK_EQ_INT(vsecm_page_open(keeper.path, &reader), VSECM_UNREACHABLE);
    CHECK_EQ_INT(errno, ENOENT);
    CHECK_EQ_INT(vsecm_page_open("", &reader), VSECM_UNREACHABLE);
    CHECK_EQ_INT(vsecm_page_open("/x", NULL), VSECM_INVALID);
    CHECK(!reader);
    vsecm_page_close(NULL);
    CHECK_EQ_INT(vsecm_page_stale(NULL), 0);
    CHECK_EQ_INT(vsecm_page_wait(NULL, 0), VSECM_INVALID);
}

static void *put_later(void *unused)
{
    (void)unused;
    usleep(100000);
    test_page_put(page.head, 2, "two");
    return NULL;
}

TEST(waiting_ends_with_a_change_or_in_time)
{
    vsecm_page *reader = reader_new();
    pthread_t thread;
    CHECK_EQ_INT(vsecm_page_wait(reader, 0), VSECM_OK); /* nothing was read yet */
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    int64_t start = channel_now();
    CHECK_EQ_INT(vsecm_page_wait(reader, 100), VSECM_TIMEOUT);
    CHECK(channel_now() - start >= 100 && channel_now() - start < LIMIT_PAGE_SLICE_MS);
    CHECK(pthread_create(&thread, NULL, put_later, NULL) == 0);
    start = channel_now();
    CHECK_EQ_INT(vsecm_page_wait(reader, -1), VSECM_OK);
    CHECK(channel_now() - start < LIMIT_PAGE_SLICE_MS);  /* woken */
    CHECK_EQ_INT(vsecm_page_wait(reader, -1), VSECM_OK); /* until it has been read */
    check_value(reader, 2, "two");
    pthread_join(thread, NULL);
    end(reader);
}

static void read_in_child(void *argument)
{
    vsecm_page *reader = argument;
    check_value(reader, 1, "one");
    test_page_put(page.head, 2, "two");
    check_value(reader, 2, "two");
    test_page_die(page.head);
    check_value(reader, 2, "two");
    vsecm_page_close(reader);
}

TEST(a_child_reads_on_and_disturbs_nobody)
{
    vsecm_page *reader = reader_new();
    test_page_put(page.head, 1, "one");
    check_value(reader, 1, "one");
    CHECK_EQ_INT(check_child(read_in_child, reader), 0);
    __atomic_store_n(&page.head->keeper, (uint32_t)getpid(), __ATOMIC_RELAXED);
    check_value(reader, 2, "two");
    CHECK(!vsecm_page_stale(reader));
    test_page_put(page.head, 3, "three");
    check_value(reader, 3, "three");
    end(reader);
}

CHECK_MAIN
