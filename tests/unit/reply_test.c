/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/reply.h"

#include "crypto/secret.h"
#include "protocol.h"
#include "store/store.h"
#include "tests/unit/stores.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define T0 INT64_C(1795551330123456)
#define NO_STORE "Cache-Control: no-store\r\n"
#define TAG "ETag: \"1.0006610b5f353ec0\"\r\nVSecM-Version: 1\r\n"
#define TIMES "VSecM-Created: 2026-11-24T20:15:30Z\r\nVSecM-Updated: 2026-11-24T20:15:30Z\r\n"

static struct reply reply;

/* The reply is exactly TEXT: nothing of the one before it may be left. */
static void check_reply(int status, const char *text)
{
    char *whole = malloc(reply.text_length + reply.part.length + 1);
    memcpy(whole, reply.text, reply.text_length);
    if (reply.part.length)
        memcpy(whole + reply.text_length, reply.part.data, reply.part.length);
    whole[reply.text_length + reply.part.length] = '\0';
    char copy[4096] = "";
    strncpy(copy, whole, sizeof copy - 1);
    free(whole);
    CHECK_EQ_INT(reply.status, status);
    CHECK_STR(copy, text);
    reply_done(&reply);
    CHECK(reply.status == 0 && reply.closes == 0 && reply.text_length == 0 && !reply.secret &&
          !reply.heap && reply.part.length == 0);
}

TEST(plain)
{
    reply_plain(&reply, 200, "OKOK");
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" NO_STORE
                     "Content-Length: 4\r\n\r\nOKOK");
    reply.closes = 1;
    reply_plain(&reply, 200, "");
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" NO_STORE
                     "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(every_status_has_its_phrase)
{
    static const struct {
        int status;
        const char *line;
    } rows[] = {
        {200, "HTTP/1.1 200 OK\r\n"},
        {304, "HTTP/1.1 304 Not Modified\r\n"},
        {400, "HTTP/1.1 400 Bad Request\r\n"},
        {403, "HTTP/1.1 403 Forbidden\r\n"},
        {404, "HTTP/1.1 404 Not Found\r\n"},
        {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
        {408, "HTTP/1.1 408 Request Timeout\r\n"},
        {411, "HTTP/1.1 411 Length Required\r\n"},
        {413, "HTTP/1.1 413 Content Too Large\r\n"},
        {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
        {500, "HTTP/1.1 500 Internal Server Error\r\n"},
        {501, "HTTP/1.1 501 Not Implemented\r\n"},
        {503, "HTTP/1.1 503 Service Unavailable\r\n"},
        {507, "HTTP/1.1 507 Insufficient Storage\r\n"},
        {599, "HTTP/1.1 500 Internal Server Error\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        reply_plain(&reply, rows[i].status, "x");
        CHECK(strncmp(reply.text, rows[i].line, strlen(rows[i].line)) == 0);
        reply_done(&reply);
    }
}

TEST(errors)
{
    reply_error(&reply, 404, ERROR_NOT_FOUND, "there is no secret for %s", "a/b");
    check_reply(404, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n" NO_STORE
                     "Content-Length: 61\r\n\r\n"
                     "{\"error\":\"not_found\",\"message\":\"there is no secret for a/b\"}\n");
    reply_error(&reply, 400, ERROR_BAD_REQUEST, "%s", "\"\\\n\x01\xff");
    check_reply(400, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n" NO_STORE
                     "Content-Length: 55\r\n\r\n"
                     "{\"error\":\"bad_request\",\"message\":\"\\\"\\\\\\n\\u0001\\u00ff\"}\n");
    reply_wrong_method(&reply, "GET, POST");
    check_reply(405,
                "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, POST\r\n"
                "Content-Type: application/json\r\n" NO_STORE "Content-Length: 69\r\n\r\n"
                "{\"error\":\"method_not_allowed\",\"message\":\"this path takes GET, POST\"}\n");
}

TEST(too_many)
{
    reply_too_many(&reply, 12, "too much");
    check_reply(429, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 12\r\n"
                     "Content-Type: application/json\r\n" NO_STORE "Content-Length: 51\r\n\r\n"
                     "{\"error\":\"too_many_requests\",\"message\":\"too much\"}\n");
}

/* Content-Length must be true whatever became of the message. */
static void check_length(void)
{
    char text[REPLY_TEXT + 1];
    CHECK(reply.text_length <= REPLY_TEXT);
    memcpy(text, reply.text, reply.text_length);
    text[reply.text_length] = '\0';
    const char *length = strstr(text, "Content-Length: "), *body = strstr(text, "\r\n\r\n");
    CHECK(length && body);
    CHECK_EQ_INT(strtoul(length + 16, NULL, 10), strlen(body + 4));
    CHECK_STR(text + reply.text_length - 3, "\"}\n");
}

TEST(messages_are_cut)
{
    static const char *const bytes[] = {"x", "\"", "\x01", "\xc3\xa4", "\xff"};
    for (size_t i = 0; i < COUNT(bytes); i++)
        for (size_t length = 0; length < 2000; length += 37) {
            char message[2048] = "";
            while (strlen(message) < length)
                strncat(message, bytes[i], sizeof message - strlen(message) - 1);
            reply.closes = 1;
            reply_error(&reply, 431, ERROR_TOO_LARGE, "%s", message);
            check_length();
            reply_done(&reply);
        }
}

TEST(heap)
{
    reply_heap(&reply, REPLY_JSON, strdup("{\"a\":1}"), 7);
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" NO_STORE
                     "Content-Length: 7\r\n\r\n{\"a\":1}");
}

TEST(interim)
{
    reply_continue(&reply);
    check_reply(100, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* ---- secrets --------------------------------------------------------------------------------- */

static struct stores stores;

static const struct store_version *stored(const char *value)
{
    stores_begin(&stores, ARENA_MIB, 1, 1);
    CHECK_EQ_INT(stores_put(&stores, "a/b", span_of(value), T0), 0);
    return store_find(stores.store, span_of("a/b"));
}

static void end(void)
{
    stores_end(&stores);
}

#define JSON \
    "{\"data\":\"x\",\"created\":\"2026-11-24T20:15:30Z\",\"updated\":\"2026-11-24T20:15:30Z\"}"

TEST(answer)
{
    const struct store_version *version = stored("x");
    reply_answer(&reply, version);
    CHECK_EQ_INT(version->block->references, 2);
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" NO_STORE
                     "Content-Length: 78\r\n" TAG "\r\n" JSON);
    reply.closes = 1;
    reply_answer(&reply, version);
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" NO_STORE
                     "Content-Length: 78\r\n" TAG "Connection: close\r\n\r\n" JSON);
    CHECK_EQ_INT(version->block->references, 1);
    end();
}

TEST(value)
{
    const struct store_version *version = stored("a\nb");
    reply_version(&reply, 200, REPLY_BYTES, version, version->value);
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" NO_STORE
                     "Content-Length: 3\r\n" TAG TIMES "\r\na\nb");
    reply_version(&reply, 304, REPLY_BYTES, version, version->value);
    check_reply(304, "HTTP/1.1 304 Not Modified\r\n" TAG TIMES "\r\n");
    reply_version(&reply, 304, REPLY_JSON, version, version->json);
    check_reply(304, "HTTP/1.1 304 Not Modified\r\n" TAG "\r\n");
    CHECK_EQ_INT(version->block->references, 1);
    end();
}

TEST(member)
{
    const struct store_version *version = stored("x");
    struct secret *secret = secret_new(stores.arena, 2);
    CHECK(secret != NULL);
    memcpy(secret->data, "42", 2);
    reply_secret(&reply, version, secret);
    check_reply(200, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" NO_STORE
                     "Content-Length: 2\r\n" TAG TIMES "\r\n42");
    end();
}

CHECK_MAIN
