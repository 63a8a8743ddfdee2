/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/http.h"

#include <errno.h>

#include "limits.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GET "GET /v1/value HTTP/1.1\r\n"
#define HOST "Host: x\r\n"
#define END "\r\n"

/* From a copy that is exactly as long as it is, so that ASan sees a read past its end. */
static int read_exactly(const char *data, size_t length, struct http_request *ret, const char **why)
{
    char *copy = malloc(length ? length : 1);
    memcpy(copy, data, length);
    int r = http_read(copy, length, ret, why);
    free(copy);
    return r;
}

/* Nothing but "more" may come of a beginning: a wrong answer would be given to half a request. */
static void check_beginnings(const char *data, size_t head)
{
    for (size_t length = 0; length < head; length++) {
        struct http_request request;
        const char *why = NULL;
        int r = read_exactly(data, length, &request, &why);
        if (r != HTTP_MORE)
            check_fail(__FILE__, __LINE__, "%d for %zu bytes of %s", r, length, data);
    }
}

static struct http_request read_good(const char *text)
{
    struct http_request request;
    const char *why = "";
    int r = http_read(text, strlen(text), &request, &why);
    if (r != HTTP_COMPLETE)
        check_fail(__FILE__, __LINE__, "%d (%s) for %s", r, why, text);
    return request;
}

/* ---- the same again ------------------------------------------------------------------------ */

static struct http_request read_again(struct http_memo *memo, const char *text)
{
    struct http_request request;
    const char *why = "";
    int r = http_read_again(text, strlen(text), memo, &request, &why);
    if (r != HTTP_COMPLETE)
        check_fail(__FILE__, __LINE__, "%d (%s) for %s", r, why, text);
    return request;
}

static int is_from(const struct http_memo *memo, struct span text)
{
    return text.data >= memo->text && text.data + text.length <= memo->text + memo->length;
}

TEST(the_same_head_again)
{
    struct http_memo memo = {0};
    char text[] = "GET /v1/value?a=b HTTP/1.1\r\n" HOST "If-None-Match: \"1\"\r\n"
                  "Last-Event-ID: 7\r\nConnection: close\r\n" END "what follows";
    struct http_request request = read_again(&memo, text);
    CHECK(!is_from(&memo, request.path)); /* read anew */
    CHECK_EQ_INT(memo.length, request.head_length);
    request = read_again(&memo, text);
    CHECK(is_from(&memo, request.method) && span_is(request.method, "GET"));
    CHECK(is_from(&memo, request.path) && span_is(request.path, "/v1/value"));
    CHECK(is_from(&memo, request.query) && span_is(request.query, "a=b"));
    CHECK(is_from(&memo, request.if_none_match) && span_is(request.if_none_match, "\"1\""));
    CHECK(is_from(&memo, request.last_event_id) && span_is(request.last_event_id, "7"));
    CHECK(request.closes);
    /* Whatever of it changes, it is another one. */
    size_t head = memo.length;
    for (size_t i = 0; i < head; i++) {
        struct http_request now, then;
        const char *why = NULL;
        text[i] ^= 1;
        int r = http_read_again(text, strlen(text), &memo, &now, &why);
        CHECK_EQ_INT(r, http_read(text, strlen(text), &then, &why));
        if (r == HTTP_COMPLETE)
            CHECK(span_equal(now.path, then.path) && now.closes == then.closes &&
                  span_equal(now.if_none_match, then.if_none_match));
        text[i] ^= 1;
        read_again(&memo, text);
    }
    /* A beginning of it is not it. */
    const char *why = NULL;
    for (size_t length = 0; length < head; length++)
        CHECK_EQ_INT(http_read_again(text, length, &memo, &request, &why), HTTP_MORE);
}

/* What a head led to is kept with it, and goes with it. */
TEST(what_a_head_led_to)
{
    static const struct route *const some = (const struct route *)&some;
    static const char first[] = "GET /v1/secret HTTP/1.1\r\n" HOST END;
    static const char second[] = "GET /v1/value HTTP/1.1\r\n" HOST END;
    static const char with_body[] = "POST /v1/shield HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END;
    struct http_memo memo = {0};
    CHECK(read_again(&memo, first).memo == &memo && !memo.route);
    memo.route = some;
    CHECK(read_again(&memo, first).memo == &memo && memo.route == some);
    CHECK(!read_again(&memo, with_body).memo);
    CHECK(read_again(&memo, first).memo == &memo && memo.route == some);
    CHECK(read_again(&memo, second).memo == &memo && !memo.route);
    CHECK(read_again(&memo, first).memo == &memo && !memo.route);
}

TEST(heads_that_are_not_remembered)
{
    struct http_memo memo = {0};
    read_again(&memo, "POST /v1/shield HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END);
    CHECK_EQ_INT(memo.length, 0);
    char text[HTTP_MEMO + 64];
    /* 40 bytes and the value: one too long, and as long as one may be. */
    snprintf(text, sizeof text, GET HOST "X: %0*d\r\n" END, HTTP_MEMO - 39, 0);
    CHECK_EQ_INT(read_again(&memo, text).head_length, HTTP_MEMO + 1);
    CHECK_EQ_INT(memo.length, 0);
    const char *why = NULL;
    struct http_request request;
    CHECK_EQ_INT(http_read_again("nonsense\r\n", 10, &memo, &request, &why), -400);
    CHECK_EQ_INT(memo.length, 0);
    snprintf(text, sizeof text, GET HOST "X: %0*d\r\n" END, HTTP_MEMO - 40, 0);
    read_again(&memo, text);
    CHECK_EQ_INT(memo.length, HTTP_MEMO);
}

/* ---- good requests ------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *method, *path, *query, *tag;
    long length; /* Content-Length; -1: none */
    int closes, expects;
    const char *behind; /* what follows the head */
} good[] = {
    {GET HOST END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET "host:x"
         "\r\n" END,
     "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET "HOST: \t x \t \r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET "Host:\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET "Host: [::1]:80\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {"GET / HTTP/1.1\r\n" HOST END, "GET", "/", "", "", -1, 0, 0, ""},
    {"GET //x HTTP/1.1\r\n" HOST END, "GET", "//x", "", "", -1, 0, 0, ""},
    {"GET /a?b=c&d HTTP/1.1\r\n" HOST END, "GET", "/a", "b=c&d", "", -1, 0, 0, ""},
    {"GET /a? HTTP/1.1\r\n" HOST END, "GET", "/a", "", "", -1, 0, 0, ""},
    {"GET /a?b?c HTTP/1.1\r\n" HOST END, "GET", "/a", "b?c", "", -1, 0, 0, ""},
    {"GET /%41%2f HTTP/1.1\r\n" HOST END, "GET", "/%41%2f", "", "", -1, 0, 0, ""},
    {"get /a HTTP/1.1\r\n" HOST END, "get", "/a", "", "", -1, 0, 0, ""},
    {"M-!#$%&'*+.^_`|~ / HTTP/1.1\r\n" HOST END, "M-!#$%&'*+.^_`|~", "/", "", "", -1, 0, 0, ""},
    {"GET /a HTTP/1.0\r\n" END, "GET", "/a", "", "", -1, 1, 0, ""},
    {"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n" END, "GET", "/a", "", "", -1, 0, 0, ""},
    {"GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n" END, "GET", "/a", "", "", -1, 0, 0, ""},
    {GET HOST "Connection: close\r\n" END, "GET", "/v1/value", "", "", -1, 1, 0, ""},
    {GET HOST "Connection: x, CLOSE ,y\r\n" END, "GET", "/v1/value", "", "", -1, 1, 0, ""},
    {GET HOST "Connection: keep-alive\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET HOST "Connection: closed\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET HOST "Connection:\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET HOST "If-None-Match: \"1.0\"\r\n" END, "GET", "/v1/value", "", "\"1.0\"", -1, 0, 0, ""},
    {GET HOST "if-none-match:*\r\n" END, "GET", "/v1/value", "", "*", -1, 0, 0, ""},
    {GET HOST "Content-Length: 0\r\n" END, "GET", "/v1/value", "", "", 0, 0, 0, ""},
    {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "12345", "POST", "/a", "", "", 5, 0, 0,
     "12345"},
    {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-Continue\r\n" END, "POST", "/a",
     "", "", 5, 0, 1, ""},
    {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 00012\r\n" END, "POST", "/a", "", "", 12, 0, 0,
     ""},
    {GET HOST "X-Any: \xff\x80 \"(){}[]<>@,;\\\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET "X:\r\nX:\r\n" HOST END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET HOST "Content-Lengthx: 5\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET HOST "X-Content-Length: 5\r\n" END, "GET", "/v1/value", "", "", -1, 0, 0, ""},
    {GET HOST "Accept: */*\r\nUser-Agent: curl/8\r\n" END GET HOST END, "GET", "/v1/value", "", "",
     -1, 0, 0, GET HOST END},
};

TEST(good_requests)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        struct http_request request = read_good(good[i].text);
        if (!span_is(request.method, good[i].method) || !span_is(request.path, good[i].path) ||
            !span_is(request.query, good[i].query) ||
            !span_is(request.if_none_match, good[i].tag) ||
            request.has_length != (good[i].length >= 0) ||
            (long)request.content_length != (good[i].length < 0 ? 0 : good[i].length) ||
            request.closes != good[i].closes || request.expects_continue != good[i].expects)
            check_fail(__FILE__, __LINE__, "row %zu: %s", i, good[i].text);
        CHECK_STR(good[i].text + request.head_length, good[i].behind);
        check_beginnings(good[i].text, request.head_length);
    }
}

/* ---- bad ones ------------------------------------------------------------------------------ */

#define BAD(status, text)              \
    {                                  \
        status, text, sizeof(text) - 1 \
    }

static const struct {
    int status;
    const char *data;
    size_t length;
} bad[] = {
    /* the request line */
    BAD(400, "\r\n"),
    BAD(400, "\r\n" GET HOST END),
    BAD(400, "GET\r\n"),
    BAD(400, "GET /\r\n"),
    BAD(400, "GET / \r\n"),
    BAD(400, " GET / HTTP/1.1\r\n"),
    BAD(400, "GET  / HTTP/1.1\r\n"),
    BAD(400, "GET /  HTTP/1.1\r\n"),
    BAD(400, "GET / HTTP/1.1 \r\n"),
    BAD(400, "GET\t/\tHTTP/1.1\r\n"),
    BAD(400, "GET / x HTTP/1.1\r\n"),
    BAD(400, "GET / HTTP/2.0\r\n"),
    BAD(400, "GET / HTTP/1.2\r\n"),
    BAD(400, "GET / HTTP/1.10\r\n"),
    BAD(400, "GET / HTTP/0.9\r\n"),
    BAD(400, "GET / http/1.1\r\n"),
    BAD(400, "GET / HTTPS/1.1\r\n"),
    BAD(400, "PRI * HTTP/2.0\r\n"),
    BAD(400, "GET http://x/ HTTP/1.1\r\n"),
    BAD(400, "GET x HTTP/1.1\r\n"),
    BAD(400, "OPTIONS * HTTP/1.1\r\n"),
    BAD(400, "CONNECT x:80 HTTP/1.1\r\n"),
    BAD(400, "GET /a#b HTTP/1.1\r\n"),
    BAD(400, "GET /a\"b HTTP/1.1\r\n"),
    BAD(400, "GET /a<b> HTTP/1.1\r\n"),
    BAD(400, "GET /a\\b HTTP/1.1\r\n"),
    BAD(400, "GET /a\x7f HTTP/1.1\r\n"),
    BAD(400, "GET /\xc3\xa4 HTTP/1.1\r\n"),
    BAD(400, "GET /\0 HTTP/1.1\r\n"),
    BAD(400, "G(T / HTTP/1.1\r\n"),
    BAD(400, "G\0T / HTTP/1.1\r\n"),
    BAD(400, "TOOLONGAMETHOD-17 / HTTP/1.1\r\n"),
    BAD(400, "\x16\x03\x01\x02\n"), /* TLS */
    /* ends of lines */
    BAD(400, "GET / HTTP/1.1\n"),
    BAD(400, "\n"),
    BAD(400, GET "Host: x\n"),
    BAD(400, GET HOST "\n"),
    BAD(400, GET "Host: x\ry\r\n"),
    BAD(400, GET "Host: x\r\r\n"),
    BAD(400, "GET / HTTP/1.1\r\r\n"),
    BAD(400, GET HOST "\r\r\n"),
    /* fields */
    BAD(400, GET END),
    BAD(400, GET HOST HOST END),
    BAD(400, GET "Host: a b\r\n"),
    BAD(400, GET "Host: a\"\r\n"),
    BAD(400, GET "Host : x\r\n"),
    BAD(400, GET "Host\t: x\r\n"),
    BAD(400, GET " Host: x\r\n"),
    BAD(400, GET HOST " folded\r\n"),
    BAD(400, GET HOST "\tfolded: x\r\n"),
    BAD(400, GET "Host\r\n"),
    BAD(400, GET ": x\r\n"),
    BAD(400, GET "Ho st: x\r\n"),
    BAD(400, GET "Ho\0st: x\r\n"),
    BAD(400, GET "\xc3\xa4: x\r\n"),
    BAD(400, GET "X: a\0b\r\n"),
    BAD(400, GET "X: a\x01\r\n"),
    BAD(400, GET "X: a\x7f\r\n"),
    BAD(400, GET "X: a\x0b\r\n"),
    BAD(400, GET HOST "If-None-Match: \"1\"\r\nIf-None-Match: \"2\"\r\n"),
    BAD(400, GET HOST "Expect: 200-ok\r\n"),
    BAD(400, GET HOST "Expect:\r\n"),
    BAD(400, GET HOST "Expect: 100-continue, x\r\n"),
    /* lengths that two readers would read differently */
    BAD(400, GET HOST "Content-Length: 5\r\nContent-Length: 5\r\n"),
    BAD(400, GET HOST "Content-Length: 5\r\ncontent-length: 6\r\n"),
    BAD(400, GET HOST "Content-Length: 5, 5\r\n"),
    BAD(400, GET HOST "Content-Length: +5\r\n"),
    BAD(400, GET HOST "Content-Length: -5\r\n"),
    BAD(400, GET HOST "Content-Length: 0x5\r\n"),
    BAD(400, GET HOST "Content-Length: 5 5\r\n"),
    BAD(400, GET HOST "Content-Length: 5.0\r\n"),
    BAD(400, GET HOST "Content-Length:\r\n"),
    BAD(400, GET HOST "Content-Length: 18446744073709551616\r\n"),
    BAD(400, GET HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END),
    BAD(400, GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END),
    BAD(411, GET HOST "Transfer-Encoding: chunked\r\n" END),
    BAD(411, GET HOST "Transfer-Encoding: identity\r\n" END),
    BAD(411, GET HOST "transfer-ENCODING:\r\n" END),
    BAD(411, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END),
    BAD(400, GET HOST "Transfer-Encoding : chunked\r\n" END),
};

TEST(bad_requests)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct http_request request;
        const char *why = NULL;
        int r = read_exactly(bad[i].data, bad[i].length, &request, &why);
        if (r != -bad[i].status || !why)
            check_fail(__FILE__, __LINE__, "row %zu: %d for %s", i, r, bad[i].data);
        for (size_t length = 0; length < bad[i].length; length++)
            CHECK(read_exactly(bad[i].data, length, &request, &why) != HTTP_COMPLETE);
    }
}

/* Each byte, in the target and in a value: what is taken is written down here a second time. */
TEST(every_byte)
{
    static const char in_target[] = "!$%&'()*+,-./:;=?@[]_~";
    for (int c = 0; c < 256; c++) {
        char text[64];
        struct http_request request;
        const char *why;
        int letter = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z' && c < 128);
        int length = snprintf(text, sizeof text, "GET /%c HTTP/1.1\r\n" HOST END, c);
        text[5] = (char)c;
        int taken = letter || (c && strchr(in_target, c));
        CHECK_EQ_INT(http_read(text, (size_t)length, &request, &why), taken ? HTTP_COMPLETE : -400);
        length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "X: a%cb\r\n" END, c);
        text[29] = (char)c;
        taken = c == '\t' || (c >= ' ' && c != 0x7f);
        CHECK_EQ_INT(http_read(text, (size_t)length, &request, &why), taken ? HTTP_COMPLETE : -400);
    }
}

/* ---- limits -------------------------------------------------------------------------------- */

/* A head of exactly LENGTH bytes. */
static void make_head(char *text, size_t length)
{
    static const char start[] = GET HOST "X: ";
    memset(text, 'x', length);
    memcpy(text, start, sizeof start - 1);
    memcpy(text + length - 4, "\r\n\r\n", 4);
}

TEST(longest_head)
{
    static char text[LIMIT_HEADER + 64];
    struct http_request request;
    const char *why;
    make_head(text, LIMIT_HEADER);
    CHECK_EQ_INT(read_exactly(text, LIMIT_HEADER, &request, &why), HTTP_COMPLETE);
    CHECK_EQ_INT(request.head_length, LIMIT_HEADER);
    CHECK_EQ_INT(read_exactly(text, LIMIT_HEADER - 1, &request, &why), HTTP_MORE);
    memcpy(text + LIMIT_HEADER, GET, sizeof GET - 1);
    CHECK_EQ_INT(read_exactly(text, LIMIT_HEADER + 20, &request, &why), HTTP_COMPLETE);
    for (size_t length = LIMIT_HEADER + 1; length <= LIMIT_HEADER + 3; length++) {
        make_head(text, length);
        CHECK_EQ_INT(read_exactly(text, LIMIT_HEADER - 1, &request, &why), HTTP_MORE);
        CHECK_EQ_INT(read_exactly(text, LIMIT_HEADER, &request, &why), -431);
        CHECK_EQ_INT(read_exactly(text, length, &request, &why), -431);
    }
}

TEST(head_without_an_end)
{
    static char text[LIMIT_HEADER];
    struct http_request request;
    const char *why;
    memset(text, 'x', sizeof text);
    CHECK_EQ_INT(read_exactly(text, sizeof text - 1, &request, &why), HTTP_MORE);
    CHECK_EQ_INT(read_exactly(text, sizeof text, &request, &why), -431);
}

TEST(longest_target)
{
    static char text[LIMIT_TARGET + 100];
    struct http_request request;
    const char *why;
    for (size_t length = LIMIT_TARGET - 1; length <= LIMIT_TARGET + 1; length++) {
        memcpy(text, "GET /", 5);
        memset(text + 5, 'x', length - 1);
        memcpy(text + 4 + length, " HTTP/1.1\r\n" HOST END, sizeof " HTTP/1.1\r\n" HOST END);
        CHECK_EQ_INT(http_read(text, strlen(text), &request, &why),
                     length > LIMIT_TARGET ? -431 : HTTP_COMPLETE);
    }
}

TEST(most_fields)
{
    static char text[LIMIT_HEADER];
    for (unsigned fields = LIMIT_FIELDS - 1; fields <= LIMIT_FIELDS + 1; fields++) {
        struct http_request request;
        const char *why;
        size_t used = (size_t)snprintf(text, sizeof text, GET HOST);
        for (unsigned i = 1; i < fields; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "X-%u: y\r\n", i);
        used += (size_t)snprintf(text + used, sizeof text - used, END);
        CHECK_EQ_INT(http_read(text, used, &request, &why),
                     fields > LIMIT_FIELDS ? -431 : HTTP_COMPLETE);
        if (fields <= LIMIT_FIELDS)
            check_beginnings(text, used);
    }
}

/* ---- what the handlers use ------------------------------------------------------------------- */

TEST(percent_encoding)
{
    static const struct {
        const char *text;
        const char *decoded; /* NULL: refused */
    } rows[] = {
        {"", ""},         {"a", "a"},           {"%41", "A"},
        {"x%41", "xA"},   {"%41%42", "AB"},     {"%4a%4A", "JJ"},
        {"%2f%2F", "//"}, {"%25%34%31", "%41"}, {"%c3%a4", "\xc3\xa4"},
        {"a+b", "a+b"},   {"%20", " "},         {"%", NULL},
        {"%4", NULL},     {"a%", NULL},         {"a%4", NULL},
        {"%4g", NULL},    {"%g4", NULL},        {"%%41", NULL},
        {"% 1", NULL},    {"%00", NULL},        {"a%00b", NULL},
        {"%-1", NULL},    {"%0x", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[16] = "";
        size_t length = strlen(rows[i].text);
        char *copy = malloc(length + 1);
        memcpy(copy + 1, rows[i].text, length);
        int n = http_decode((struct span){copy + 1, length}, text, sizeof text);
        free(copy);
        if (n != (rows[i].decoded ? (int)strlen(rows[i].decoded) : -EINVAL) ||
            (n > 0 && memcmp(text, rows[i].decoded, (size_t)n) != 0))
            check_fail(__FILE__, __LINE__, "'%s' is %d bytes", rows[i].text, n);
    }
}

TEST(percent_encoding_needs_room)
{
    char text[4] = "~~~~";
    CHECK_EQ_INT(http_decode(span_of("abc"), text, 3), 3);
    CHECK_EQ_INT(http_decode(span_of("abcd"), text, 3), -EINVAL);
    CHECK_EQ_INT(http_decode(span_of("%41%42%43%44"), text, 3), -EINVAL);
    CHECK_EQ_INT(text[3], '~');
    CHECK_EQ_INT(http_decode((struct span){"a\0", 2}, text, 3), -EINVAL);
    CHECK_EQ_INT(http_decode(span_of(""), text, 0), 0);
}

TEST(entity_tags)
{
    static const struct {
        const char *list;
        int matches;
    } rows[] = {
        {"\"1.a\"", 1},
        {"*", 1},
        {"W/\"1.a\"", 1},
        {"\"0\", \"1.a\"", 1},
        {"\"0\",\"1.a\"", 1},
        {" \"1.a\" ", 1},
        {"\"1.a\",\"0\"", 1},
        {"\"0\" , W/\"1.a\"\t", 1},
        {",,\"1.a\"", 1},
        {"", 0},
        {"\"1.b\"", 0},
        {"1.a", 0},
        {"\"1.a", 0},
        {"w/\"1.a\"", 0},
        {"W/1.a", 0},
        {"\"1.a\"x", 0},
        {"\"\"", 0},
        {"W/", 0},
        {"**", 0},
        {"\"1\", \"a\"", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (http_etag_matches(span_of(rows[i].list), span_of("\"1.a\"")) != rows[i].matches)
            check_fail(__FILE__, __LINE__, "'%s'", rows[i].list);
}

CHECK_MAIN
