/* SPDX-License-Identifier: BSD-2-Clause */
/* libvsecm against a forked server that says exactly what a test wants said, on a real socket. */
#include "tests/unit/check.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/guarded.h"

#include "client/channel.h"
#include "client/exchange.h"
#include "client/locked.h"
#include "limits.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#define TIMES "VSecM-Created: 2026-01-02T03:04:05Z\r\nVSecM-Updated: 2026-02-03T04:05:06.789Z\r\n"
#define OK "HTTP/1.1 200 OK\r\n"
#define FIELDS "VSecM-Version: 7\r\n" TIMES
#define VALUE(length, body) OK FIELDS "Content-Length: " length "\r\n\r\n" body
#define ERROR(line) "HTTP/1.1 " line "\r\nContent-Length: 42\r\n\r\n" ERROR_BODY
#define ERROR_BODY "{\"error\":\"code\",\"message\":\"said\\u001b so\"}"

/* ---- the client --------------------------------------------------------------------------------
 */

static vsecm_client *client_of(const struct fake_script *scripts, size_t count)
{
    vsecm_client *client = NULL;
    fake_start(scripts, count);
    CHECK_EQ_INT(vsecm_connect(fake.path, &client), VSECM_OK);
    return client;
}

/* A server with one connection and one answer, and a client of it. */
static vsecm_client *client_told(const char *answer)
{
    const struct fake_script script = {.steps = {{.say = answer}}, .count = 1};
    return client_of(&script, 1);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void check_hello(vsecm_client *client)
{
    vsecm_secret secret;
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_OK);
    CHECK_EQ_INT(secret.length, 5);
    CHECK_STR((const char *)secret.data, "hello");
    CHECK_EQ_INT(secret.version, 7);
    CHECK_STR(secret.created, "2026-01-02T03:04:05Z");
    CHECK_STR(secret.updated, "2026-02-03T04:05:06.789Z");
    CHECK_STR(vsecm_message(client), "");
    vsecm_secret_clear(&secret);
    CHECK(!secret.data && !secret.length);
}

TEST(an_answer_may_arrive_in_two_parts_split_anywhere)
{
    static const char answer[] = VALUE("5", "hello");
    static struct fake_script scripts[sizeof answer];
    for (size_t i = 0; i < COUNT(scripts); i++)
        scripts[i] = (struct fake_script){.steps = {{.say = answer, .split = i}}, .count = 1};
    fake_start(scripts, COUNT(scripts));
    for (size_t i = 0; i < COUNT(scripts); i++) {
        vsecm_client *client = NULL;
        CHECK_EQ_INT(vsecm_connect(fake.path, &client), VSECM_OK);
        check_hello(client);
        vsecm_close(client);
    }
}

TEST(an_answer_may_arrive_byte_by_byte)
{
    const struct fake_step step = {.say = VALUE("5", "hello"), .drip_ms = 1};
    const struct fake_script script = {.steps = {step}, .count = 1};
    vsecm_client *client = client_of(&script, 1);
    check_hello(client);
    vsecm_close(client);
}

TEST(an_empty_value_is_a_value)
{
    vsecm_client *client = client_told(VALUE("0", ""));
    vsecm_secret secret;
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_OK);
    CHECK(secret.length == 0 && secret.data && ((char *)secret.data)[0] == '\0');
    vsecm_secret_clear(&secret);
    vsecm_close(client);
}

static void tick(int signal)
{
    (void)signal;
}

/* An answer with a body of LENGTH letters. */
static char *long_answer(size_t length)
{
    static char answer[LIMIT_VALUE + 1024];
    int head = snprintf(answer, sizeof answer, OK FIELDS "Content-Length: %zu\r\n\r\n", length);
    for (size_t i = 0; i < length; i++)
        answer[(size_t)head + i] = (char)('a' + i % 23);
    answer[(size_t)head + length] = '\0';
    return answer;
}

TEST(the_largest_value_arrives_whole_while_signals_interrupt)
{
    /* The pause is several signals long, so some come while nothing has. */
    const struct fake_step step = {.say = long_answer(LIMIT_VALUE), .split = 2000};
    const struct fake_script script = {.steps = {step}, .count = 1};
    vsecm_client *client = client_of(&script, 1);
    struct sigaction action = {.sa_handler = tick}, before;
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    vsecm_secret secret;
    vsecm_result result = vsecm_get(client, &secret);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    CHECK_EQ_INT(result, VSECM_OK);
    CHECK_EQ_INT(secret.length, LIMIT_VALUE);
    for (size_t i = 0; i < secret.length; i++)
        if (((char *)secret.data)[i] != (char)('a' + i % 23))
            CHECK_EQ_INT(i, -1);
    vsecm_secret_clear(&secret);
    vsecm_close(client);
}

TEST(a_value_above_the_limit_is_refused)
{
    vsecm_client *client = client_told(long_answer(LIMIT_VALUE + 1));
    vsecm_secret secret;
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_PROTOCOL);
    CHECK_STR(vsecm_message(client), "the answer is larger than any that was expected");
    vsecm_close(client);
}

TEST(a_member_is_asked_for_percent_encoded)
{
    const struct fake_step step = {
        .expect = "GET /v1/value/a%2Fb%20%C3%A9-._~%3F%25 HTTP/1.1\r\n",
        .say = VALUE("5", "hello"),
    };
    const struct fake_script script = {.steps = {step}, .count = 1};
    vsecm_client *client = client_of(&script, 1);
    vsecm_secret secret;
    CHECK_EQ_INT(vsecm_get_member(client, "a/b \xc3\xa9-._~?%", &secret), VSECM_OK);
    vsecm_secret_clear(&secret);
    vsecm_close(client);
}

TEST(a_member_name_must_fit_and_not_be_empty)
{
    char name[LIMIT_TARGET];
    memset(name, '/', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    vsecm_client *client = client_told(VALUE("5", "hello"));
    vsecm_secret secret;
    CHECK_EQ_INT(vsecm_get_member(client, name, &secret), VSECM_INVALID);
    CHECK_EQ_INT(vsecm_get_member(client, "", &secret), VSECM_INVALID);
    check_hello(client); /* nothing of them went out */
    vsecm_close(client);
}

/* ---- answers that make no sense -------------------------------------------------------------- */

static const struct {
    const char *answer;
    const char *message;
} malformed[] = {
    {OK FIELDS "\r\n", "does not say its length"},
    {OK FIELDS "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "says its length twice"},
    {OK FIELDS "Content-Length: -5\r\n\r\nhello", "has a length that is no number"},
    {OK FIELDS "Content-Length: +5\r\n\r\nhello", "has a length that is no number"},
    {OK FIELDS "Content-Length: 0x5\r\n\r\nhello", "has a length that is no number"},
    {OK FIELDS "Content-Length: 5, 5\r\n\r\nhello", "has a length that is no number"},
    {OK FIELDS "Content-Length:\r\n\r\nhello", "has a length that is no number"},
    {OK FIELDS "Content-Length: 18446744073709551621\r\n\r\nhello",
     "has a length that is no number"},
    {OK FIELDS "Content-Length: 999999999999999999\r\n\r\nhello",
     "is larger than any that was expected"},
    {OK FIELDS "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
     "has a transfer coding"},
    {VALUE("4", "hello"), "is longer than it says"},
    {VALUE("6", "hello"), "ends before its length"},
    {OK FIELDS "Content-Length: 5\r\n", "ends in its header"},
    {"H", "ends in its header"},
    {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "does not begin as HTTP/1.1 does"},
    {"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "does not begin as HTTP/1.1 does"},
    {"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "does not begin as HTTP/1.1 does"},
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "does not begin as HTTP/1.1 does"},
    {"\r\n\r\n" VALUE("5", "hello"), "does not begin as HTTP/1.1 does"},
    {"HTTP/1.1 100 Continue\r\n\r\n", "has a status that means nothing"},
    {"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", "has a status that means nothing"},
    {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "has status 302"},
    {OK "VSecM-Version: 7\n" TIMES "Content-Length: 5\r\n\r\nhello", "has a malformed line"},
    {OK FIELDS "X: a\rb\r\nContent-Length: 5\r\n\r\nhello", "has a malformed line"},
    {OK FIELDS "X: a\x1b\r\nContent-Length: 5\r\n\r\nhello", "has a malformed line"},
    {OK FIELDS "X: a\xff\r\nContent-Length: 5\r\n\r\nhello", "has a malformed line"},
    {OK FIELDS "no colon\r\nContent-Length: 5\r\n\r\nhello", "has a field without a name"},
    {OK FIELDS ": x\r\nContent-Length: 5\r\n\r\nhello", "has a field without a name"},
    {OK FIELDS "X: a\r\n b: folded\r\nContent-Length: 5\r\n\r\nhello",
     "has a field name with a blank"},
    {OK FIELDS "Content-Length : 5\r\n\r\nhello", "has a field name with a blank"},
    {OK TIMES "Content-Length: 5\r\n\r\nhello", "has no version or no times"},
    {OK "VSecM-Version: 7\r\nContent-Length: 5\r\n\r\nhello", "has no version or no times"},
    {OK "VSecM-Version: a\r\n" TIMES "Content-Length: 5\r\n\r\nhello",
     "has a version that is no number"},
    {OK "VSecM-Version: 0\r\n" TIMES "Content-Length: 5\r\n\r\nhello",
     "has no version or no times"},
    {OK FIELDS "VSecM-Created: yesterday\r\nContent-Length: 5\r\n\r\nhello",
     "has a time that is not RFC 3339"},
    {OK FIELDS "VSecM-Updated: 2026-02-03T04:05:06.00000000000Z\r\n\r\n",
     "has a time of a wrong length"},
};

TEST(an_answer_that_makes_no_sense_leaves_the_secret_untouched)
{
    for (size_t i = 0; i < COUNT(malformed); i++) {
        char expected[128];
        vsecm_secret secret = {.length = 4711};
        vsecm_client *client = client_told(malformed[i].answer);
        CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_PROTOCOL);
        snprintf(expected, sizeof expected, "the answer %s", malformed[i].message);
        CHECK_STR(vsecm_message(client), expected);
        CHECK(!secret.data && secret.length == 4711);
        vsecm_close(client);
    }
}

TEST(field_names_have_no_case_and_values_no_blanks_around)
{
    vsecm_client *client = client_told(OK "vsecm-VERSION:7\r\n" TIMES "X:\r\n"
                                          "CONTENT-LENGTH: \t5 \t\r\n\r\nhello");
    check_hello(client);
    vsecm_close(client);
}

/* An answer whose header has LENGTH bytes in all. */
static char *long_header(size_t length)
{
    static char answer[2 * LIMIT_HEADER];
    static const char behind[] = "\r\nContent-Length: 5\r\n\r\n";
    int used = snprintf(answer, sizeof answer, OK FIELDS "X: ");
    size_t filler = length - (size_t)used - strlen(behind);
    memset(answer + used, 'x', filler);
    snprintf(answer + (size_t)used + filler, 64, "%shello", behind);
    return answer;
}

TEST(a_header_may_be_as_long_as_the_limit_but_not_longer)
{
    vsecm_secret secret;
    vsecm_client *client = client_told(long_header(LIMIT_HEADER));
    check_hello(client);
    vsecm_close(client);
    client = client_told(long_header(LIMIT_HEADER + 1));
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_PROTOCOL);
    CHECK_STR(vsecm_message(client), "the answer has too long a header");
    vsecm_close(client);
}

/* ---- refusals -------------------------------------------------------------------------------- */

TEST(each_status_has_its_result_and_the_daemon_its_words)
{
    static const struct {
        const char *answer;
        vsecm_result result;
    } cases[] = {
        {ERROR("400 Bad Request"), VSECM_INVALID},
        {ERROR("403 Forbidden"), VSECM_FORBIDDEN},
        {ERROR("404 Not Found"), VSECM_NOT_FOUND},
        {ERROR("500 Internal Server Error"), VSECM_UNAVAILABLE},
        {ERROR("503 Service Unavailable"), VSECM_UNAVAILABLE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        vsecm_secret secret;
        vsecm_client *client = client_told(cases[i].answer);
        CHECK_EQ_INT(vsecm_get(client, &secret), cases[i].result);
        CHECK_STR(vsecm_message(client), "said? so");
        vsecm_close(client);
    }
}

TEST(a_refusal_whose_body_is_no_json_has_no_words)
{
    vsecm_secret secret;
    vsecm_client *client = client_told("HTTP/1.1 404 Gone\r\nContent-Length: 4\r\n\r\n{\"me");
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_NOT_FOUND);
    CHECK_STR(vsecm_message(client), "");
    vsecm_close(client);
}

/* ---- identities ------------------------------------------------------------------------------ */

#define WHO(namespace, rest)                                                                       \
    "{\"tier\":\"cgroup\",\"namespace\":\"" namespace "\",\"workload\":\"web\",\"pod\":\"web-1\"," \
                                                      "\"container\":\"c\",\"serviceAccount\":"    \
                                                      "\"sa\",\"pid\":1" rest "}"
#define LABEL_32 "abcdefghijklmnopqrstuvwxyz012345"

static vsecm_result whoami_of(const char *body, vsecm_identity *ret)
{
    char answer[1024];
    snprintf(answer, sizeof answer, OK "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    vsecm_client *client = client_told(answer);
    vsecm_result result = vsecm_whoami(client, ret);
    vsecm_close(client);
    return result;
}

TEST(an_identity_is_read_whole)
{
    vsecm_identity who;
    CHECK_EQ_INT(whoami_of(WHO("prod", ",\"reason\":\"\""), &who), VSECM_OK);
    CHECK_STR(who.tier, "cgroup");
    CHECK_STR(who.namespace_, "prod");
    CHECK_STR(who.workload, "web");
    CHECK_STR(who.pod, "web-1");
    CHECK_STR(who.container, "c");
    CHECK_STR(who.service_account, "sa");
    CHECK_STR(who.reason, "");
}

TEST(half_an_identity_is_none)
{
    vsecm_identity who = {.tier = "mine"};
    CHECK_EQ_INT(whoami_of(WHO("prod", ""), &who), VSECM_PROTOCOL);
    CHECK_EQ_INT(whoami_of(WHO(LABEL_32 LABEL_32, ",\"reason\":\"\""), &who), VSECM_PROTOCOL);
    CHECK_EQ_INT(whoami_of(WHO("prod", ",\"reason\":7"), &who), VSECM_PROTOCOL);
    CHECK_EQ_INT(whoami_of("[]", &who), VSECM_PROTOCOL);
    CHECK_EQ_INT(whoami_of("", &who), VSECM_PROTOCOL);
    CHECK_STR(who.tier, "mine");
}

/* ---- the connection -------------------------------------------------------------------------- */

TEST(a_connection_is_kept)
{
    const struct fake_step step = {.say = VALUE("5", "hello")};
    const struct fake_script script = {.steps = {step, step, step}, .count = 3};
    vsecm_client *client = client_of(&script, 1);
    for (size_t i = 0; i < script.count; i++)
        check_hello(client);
    vsecm_close(client);
}

TEST(a_dead_connection_is_made_anew_once)
{
    const struct fake_script once = {.steps = {{.say = VALUE("5", "hello")}}, .count = 1};
    const struct fake_script never = {.count = 0};
    const struct fake_script scripts[] = {once, once, never, once};
    vsecm_client *client = client_of(scripts, COUNT(scripts));
    check_hello(client);
    check_hello(client); /* on the second connection */
    vsecm_secret secret;
    CHECK_EQ_INT(vsecm_get(client, &secret), VSECM_UNREACHABLE);
    CHECK(strstr(vsecm_message(client), fake.path) != NULL);
    check_hello(client); /* on the fourth: a failure is not for ever */
    vsecm_close(client);
}

TEST(a_connection_that_the_daemon_will_close_is_not_used_again)
{
    const struct fake_step last = {
        .say = OK FIELDS "Connection: close\r\nContent-Length: 5\r\n\r\nhello",
    };
    const struct fake_step wrong = {.say = VALUE("5", "wrong")};
    const struct fake_script scripts[] = {
        {.steps = {last, wrong}, .count = 2},
        {.steps = {last}, .count = 1},
    };
    vsecm_client *client = client_of(scripts, COUNT(scripts));
    check_hello(client);
    check_hello(client);
    vsecm_close(client);
}

TEST(a_timeout_said_to_an_idle_connection_is_no_answer)
{
    const struct fake_step value = {.say = VALUE("5", "hello")};
    const struct fake_step idle = {.say = ERROR("408 Request Timeout")};
    const struct fake_script scripts[] = {
        {.steps = {value, idle}, .count = 2},
        {.steps = {value}, .count = 1},
    };
    vsecm_client *client = client_of(scripts, COUNT(scripts));
    check_hello(client);
    check_hello(client);
    vsecm_close(client);
}

TEST(nothing_behind_the_path_is_unreachable_and_says_why)
{
    vsecm_client *client = NULL;
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK_EQ_INT(vsecm_connect("/nonexistent/socket", &client), VSECM_UNREACHABLE);
    CHECK_EQ_INT(errno, ENOENT);
    CHECK_EQ_INT(vsecm_connect("", &client), VSECM_UNREACHABLE);
    CHECK_EQ_INT(vsecm_connect(path, &client), VSECM_UNREACHABLE);
    CHECK_EQ_INT(errno, ENAMETOOLONG);
    CHECK(client == NULL);
    vsecm_close(client);
}

static const struct exchange_request get_request = {
    .method = "GET",
    .target = "/x",
    .limit = LIMIT_VALUE,
};

/* How long a request takes that is never answered as it should be. */
static int64_t wait_for(const struct fake_step *step, int timeout_ms, int expected)
{
    const struct fake_script script = {.steps = {*step}, .count = 1};
    struct exchange exchange;
    struct exchange_answer answer;
    fake_start(&script, 1);
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, timeout_ms), 0);
    int64_t start = channel_now();
    CHECK_EQ_INT(exchange_run(&exchange, &get_request, &answer), expected);
    int64_t took = channel_now() - start;
    CHECK_EQ_INT(exchange.fd, -1);
    exchange_close(&exchange);
    return took;
}

TEST(silence_and_dripping_end_at_the_timeout)
{
    const struct fake_step silent = {.say = NULL};
    int64_t took = wait_for(&silent, 100, -ETIMEDOUT);
    CHECK(took >= 90 && took < 2000);
    const struct fake_step drip = {.say = VALUE("5", "hello"), .drip_ms = 20};
    took = wait_for(&drip, 100, -ETIMEDOUT);
    CHECK(took >= 90 && took < 2000); /* all of it takes over two seconds */
}

TEST(a_request_that_changes_something_is_not_sent_twice)
{
    const struct fake_script scripts[] = {
        {.count = 0},
        {.steps = {{.say = VALUE("5", "hello")}}, .count = 1},
    };
    struct exchange exchange;
    struct exchange_answer answer;
    struct exchange_request request = get_request;
    request.method = "POST";
    request.body = "{}";
    request.length = 2;
    fake_start(scripts, COUNT(scripts));
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
    fake_pause(50); /* for the server to close the first connection */
    int r = exchange_run(&exchange, &request, &answer);
    CHECK(r == -ECONNRESET || r == -EPIPE);
    exchange_close(&exchange);
}

TEST(a_body_that_is_refused_half_way_has_its_refusal_read)
{
    static char body[4 * 1024 * 1024];
    const struct fake_script script = {.steps = {{.say = ERROR("413 Too Large")}}, .count = 1};
    struct exchange exchange;
    struct exchange_answer answer;
    memset(body, 'x', sizeof body);
    const struct exchange_request request = {
        .method = "POST",
        .target = "/x",
        .body = body,
        .length = sizeof body,
        .limit = 1024,
    };
    fake_start(&script, 1);
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
    CHECK_EQ_INT(exchange_run(&exchange, &request, &answer), 0);
    CHECK_EQ_INT(answer.head.status, 413);
    CHECK_STR(answer.body, ERROR_BODY);
    exchange_clear(&answer);
    exchange_close(&exchange);
}

TEST(the_descriptor_is_closed_on_exec_and_on_close)
{
    const struct fake_script script = {.count = 0};
    struct exchange exchange;
    fake_start(&script, 1);
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
    int fd = exchange.fd;
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    exchange_close(&exchange);
    CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
}

TEST(a_notice_is_kept_and_cut_to_fit)
{
    static char longest[512];
    struct exchange exchange;
    struct exchange_answer answer;
    memset(longest, 'x', sizeof longest - 1);
    char cut[1024];
    snprintf(cut, sizeof cut, OK "VSecM-Notice: %s\r\nContent-Length: 0\r\n\r\n", longest);
    const struct fake_script script = {
        .steps = {{.say = OK "vsecm-notice: mind, the gap \r\nContent-Length: 0\r\n\r\n"},
                  {.say = cut},
                  {.say = OK "Content-Length: 0\r\n\r\n"}},
        .count = 3,
    };
    fake_start(&script, 1);
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
    const char *const expected[] = {"mind, the gap", longest + sizeof longest - 256, ""};
    for (size_t i = 0; i < COUNT(expected); i++) {
        CHECK_EQ_INT(exchange_run(&exchange, &get_request, &answer), 0);
        CHECK_STR(answer.head.notice, expected[i]);
        exchange_clear(&answer);
    }
    exchange_close(&exchange);
}

/* ---- memory ---------------------------------------------------------------------------------- */

TEST(values_and_the_receive_buffer_are_locked_and_not_dumped)
{
    const struct fake_step step = {.say = VALUE("5", "hello")};
    const struct fake_script script = {.steps = {step, step}, .count = 2};
    struct exchange exchange;
    struct exchange_answer answer;
    const int locked = guarded_can_lock();
    fake_start(&script, 1);
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
    guarded_check(exchange.buffer, locked);
    for (size_t i = 0; i < script.count; i++) { /* the second gets the page of the first */
        CHECK_EQ_INT(exchange_run(&exchange, &get_request, &answer), 0);
        guarded_check(answer.body, locked);
        exchange_clear(&answer);
    }
    exchange_close(&exchange);
}

TEST(the_receive_buffer_keeps_nothing_of_an_answer)
{
    static const char zero[LIMIT_HEADER];
    const struct fake_script scripts[] = {
        {.steps = {{.say = VALUE("5", "hello")}, {.say = VALUE("4", "hello")}}, .count = 2},
    };
    struct exchange exchange;
    struct exchange_answer answer;
    fake_start(scripts, 1);
    CHECK_EQ_INT(exchange_open(&exchange, fake.path, 5000), 0);
    CHECK_EQ_INT(exchange_run(&exchange, &get_request, &answer), 0);
    CHECK_MEM(exchange.buffer, zero, sizeof zero);
    exchange_clear(&answer);
    CHECK_EQ_INT(exchange_run(&exchange, &get_request, &answer), -EPROTO);
    CHECK_MEM(exchange.buffer, zero, sizeof zero);
    exchange_close(&exchange);
}

TEST(a_page_is_given_out_again_wiped)
{
    static const char zero[4096];
    char *first = locked_alloc(sizeof zero);
    CHECK(first != NULL);
    CHECK_MEM(first, zero, sizeof zero);
    memset(first, 'x', sizeof zero);
    locked_free(first, sizeof zero);
    char *second = locked_alloc(10);
    CHECK(second == first);
    CHECK_MEM(second, zero, sizeof zero);
    locked_free(second, 10);
}

TEST(impossible_sizes_are_refused)
{
    CHECK(locked_alloc(0) == NULL);
    CHECK(locked_alloc(SIZE_MAX) == NULL);
    locked_free(NULL, 10);
    vsecm_secret_clear(NULL);
}

CHECK_MAIN
