/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/link.h"

#include <errno.h>

#include "base/clock.h"
#include "tests/unit/links.h"

/* What came back, in order: the code of each result, or the kind of what answers else. */
static struct {
    char trace[4096];
    unsigned results;
    unsigned lost;
    int asks_again;
} told;

static void note(const char *word)
{
    size_t used = strlen(told.trace);
    if (used + strlen(word) + 2 < sizeof told.trace)
        snprintf(told.trace + used, sizeof told.trace - used, "%s ", word);
}

static void on_answer(void *context, const struct wire_message *message)
{
    char code[65];
    CHECK(context == &told);
    if (message->kind != WIRE_RESULT) {
        note(wire_name(message->kind));
        return;
    }
    told.results++;
    snprintf(code, sizeof code, "%.*s", (int)message->field[RESULT_CODE].length,
             message->field[RESULT_CODE].data);
    note(code);
    struct wire_message again = {.kind = WIRE_TOKEN_GET};
    if (told.asks_again-- > 0)
        note(link_ask(links.link, &again, on_answer, &told) == 0 ? "asked" : "not-asked");
}

static void on_kind(void *context, const struct wire_message *message)
{
    (void)context;
    note(wire_name(message->kind));
}

static void on_second(void *context, const struct wire_message *message)
{
    (void)context, (void)message;
    note("second");
}

static void on_lost(void *context, const struct wire_message *message)
{
    CHECK(context == &told && message->kind == WIRE_NONE);
    told.lost++;
}

static void begin(void)
{
    memset(&told, 0, sizeof told);
    links_begin();
    CHECK_EQ_INT(link_observe(links.link, WIRE_NONE, on_lost, &told), 0);
    CHECK_EQ_INT(link_observe(links.link, WIRE_POD, on_kind, &told), 0);
    CHECK_EQ_INT(link_observe(links.link, WIRE_POD, on_second, &told), 0);
    CHECK_EQ_INT(link_observe(links.link, WIRE_GONE, on_kind, &told), 0);
}

static int ask(enum wire_kind kind)
{
    struct wire_message message = {.kind = kind};
    return link_ask(links.link, &message, on_answer, &told);
}

/* The number of the next message that comes at the other end, which is of KIND. */
static uint64_t heard(enum wire_kind kind)
{
    struct wire_message message;
    CHECK(links_hear(&message));
    CHECK_STR(wire_name(message.kind), wire_name(kind));
    return message.number;
}

static void check_closed(void)
{
    char byte;
    links_run(5);
    ssize_t n = recv(links.peer, &byte, 1, MSG_DONTWAIT);
    CHECK(n == 0 || (n < 0 && errno == ECONNRESET));
}

TEST(nobody_is_there)
{
    struct wire_message message = {.kind = WIRE_HEALTH};
    begin();
    CHECK_EQ_INT(link_tell(links.link, &message), -ENOTCONN);
    CHECK_EQ_INT(ask(WIRE_GET), -ENOTCONN);
    CHECK(!link_is_up(links.link));
    CHECK_STR(link_why(links.link), "vsecm-sync has not come yet");
    links_call(); /* one that has not said who it is */
    CHECK_EQ_INT(link_tell(links.link, &message), -ENOTCONN);
    links_end();
    CHECK_STR(told.trace, "");
}

TEST(it_is_up_when_the_API_server_is)
{
    begin();
    links_attach();
    CHECK(!link_is_up(links.link));
    CHECK_STR(link_why(links.link), "vsecm-sync has not reached the API server yet");
    links_say(WIRE_API, "1", "");
    links_run(5);
    CHECK(link_is_up(links.link));
    CHECK_STR(link_why(links.link), "");
    uint64_t since = link_since_ms(links.link);
    CHECK(since <= clock_mono_ms() && since + 1000 > clock_mono_ms());
    links_say(WIRE_API, "", "no route");
    links_run(5);
    CHECK(!link_is_up(links.link));
    CHECK_STR(link_why(links.link), "no route");
    since = link_since_ms(links.link);
    links_say(WIRE_API, "", "no name");
    links_run(20);
    CHECK_EQ_INT(link_since_ms(links.link), since);
    links_end();
}

TEST(another_version_is_not_welcome)
{
    begin();
    links_call();
    links_say(WIRE_HELLO, WIRE_ABI "0", "node-1", "test");
    check_closed();
    CHECK(strstr(link_why(links.link), "another version") != NULL);
    CHECK_EQ_INT(told.lost, 1);
    links_end();
}

TEST(who_does_not_say_who_it_is)
{
    begin();
    links_call();
    links_say(WIRE_POD, "x");
    check_closed();
    CHECK_STR(told.trace, "");
    CHECK_STR(link_why(links.link), "vsecm-sync did not say who it is");
    links_end();
}

TEST(what_is_no_message)
{
    begin();
    links_attach();
    CHECK_EQ_INT(send(links.peer, "\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 16, 0), 16);
    check_closed();
    CHECK(strstr(link_why(links.link), "vsecm-sync is not there: kind 65535") != NULL);
    CHECK_EQ_INT(told.lost, 1);
    links_end();
}

TEST(observers_are_told_in_their_order)
{
    begin();
    links_attach();
    links_say(WIRE_POD, "uid");
    links_say(WIRE_GONE, "ns", "name");
    links_say(WIRE_DRIFT, "ns", "name"); /* nobody asked for it */
    links_run(5);
    CHECK_STR(told.trace, "pod second gone ");
    links_end();
}

TEST(each_answer_comes_to_whoever_asked)
{
    begin();
    links_attach();
    CHECK_EQ_INT(ask(WIRE_GET), 0);
    CHECK_EQ_INT(ask(WIRE_HISTORY), 0);
    CHECK_EQ_INT(ask(WIRE_TOKEN_GET), 0);
    uint64_t get = heard(WIRE_GET), history = heard(WIRE_HISTORY), token = heard(WIRE_TOKEN_GET);
    CHECK(get && history && token && get != history && history != token);
    CHECK_STR(told.trace, "");
    links_answer(WIRE_TOKEN, token, "ey");
    links_answer(WIRE_VERSION, history, "2");
    links_answer(WIRE_VERSION, history, "1");
    links_answer(WIRE_SECRET, get, "ns", "name");
    links_answer(WIRE_SECRET, get, "ns", "name"); /* it has had its end */
    links_answer(WIRE_RESULT, history, "ok");
    links_answer(WIRE_RESULT, 12345, "ok"); /* nobody asked */
    links_run(5);
    CHECK_STR(told.trace, "token version version secret ok ");
    links_end();
    CHECK_EQ_INT(told.results, 1);
}

TEST(what_is_under_way_ends_when_the_connection_does)
{
    begin();
    links_attach();
    CHECK_EQ_INT(ask(WIRE_GET), 0);
    CHECK_EQ_INT(ask(WIRE_TOKEN_GET), 0);
    heard(WIRE_GET);
    heard(WIRE_TOKEN_GET);
    links_hang_up();
    told.asks_again = 1;
    links_run(10);
    CHECK_STR(told.trace, "unreachable not-asked unreachable ");
    CHECK_EQ_INT(told.lost, 1);
    CHECK_STR(link_why(links.link), "vsecm-sync is not there: the other end is gone");
    links_attach();
    CHECK_EQ_INT(ask(WIRE_GET), 0);
    links_answer(WIRE_SECRET, heard(WIRE_GET), "ns", "name");
    links_run(5);
    CHECK(strstr(told.trace, "secret") != NULL);
    links_end();
}

TEST(the_newer_one_lives)
{
    begin();
    links_attach();
    CHECK_EQ_INT(ask(WIRE_GET), 0);
    int old = links.peer;
    links_attach();
    CHECK_STR(told.trace, "unreachable ");
    CHECK_EQ_INT(told.lost, 1);
    char bytes[4096];
    ssize_t n;
    while ((n = recv(old, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        ;
    CHECK_EQ_INT(n, 0);
    close(old);
    links_say(WIRE_POD, "uid");
    links_run(5);
    CHECK_STR(told.trace, "unreachable pod second ");
    links_end();
}

TEST(as_many_as_may_be_under_way)
{
    begin();
    links_attach();
    for (unsigned i = 0; i < LIMIT_LINK_ASKED; i++)
        CHECK_EQ_INT(ask(WIRE_TOKEN_GET), 0);
    CHECK_EQ_INT(ask(WIRE_TOKEN_GET), -EBUSY);
    uint64_t first = heard(WIRE_TOKEN_GET);
    links_answer(WIRE_RESULT, first, "busy");
    told.asks_again = 1; /* from within: its place is free again */
    links_run(5);
    CHECK_STR(told.trace, "busy asked ");
    CHECK_EQ_INT(ask(WIRE_TOKEN_GET), -EBUSY);
    links_end();
    CHECK_EQ_INT(told.results, 1 + LIMIT_LINK_ASKED);
}

TEST(what_does_not_fit_is_not_asked)
{
    static char large[LIMIT_WIRE_TOKEN + 1];
    struct wire_message message = {.kind = WIRE_TOKEN_REVIEW};
    begin();
    links_attach();
    message.field[0] = (struct span){large, sizeof large};
    CHECK_EQ_INT(link_ask(links.link, &message, on_answer, &told), -EMSGSIZE);
    message.field[0].length--;
    CHECK_EQ_INT(link_ask(links.link, &message, on_answer, &told), 0);
    links_hang_up();
    links_run(5);
    CHECK_STR(told.trace, "unreachable ");
    links_end();
}

/* Whoever asked has forgotten all of it when an answer came that ends it. */
TEST(an_answer_of_another_kind_is_none)
{
    static const struct {
        enum wire_kind asked, answer;
    } rows[] = {{WIRE_GET, WIRE_VERSION},        {WIRE_TOKEN_GET, WIRE_VERSION},
                {WIRE_TOKEN_REVIEW, WIRE_TOKEN}, {WIRE_PUT, WIRE_VERSION},
                {WIRE_HISTORY, WIRE_SECRET},     {WIRE_KEY_PUT, WIRE_REVIEW},
                {WIRE_GET, WIRE_SEEN},           {WIRE_EXPORT, WIRE_API}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin();
        links_attach();
        CHECK_EQ_INT(ask(rows[i].asked), 0);
        uint64_t number = heard(rows[i].asked);
        links_answer(rows[i].answer, number, "1");
        links_answer(rows[i].answer, number, "1");
        check_closed();
        CHECK_STR(told.trace, "unreachable ");
        CHECK_EQ_INT(told.results, 1);
        CHECK_STR(link_why(links.link), "vsecm-sync answered what was not asked");
        links_end();
    }
}

CHECK_MAIN
