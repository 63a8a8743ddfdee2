/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers that are handed on piece by piece, from a forked server on a real socket. */
#include "tests/unit/check.h"
#include "tests/unit/fake_server.h"

#include "client/channel.h"
#include "client/exchange.h"
#include "limits.h"

#include <errno.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define LONG (3u * LIMIT_HEADER + 1234u)

/* What a sink was given. */
struct taken {
    char data[LONG + 1];
    size_t length;
    size_t pieces;
    size_t refuse; /* this piece, from 1; 0: none */
};

static struct taken taken;

static int take(void *context, const char *data, size_t length)
{
    struct taken *t = context;
    CHECK(length > 0 && t->length + length < sizeof t->data);
    if (++t->pieces == t->refuse)
        return 1;
    memcpy(t->data + t->length, data, length);
    t->length += length;
    return 0;
}

static const struct exchange_sink sink = {.take = take, .context = &taken};

static const struct exchange_request request = {
    .method = "GET",
    .target = "/x",
    .limit = 128,
    .sink = &sink,
};

/* LENGTH letters that are not all alike, behind a header that promises PROMISED. */
static const char *answer_of(size_t length, size_t promised)
{
    static char answer[LONG + 256];
    int head = snprintf(answer, sizeof answer, OK "Content-Length: %zu\r\n\r\n", promised);
    for (size_t i = 0; i < length; i++)
        answer[(size_t)head + i] = (char)('a' + i % 23);
    answer[(size_t)head + length] = '\0';
    return answer;
}

static void check_letters(size_t length)
{
    CHECK_EQ_INT(taken.length, length);
    for (size_t i = 0; i < length; i++)
        if (taken.data[i] != (char)('a' + i % 23))
            CHECK_EQ_INT(i, -1);
}

/* Ask a server that goes through SCRIPTS; the result of exchange_run(). */
static int ask(const struct fake_script *scripts, size_t count, int timeout_ms,
               struct exchange *exchange, struct exchange_answer *answer)
{
    memset(&taken, 0, sizeof taken);
    fake_start(scripts, count);
    CHECK_EQ_INT(exchange_open(exchange, fake.path, timeout_ms), 0);
    return exchange_run(exchange, &request, answer);
}

TEST(a_body_larger_than_any_buffer_arrives_whole_and_the_connection_is_kept)
{
    const struct fake_step step = {.say = answer_of(LONG, LONG), .split = 100};
    const struct fake_script script = {.steps = {step, step}, .count = 2};
    struct exchange exchange;
    struct exchange_answer answer;
    CHECK_EQ_INT(ask(&script, 1, 5000, &exchange, &answer), 0);
    for (int again = 1; again >= 0; again--) {
        CHECK_EQ_INT(answer.head.status, 200);
        CHECK_EQ_INT(answer.head.length, LONG);
        CHECK(!answer.body);
        CHECK(taken.pieces > 3);
        check_letters(LONG);
        exchange_clear(&answer);
        memset(&taken, 0, sizeof taken);
        if (again)
            CHECK_EQ_INT(exchange_run(&exchange, &request, &answer), 0);
    }
    exchange_close(&exchange);
}

TEST(an_empty_body_is_no_piece)
{
    const struct fake_script script = {.steps = {{.say = answer_of(0, 0)}}, .count = 1};
    struct exchange exchange;
    struct exchange_answer answer;
    CHECK_EQ_INT(ask(&script, 1, 5000, &exchange, &answer), 0);
    CHECK_EQ_INT(taken.pieces, 0);
    exchange_clear(&answer);
    exchange_close(&exchange);
}

TEST(a_body_cut_short_or_too_long_is_an_error_and_is_not_asked_for_again)
{
    static const struct {
        size_t length, promised;
        const char *wrong;
    } cases[] = {
        {LONG, LONG + 1, "ends before its length"},
        {5, LONG, "ends before its length"},
        {0, 1, "ends before its length"},
        {6, 5, "is longer than it says"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fake_script scripts[] = {
            {.steps = {{.say = answer_of(cases[i].length, cases[i].promised)}}, .count = 1},
            {.steps = {{.say = OK "Content-Length: 5\r\n\r\nagain"}}, .count = 1},
        };
        struct exchange exchange;
        struct exchange_answer answer;
        CHECK_EQ_INT(ask(scripts, COUNT(scripts), 5000, &exchange, &answer), -EPROTO);
        CHECK_STR(exchange.wrong, cases[i].wrong);
        CHECK(taken.length <= cases[i].length);
        check_letters(taken.length);
        exchange_close(&exchange);
    }
}

TEST(a_refusal_comes_whole_and_not_to_the_sink)
{
    const struct fake_script script = {
        .steps = {{.say = "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever"}},
        .count = 1,
    };
    struct exchange exchange;
    struct exchange_answer answer;
    CHECK_EQ_INT(ask(&script, 1, 5000, &exchange, &answer), 0);
    CHECK_EQ_INT(answer.head.status, 403);
    CHECK_STR(answer.body, "never");
    CHECK_EQ_INT(taken.pieces, 0);
    exchange_clear(&answer);
    exchange_close(&exchange);
}

TEST(a_sink_that_refuses_ends_it_and_gets_nothing_more)
{
    for (size_t piece = 1; piece <= 2; piece++) {
        const struct fake_script script = {
            .steps = {{.say = answer_of(LONG, LONG), .split = 100}},
            .count = 1,
        };
        struct exchange exchange;
        struct exchange_answer answer;
        memset(&taken, 0, sizeof taken);
        taken.refuse = piece;
        fake_start(&script, 1);
        CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
        CHECK_EQ_INT(exchange_run(&exchange, &request, &answer), -ECANCELED);
        CHECK_EQ_INT(taken.pieces, piece);
        CHECK_EQ_INT(exchange.fd, -1);
        exchange_close(&exchange);
    }
}

TEST(each_piece_has_the_whole_time_but_silence_ends_it)
{
    struct exchange exchange;
    struct exchange_answer answer;
    /* 40 letters, 10 ms each: four times the time-out. */
    const struct fake_script dripping = {
        .steps = {{.say = answer_of(40, 40), .split = 41, .drip_ms = 10}},
        .count = 1,
    };
    CHECK_EQ_INT(ask(&dripping, 1, 100, &exchange, &answer), 0);
    check_letters(40);
    exchange_clear(&answer);
    exchange_close(&exchange);
    const struct fake_script silent = {
        .steps = {{.say = answer_of(5, 6)}, {.say = NULL}},
        .count = 2,
    };
    CHECK_EQ_INT(ask(&silent, 1, 100, &exchange, &answer), -ETIMEDOUT);
    check_letters(5);
    exchange_close(&exchange);
}

TEST(the_receive_buffer_keeps_nothing_of_what_went_through)
{
    static const char zero[LIMIT_HEADER];
    const struct fake_script script = {.steps = {{.say = answer_of(LONG, LONG)}}, .count = 1};
    struct exchange exchange;
    struct exchange_answer answer;
    CHECK_EQ_INT(ask(&script, 1, 5000, &exchange, &answer), 0);
    CHECK_MEM(exchange.buffer, zero, sizeof zero);
    exchange_clear(&answer);
    exchange_close(&exchange);
}

CHECK_MAIN
