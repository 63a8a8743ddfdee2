/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/api.h"

#include <errno.h>

#include "base/clock.h"
#include "limits.h"
#include "tests/unit/api_server.h"
#include "tests/unit/check.h"

/* A call, and what came of it. */
struct call {
    struct loop *loop;
    char text[65536], why[512];
    size_t length;
    int status, pieces, done;
    unsigned retry_ms;
    int *waiting; /* stops the loop at 0 */
    int give_up;  /* at the piece of this number */
};

static int waiting;

static void on_done(void *context, const struct api_end *end)
{
    struct call *call = context;
    call->done++;
    call->status = end->status;
    call->retry_ms = end->retry_ms;
    snprintf(call->why, sizeof call->why, "%s", end->why);
    CHECK(call->length + end->body.length < sizeof call->text);
    if (end->body.length)
        memcpy(call->text + call->length, end->body.data, end->body.length);
    call->length += end->body.length;
    call->text[call->length] = '\0';
    if (--waiting == 0)
        loop_stop(call->loop);
}

static int on_piece(void *context, struct span bytes)
{
    struct call *call = context;
    call->pieces++;
    CHECK(call->length + bytes.length < sizeof call->text);
    memcpy(call->text + call->length, bytes.data, bytes.length);
    call->length += bytes.length;
    call->text[call->length] = '\0';
    return call->pieces == call->give_up;
}

static struct loop *loop;
static struct api *api;
static struct call one, two;

static void set_up(const char *url, const char *ca, const char *token)
{
    CHECK(loop || loop_new(&loop) == 0);
    api_free(api);
    api = api_server_client(loop, url, ca, token);
    waiting = 0;
    one = two = (struct call){.loop = loop};
}

static void set_up_plain(void)
{
    api_server_start("http2");
    set_up(api_server.url, api_server.ca, NULL);
}

static struct api_request get(const char *path, struct call *call)
{
    return (struct api_request){
        .method = "GET", .path = path, .max = 60000, .done = on_done, .context = call};
}

static struct api_request follow(const char *path, struct call *call)
{
    struct api_request request = get(path, call);
    request.piece = on_piece;
    return request;
}

static void begin(struct api_request request)
{
    waiting++;
    CHECK_EQ_INT(api_call(api, &request, NULL), 0);
}

static void finish(void)
{
    CHECK(api_server_run(loop, 20000));
}

TEST(a_request_over_http_2_and_tls_1_3)
{
    set_up_plain();
    struct api_request request = get("/echo?a=b%20c", &one);
    request.accept = "application/json;as=Thing";
    begin(request);
    CHECK_EQ_INT(one.done, 0);
    finish();
    CHECK_EQ_INT(one.status, 200);
    CHECK_STR(one.why, "");
    CHECK(strstr(one.text, "GET /echo?a=b%20c HTTP/2.0 TLS 1.3\naccept=application/json;as=Thing\n"
                           "type=\nauthorization=\nclient=nobody\n") == one.text);
}

TEST(bodies_of_every_method)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    set_up_plain();
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char body[] = "{\"a\":1}", start[64];
        struct api_request request = get("/echo", &one);
        request.method = methods[i];
        request.type = i == 2 ? "application/merge-patch+json" : NULL;
        request.body = (struct span){body, strlen(body)};
        one = (struct call){.loop = loop};
        begin(request);
        memset(body, '#', strlen(body)); /* a copy was made */
        finish();
        snprintf(start, sizeof start, "%s /echo HTTP/2.0", methods[i]);
        CHECK(strstr(one.text, start) == one.text);
        CHECK(strstr(one.text,
                     i == 2 ? "type=application/merge-patch+json\n" : "type=application/json\n"));
        CHECK(strstr(one.text, "\n{\"a\":1}"));
    }
}

TEST(a_body_of_two_megabytes_goes_out)
{
    enum { SIZE = 2 << 20 };
    char *body = malloc(SIZE);
    CHECK(body != NULL);
    memset(body, 'b', SIZE);
    set_up_plain();
    struct api_request request = get("/size", &one);
    request.method = "POST";
    request.body = (struct span){body, SIZE};
    begin(request);
    free(body);
    finish();
    CHECK_EQ_INT(one.status, 200);
    CHECK_STR(one.text, "2097152");
}

TEST(the_refusal_of_a_body_that_nobody_read_is_heard)
{
    static char body[1 << 20];
    memset(body, 'b', sizeof body);
    for (size_t size = 1; size <= sizeof body; size *= 32) {
        set_up_plain();
        struct api_request request = get("/deny", &one);
        request.method = "PUT";
        request.body = (struct span){body, size};
        begin(request);
        finish();
        CHECK_STR(one.why, "403: Forbidden");
        CHECK_EQ_INT(one.status, 403);
    }
}

/* The last line of the echo before the body says from which port the request came. */
static void copy_from(const char *text, char *ret, size_t size)
{
    const char *from = strstr(text, "from=");
    CHECK(from != NULL);
    snprintf(ret, size, "%s", from);
}

TEST(requests_beside_each_other_share_one_connection)
{
    char first[64], second[64];
    set_up_plain();
    begin(get("/slow?ms=1000", &one));
    begin(get("/slow?ms=1000", &two));
    uint64_t start = clock_mono_ms();
    finish();
    CHECK(clock_mono_ms() - start < 1900);
    copy_from(one.text, first, sizeof first);
    copy_from(two.text, second, sizeof second);
    CHECK_STR(second, first);
}

static struct call burst[LIMIT_LINK_ASKED];

static void begin_burst(const char *path)
{
    memset(burst, 0, sizeof burst);
    for (size_t i = 0; i < LIMIT_LINK_ASKED; i++) {
        burst[i].loop = loop;
        begin(get(path, &burst[i]));
    }
    finish();
}

/* As many as the core may have asked for; more than a connection has streams (100). */
TEST(a_burst_of_requests)
{
    char from[64], line[64];
    size_t others = 0;
    set_up_plain();
    begin_burst("/slow?ms=20");
    copy_from(burst[0].text, line, sizeof line);
    for (size_t i = 0; i < LIMIT_LINK_ASKED; i++) {
        CHECK_STR(burst[i].why, "");
        CHECK_EQ_INT(burst[i].status, 200);
        copy_from(burst[i].text, from, sizeof from);
        others += strcmp(from, line) != 0;
    }
    printf("# %zu of %u on another connection than the first\n", others, LIMIT_LINK_ASKED);
    set_up("https://127.0.0.1:1", api_server.ca, NULL);
    uint64_t start = clock_mono_ms();
    begin_burst("/echo");
    CHECK(clock_mono_ms() - start < 5000);
    for (size_t i = 0; i < LIMIT_LINK_ASKED; i++)
        CHECK_STR(burst[i].why, "https://127.0.0.1:1: Connection refused");
}

TEST(the_connection_is_kept_when_a_stream_is_given_up)
{
    char first[64], second[64];
    struct api_call *call;
    set_up_plain();
    begin(get("/echo", &one));
    finish();
    struct api_request request = follow("/silent", &two);
    CHECK_EQ_INT(api_call(api, &request, &call), 0);
    CHECK(!api_server_run(loop, 200));
    CHECK_STR(two.text, "x");
    api_cancel(call);
    CHECK(!api_server_run(loop, 50));
    CHECK_EQ_INT(two.done, 0);
    copy_from(one.text, first, sizeof first);
    one = (struct call){.loop = loop};
    begin(get("/echo", &one));
    finish();
    copy_from(one.text, second, sizeof second);
    CHECK_STR(second, first);
}

TEST(a_stream_comes_in_pieces_the_first_says_that_it_is_there)
{
    set_up_plain();
    begin(follow("/drip?n=5&ms=20", &one));
    finish();
    CHECK_EQ_INT(one.status, 200);
    CHECK_STR(one.text, "xxxxx");
    CHECK_EQ_INT(one.pieces, 6);
}

TEST(a_reader_may_give_up)
{
    set_up_plain();
    one.give_up = 3;
    begin(follow("/drip?n=50&ms=20", &one));
    finish();
    CHECK_EQ_INT(one.status, 0);
    CHECK_EQ_INT(one.pieces, 3);
    CHECK(strstr(one.why, ": given up by its reader"));
}

TEST(an_answer_that_is_too_large_ends_the_call)
{
    set_up_plain();
    begin(get("/large?n=60000", &one));
    begin(get("/large?n=60001", &two));
    finish();
    CHECK_EQ_INT(one.status, 200);
    CHECK_EQ_INT(one.length, 60000);
    CHECK_EQ_INT(two.status, 0);
    CHECK_EQ_INT(two.length, 0);
    CHECK(strstr(two.why, ": the answer is larger than it may be"));
}

TEST(an_answer_that_is_cut_off_is_none)
{
    set_up_plain();
    begin(get("/cut?n=100", &one));
    begin(follow("/cut?n=100", &two));
    finish();
    CHECK_EQ_INT(one.status, 0);
    CHECK_EQ_INT(one.length, 0);
    CHECK_EQ_INT(two.status, 0);
    CHECK(two.length <= 100);
    CHECK(strstr(one.why, ": cut off in the middle of an answer"));
}

TEST(a_refusal_says_why_and_when_to_come_back)
{
    set_up_plain();
    begin(get("/refuse?code=429&what=now&after=7", &one));
    begin(follow("/refuse?code=403&what=you", &two));
    finish();
    CHECK_EQ_INT(one.status, 429);
    CHECK_STR(one.why, "429: no, not now");
    CHECK_EQ_INT(one.retry_ms, 7000);
    CHECK(strstr(one.text, "\"code\":429"));
    CHECK_EQ_INT(two.status, 403);
    CHECK_STR(two.why, "403: no, not you");
    CHECK_EQ_INT(two.pieces, 0);
}

TEST(why_never_repeats_what_was_sent)
{
    set_up_plain();
    struct api_request request = get("/refuse?code=422", &one);
    request.method = "POST";
    request.body = SPAN_LITERAL("hunter2");
    begin(request);
    finish();
    CHECK_EQ_INT(one.status, 422);
    CHECK_STR(one.why, "422: Refused");
}

TEST(a_path_that_is_not_there)
{
    set_up_plain();
    begin(get("/apis/nobody.example", &one));
    finish();
    CHECK_EQ_INT(one.status, 404);
    CHECK_STR(one.why, "404: there is no such path");
}

TEST(redirects_are_not_followed)
{
    set_up_plain();
    begin(get("/moved", &one));
    finish();
    CHECK_EQ_INT(one.status, 302);
}

TEST(time_runs_out)
{
    set_up_plain();
    struct api_request request = get("/slow?ms=9000", &one);
    request.timeout_ms = 300;
    struct api_request silent = follow("/silent", &two);
    silent.silence_ms = 300;
    uint64_t start = clock_mono_ms();
    begin(request);
    begin(silent);
    finish();
    CHECK(clock_mono_ms() - start < 2000);
    CHECK_EQ_INT(one.status, 0);
    CHECK(strstr(one.why, ": no answer in time"));
    CHECK_STR(two.text, "x");
    CHECK(strstr(two.why, ": it has been silent for too long"));
}

TEST(a_stream_that_says_a_little_is_not_silent)
{
    set_up_plain();
    struct api_request request = follow("/drip?n=8&ms=100", &one);
    request.silence_ms = 400;
    begin(request);
    finish();
    CHECK_EQ_INT(one.status, 200);
}

/* The next request does not go to a connection on which nothing came any more. */
TEST(after_silence_there_is_another_connection)
{
    char first[64], second[64];
    set_up_plain();
    begin(get("/echo", &one));
    finish();
    copy_from(one.text, first, sizeof first);
    struct api_request silent = follow("/silent", &two);
    silent.silence_ms = 100;
    begin(silent);
    finish();
    one = (struct call){.loop = loop};
    begin(get("/echo", &one));
    finish();
    copy_from(one.text, second, sizeof second);
    CHECK(strcmp(first, second) != 0);
}

TEST(nobody_listens)
{
    api_server_start("http2");
    set_up("https://127.0.0.1:1", api_server.ca, NULL);
    begin(get("/echo", &one));
    finish();
    CHECK_EQ_INT(one.status, 0);
    CHECK_STR(one.why, "https://127.0.0.1:1: Connection refused");
}

TEST(a_certificate_that_somebody_else_signed_is_refused)
{
    api_server_start("http2");
    set_up(api_server.url, api_server.other, NULL);
    begin(get("/echo", &one));
    finish();
    CHECK_EQ_INT(one.status, 0);
    CHECK(strstr(one.why, "certificate"));
}

TEST(a_certificate_of_another_name_is_refused)
{
    api_server_start("http2");
    set_up(api_server.elsewhere, api_server.ca, NULL);
    begin(get("/echo", &one));
    finish();
    CHECK_EQ_INT(one.status, 0);
    CHECK(strstr(one.why, "does not match") || strstr(one.why, "no alternative certificate"));
}

TEST(tls_of_yesterday_is_refused)
{
    api_server_start("http2");
    set_up(api_server.old, api_server.ca, NULL);
    begin(get("/echo", &one));
    finish();
    CHECK_EQ_INT(one.status, 0);
    CHECK(one.why[0]);
}

/* Neither what this machine trusts nor what the environment says is asked. */
TEST(the_environment_has_no_say)
{
    api_server_start("http2");
    CHECK(setenv("https_proxy", "http://127.0.0.1:1", 1) == 0);
    CHECK(setenv("SSL_CERT_FILE", api_server.ca, 1) == 0);
    CHECK(setenv("SSLKEYLOGFILE", scratch_path("keys"), 1) == 0);
    api_free(api);
    api = NULL;
    set_up(api_server.url, api_server.ca, NULL);
    begin(get("/echo", &one));
    finish();
    CHECK_EQ_INT(one.status, 200);
    set_up(api_server.url, api_server.other, NULL);
    begin(get("/echo", &two));
    finish();
    CHECK_EQ_INT(two.status, 0);
    CHECK(access(scratch_path("keys"), F_OK) < 0);
    unsetenv("https_proxy");
    unsetenv("SSL_CERT_FILE");
}

TEST(a_client_shows_its_certificate)
{
    api_server_start("http2");
    set_up_plain();
    api_free(api);
    struct error error = {""};
    struct api_options options = {.loop = loop,
                                  .url = api_server.url,
                                  .ca = api_server.ca,
                                  .cert = api_server.cert,
                                  .key = api_server.key};
    CHECK_EQ_INT(api_new(&options, &api, &error), 0);
    begin(get("/echo", &one));
    finish();
    CHECK(strstr(one.text, "\nclient=client-of-the-test\n"));
}

TEST(the_token_is_sent_and_read_anew_when_its_file_changes)
{
    api_server_start("http2");
    scratch_file("token", "one.two-three\n");
    set_up(api_server.url, api_server.ca, api_server.token);
    begin(get("/echo", &one));
    finish();
    CHECK(strstr(one.text, "\nauthorization=Bearer one.two-three\n"));
    scratch_file("new", "four");
    CHECK(rename(scratch_path("new"), api_server.token) == 0);
    one = (struct call){.loop = loop};
    begin(get("/echo", &one));
    finish();
    CHECK(strstr(one.text, "\nauthorization=Bearer four\n"));
}

/* The file is written in place within the same tick of its clock: only the refusal tells. */
TEST(a_token_that_is_refused_is_read_anew_once)
{
    api_server_start("http2");
    scratch_file("token", "expired");
    set_up(api_server.url, api_server.ca, api_server.token);
    begin(get("/echo", &one));
    finish();
    struct stat st;
    CHECK(stat(api_server.token, &st) == 0);
    scratch_file("token", "renewed");
    CHECK(utimensat(AT_FDCWD, api_server.token,
                    (struct timespec[2]){{.tv_nsec = UTIME_OMIT}, st.st_mtim}, 0) == 0);
    scratch_file("accept", "renewed");
    struct api_request request = get("/echo", &two);
    request.method = "POST";
    request.body = SPAN_LITERAL("hello");
    begin(request);
    finish();
    CHECK_STR(two.why, "");
    CHECK(strstr(two.text, "\nauthorization=Bearer renewed\n") && strstr(two.text, "\nhello"));
    scratch_file("accept", "another");
    one = (struct call){.loop = loop};
    begin(get("/echo", &one));
    finish();
    CHECK_EQ_INT(one.status, 401);
    CHECK_STR(one.why, "401: Unauthorized");
    CHECK_EQ_INT(one.done, 1);
    unlink(api_server.accept);
}

TEST(a_file_that_holds_no_token)
{
    static const char *const bad[] = {"", "\n", "two words", "a\r\nX-Field: b", "\x7f"};
    api_server_start("http2");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_file("token", bad[i]);
        set_up(api_server.url, api_server.ca, api_server.token);
        begin(get("/echo", &one));
        finish();
        CHECK_EQ_INT(one.status, 0);
        CHECK(strstr(one.why, "/token holds no token"));
    }
    unlink(api_server.token);
    set_up(api_server.url, api_server.ca, api_server.token);
    begin(get("/echo", &one));
    finish();
    CHECK(strstr(one.why, "No such file"));
}

static struct api_call *to_cancel;

static int cancel_and_call(void *context, struct span bytes)
{
    (void)bytes;
    struct call *call = context;
    if (++call->pieces == 2) {
        api_cancel(to_cancel);
        begin(get("/echo", &two));
    }
    return 0;
}

TEST(calls_begin_and_end_within_a_piece)
{
    set_up_plain();
    struct api_request request = follow("/drip?n=1000&ms=5", &one);
    request.piece = cancel_and_call;
    CHECK_EQ_INT(api_call(api, &request, &to_cancel), 0);
    finish();
    CHECK_EQ_INT(two.status, 200);
    CHECK_EQ_INT(one.done, 0);
    CHECK_EQ_INT(one.pieces, 2);
}

TEST(what_is_under_way_may_be_freed)
{
    set_up_plain();
    begin(get("/slow?ms=5000", &one));
    begin(follow("/silent", &two));
    CHECK(!api_server_run(loop, 200));
    begin(get("/echo", &one));
    api_free(api);
    api = NULL;
    CHECK(!api_server_run(loop, 50));
    CHECK_EQ_INT(one.done + two.done, 0);
}

TEST(a_server_comes_back)
{
    set_up_plain();
    begin(get("/stop?ms=500", &one));
    finish();
    CHECK(!api_server_run(loop, 200));
    begin(get("/echo", &two));
    finish();
    CHECK(strstr(two.why, ": Connection refused"));
    CHECK(!api_server_run(loop, 600));
    two = (struct call){.loop = loop};
    begin(get("/echo", &two));
    finish();
    CHECK_EQ_INT(two.status, 200);
}

TEST(what_is_no_request_is_refused)
{
    static const char *const paths[] = {"", "echo", "/a b", "/a\r\nX: y", "/\xc3\xa4"};
    set_up_plain();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct api_request request = get(paths[i], &one);
        CHECK_EQ_INT(api_call(api, &request, NULL), -EINVAL);
    }
    struct api_request request = get("/echo", &one);
    request.accept = "a\r\nX-Field: b";
    CHECK_EQ_INT(api_call(api, &request, NULL), -EINVAL);
    CHECK(!api_server_run(loop, 50));
    CHECK_EQ_INT(one.done, 0);
}

TEST(options_that_cannot_be)
{
    struct api_options options = {.url = "http://127.0.0.1", .ca = "/x"};
    struct error error = {""};
    struct api *none = NULL;
    CHECK_EQ_INT(api_new(&options, &none, &error), -EINVAL);
    options.url = "https://user:word@host";
    CHECK_EQ_INT(api_new(&options, &none, &error), -EINVAL);
    options.url = "https://host/";
    CHECK_EQ_INT(api_new(&options, &none, &error), -EINVAL);
    options.url = "https://host";
    options.key = "/y";
    CHECK_EQ_INT(api_new(&options, &none, &error), -EINVAL);
    options.key = NULL;
    options.ca = NULL;
    CHECK_EQ_INT(api_new(&options, &none, &error), -EINVAL);
    CHECK(none == NULL);
}

CHECK_MAIN
