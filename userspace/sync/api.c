/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/api.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "limits.h"
#include "sync/answer.h"
#include "sync/bearer.h"
#include "sync/pump.h"
#include "sync/status.h"
#include "sync/transport.h"

#define FIELD 256u /* bytes of a header field */
#define WHY 640u   /* bytes of a reason: a URL and a message */

struct api {
    struct loop *loop;
    struct pump *pump;
    struct loop_timer soon; /* begins and drops calls: libcurl allows neither in its callbacks */
    struct api_call *calls;
    struct bearer_file token; /* without a path: none is sent */
    struct transport transport;
    char *url, *token_path, *ca, *cert, *key;
    int is_doubtful; /* the connection: an answer did not come. The next call makes another. */
};

enum stage { STAGE_NEW, STAGE_SENT, STAGE_CANCELLED };

struct api_call {
    struct api *api;
    struct api_call *next;
    struct api_request request; /* of its texts and bytes only the copies below are used */
    enum stage stage;
    int is_sent;
    CURL *easy;
    char *body;
    struct bearer *bearer;
    char accept[FIELD], type[FIELD];
    struct curl_slist fields[4];
    struct answer answer;
    struct loop_timer silence;
    uint64_t heard_ms;
    int is_begun;      /* piece() was told that the status is 2xx */
    int is_repeated;   /* after a 401 */
    int is_plain;      /* over HTTP/1.1, see is_unheard() */
    const char *wrong; /* why we ended it ourselves */
    char tls[CURL_ERROR_SIZE];
};

/* ---- the answer -------------------------------------------------------------------------------
 */

static int status_of_call(const struct api_call *call)
{
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static int is_good(int status)
{
    return status >= 200 && status < 300;
}

/* 0, or what on_body() and on_head() return to end the call. */
static size_t check(struct api_call *call, int r, const char *wrong)
{
    if (r == 0)
        return 0;
    call->wrong = r == -ENOMEM ? "out of memory" : wrong;
    return CURL_WRITEFUNC_ERROR;
}

static size_t give_piece(struct api_call *call, struct span bytes)
{
    int r = call->request.piece(call->request.context, bytes);
    return check(call, r ? -ECANCELED : 0, "given up by its reader");
}

static size_t take(struct api_call *call, struct span bytes)
{
    if (!is_good(status_of_call(call)))
        return check(call, answer_add_cut(&call->answer, bytes, LIMIT_API_STATUS), NULL);
    if (call->request.piece)
        return give_piece(call, bytes);
    return check(call, answer_add(&call->answer, bytes, call->request.max),
                 "the answer is larger than it may be");
}

/* libcurl's signature; any result but SIZE ends the transfer. */
static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    (void)one;
    struct api_call *call = context;
    if (call->stage == STAGE_CANCELLED)
        return CURL_WRITEFUNC_ERROR;
    call->heard_ms = clock_mono_ms();
    size_t r = take(call, (struct span){data, size});
    return r ? r : size;
}

/* One field of the answer's head, and last its empty line. */
static size_t on_head(char *data, size_t one, size_t size, void *context)
{
    (void)one;
    struct api_call *call = context;
    if (call->stage == STAGE_CANCELLED)
        return CURL_WRITEFUNC_ERROR;
    call->heard_ms = clock_mono_ms();
    int is_end = size > 0 && (data[0] == '\r' || data[0] == '\n');
    if (!is_end || call->is_begun || !call->request.piece || !is_good(status_of_call(call)))
        return size;
    call->is_begun = 1;
    size_t r = give_piece(call, SPAN_LITERAL(""));
    return r ? r : size;
}

/* ---- the request ------------------------------------------------------------------------------
 */

#define SET(option, value)                                   \
    do {                                                     \
        if (r == CURLE_OK)                                   \
            r = curl_easy_setopt(call->easy, option, value); \
    } while (0)

static CURLcode set_callbacks(struct api_call *call)
{
    CURLcode r = CURLE_OK;
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_HEADERFUNCTION, on_head);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_ERRORBUFFER, call->tls);
    SET(CURLOPT_PRIVATE, call);
    return r;
}

static CURLcode set_url(struct api_call *call)
{
    char *url = NULL;
    CURLcode r = CURLE_OUT_OF_MEMORY;
    if (asprintf(&url, "%s%s", call->api->url, call->request.path) < 0)
        return r;
    r = CURLE_OK;
    SET(CURLOPT_URL, url);
    free(url);
    return r;
}

/* The body is read where it stands: libcurl keeps no copy. */
static CURLcode set_request(struct api_call *call)
{
    CURLcode r = set_url(call);
    if (call->body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->request.body.length);
        SET(CURLOPT_POSTFIELDS, call->body);
    }
    SET(CURLOPT_CUSTOMREQUEST, call->request.method ? call->request.method : "GET");
    return r;
}

static int set_up(struct api_call *call)
{
    unsigned ms = call->request.timeout_ms ? call->request.timeout_ms : LIMIT_API_MS;
    if (transport_set(&call->api->transport, call->easy, ms) < 0)
        return -EIO;
    return set_callbacks(call) == CURLE_OK && set_request(call) == CURLE_OK ? 0 : -ENOMEM;
}

/* The list of fields is made here: libcurl's own would be a copy of the token that nobody wipes. */
static void set_fields(struct api_call *call)
{
    static char no_expect[] = "Expect:"; /* with nothing behind it: it is not sent */
    char *texts[] = {no_expect, call->accept, call->body ? call->type : NULL,
                     call->bearer ? call->bearer->field : NULL};
    struct curl_slist *last = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i])
            continue;
        call->fields[i] = (struct curl_slist){.data = texts[i]};
        if (last)
            last->next = &call->fields[i];
        last = &call->fields[i];
    }
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->fields);
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void drop(struct api_call *call)
{
    struct api *api = call->api;
    for (struct api_call **at = &api->calls; *at; at = &(*at)->next)
        if (*at == call) {
            *at = call->next;
            break;
        }
    if (call->is_sent)
        pump_remove(api->pump, call->easy);
    loop_cancel_timer(api->loop, &call->silence);
    curl_easy_cleanup(call->easy);
    answer_forget(&call->answer);
    if (call->body)
        explicit_bzero(call->body, call->request.body.length);
    free(call->body);
    bearer_release(call->bearer);
    free(call);
}

/* The server's own words, unless they may repeat what was sent: then its one word. */
static void describe_status(const struct api_call *call, int code, char *ret, size_t size)
{
    struct status status;
    status_read((struct span){call->answer.bytes, call->answer.length}, &status);
    status_describe(code, call->body ? status.reason : status.message, ret, size);
}

static void describe_failure(const struct api_call *call, CURLcode result, char *ret, size_t size)
{
    char text[CURL_ERROR_SIZE];
    if (call->wrong)
        snprintf(text, sizeof text, "%s", call->wrong);
    else
        transport_why(call->easy, result, call->tls, text, sizeof text);
    snprintf(ret, size, "%s: %s", call->api->url, text);
}

static unsigned retry_ms(const struct api_call *call)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &seconds);
    return seconds > 0 && seconds < 86400 ? (unsigned)seconds * 1000 : 0;
}

/*
 * The status, where it can be relied on. A refusal can, also when its body is not whole: a server
 * that refuses a request may close the stream while the request's body is still on its way.
 */
static int final_status(const struct api_call *call, CURLcode result)
{
    int status = status_of_call(call);
    return !call->wrong && (result == CURLE_OK || status >= 300) ? status : 0;
}

/* The call is over; CALL is gone. */
static void finish(struct api_call *call, CURLcode result)
{
    char why[WHY] = "";
    struct api_end end = {.why = why, .status = final_status(call, result)};
    if (end.status) {
        end.body = (struct span){call->answer.bytes, call->answer.length};
        end.retry_ms = retry_ms(call);
    }
    if (!end.status)
        describe_failure(call, result, why, sizeof why);
    else if (!is_good(end.status))
        describe_status(call, end.status, why, sizeof why);
    if (result == CURLE_OPERATION_TIMEDOUT)
        call->api->is_doubtful = 1;
    call->request.done(call->request.context, &end);
    drop(call);
}

static void fail(struct api_call *call, const char *wrong, CURLcode result)
{
    call->wrong = wrong;
    finish(call, result);
}

/* ---- from the beginning -----------------------------------------------------------------------
 */

static void on_silence(struct loop_timer *timer)
{
    struct api_call *call = (struct api_call *)((char *)timer - offsetof(struct api_call, silence));
    uint64_t silent = clock_mono_ms() - call->heard_ms;
    if (call->stage == STAGE_CANCELLED)
        return;
    if (silent < call->request.silence_ms)
        loop_set_timer(call->api->loop, timer, call->request.silence_ms - silent);
    else
        fail(call, "it has been silent for too long", CURLE_OPERATION_TIMEDOUT);
}

/*
 * Non-zero when the stream was closed before the body was out: the request was refused unread, and
 * libcurl, about to send, has lost the answer (7.88). The API server carries out nothing whose body
 * it has not read, so it can be made once more, over HTTP/1.1, where the answer is not lost.
 */
static int is_unheard(const struct api_call *call, CURLcode result)
{
    curl_off_t sent = 0;
    if (!call->body || call->is_plain || call->wrong || status_of_call(call) ||
        (result != CURLE_HTTP2_STREAM && result != CURLE_SEND_ERROR))
        return 0;
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent < (curl_off_t)call->request.body.length;
}

static void set_plain(struct api_call *call)
{
    call->is_plain = 1;
    curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(call->easy, CURLOPT_PIPEWAIT, 0L);
}

/* Send it, also for a second time. A call that cannot be sent ends here. */
static void send_call(struct api_call *call, int is_refused)
{
    struct api *api = call->api;
    struct error error = {""};
    call->stage = STAGE_SENT;
    bearer_release(call->bearer);
    call->bearer = NULL;
    if (api->token.path && bearer_take(&api->token, is_refused, &call->bearer, &error) < 0) {
        fail(call, error.text, CURLE_OK);
        return;
    }
    set_fields(call);
    curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, (long)api->is_doubtful);
    api->is_doubtful = 0;
    call->heard_ms = clock_mono_ms();
    call->is_sent = pump_add(api->pump, call->easy) == 0;
    if (!call->is_sent)
        fail(call, "out of memory", CURLE_OK);
    else if (call->request.silence_ms)
        loop_set_timer(api->loop, &call->silence, call->request.silence_ms);
}

static void on_done(void *context, CURL *easy, CURLcode result)
{
    (void)context;
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    struct api_call *call = (struct api_call *)(void *)private;
    if (call->stage == STAGE_CANCELLED) {
        drop(call);
        return;
    }
    int is_refused = final_status(call, result) == 401 && call->bearer && !call->is_repeated;
    int is_lost = is_unheard(call, result);
    if (!is_refused && !is_lost) {
        finish(call, result);
        return;
    }
    pump_remove(call->api->pump, easy);
    call->is_sent = 0;
    call->is_repeated |= is_refused;
    if (is_lost)
        set_plain(call);
    answer_forget(&call->answer);
    send_call(call, is_refused);
}

/* done() of one that cannot be sent may begin and cancel others: look from the start again. */
static void on_soon(struct loop_timer *timer)
{
    struct api *api = (struct api *)((char *)timer - offsetof(struct api, soon));
    for (struct api_call *call = api->calls; call;) {
        enum stage stage = call->stage;
        if (stage == STAGE_CANCELLED)
            drop(call);
        else if (stage == STAGE_NEW)
            send_call(call, 0);
        call = stage == STAGE_SENT ? call->next : api->calls;
    }
}

/* A path and its query, and nothing that would end the line they stand in. */
static int is_path(const char *path)
{
    for (const char *c = path; *c; c++)
        if (*c <= ' ' || *c > '~')
            return 0;
    return path[0] == '/';
}

static int set_field(char *ret, const char *name, const char *value)
{
    int n = snprintf(ret, FIELD, "%s: %s", name, value ? value : "application/json");
    return n > 0 && (unsigned)n < FIELD && !strpbrk(ret, "\r\n") ? 0 : -EINVAL;
}

int api_call(struct api *api, const struct api_request *request, struct api_call **ret)
{
    struct api_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    *call = (struct api_call){.api = api, .request = *request, .silence = {.fire = on_silence}};
    struct api_call **last = &api->calls;
    while (*last)
        last = &(*last)->next;
    *last = call;
    call->easy = curl_easy_init();
    if (request->body.length && (call->body = malloc(request->body.length)))
        memcpy(call->body, request->body.data, request->body.length);
    int r = !call->easy || (request->body.length && !call->body) ? -ENOMEM : 0;
    if (r == 0 && (!is_path(request->path) || set_field(call->accept, "Accept", request->accept) ||
                   set_field(call->type, "Content-Type", request->type)))
        r = -EINVAL;
    if (r == 0)
        r = set_up(call);
    if (r < 0) {
        drop(call);
        return r;
    }
    loop_set_timer(api->loop, &api->soon, 0);
    if (ret)
        *ret = call;
    return 0;
}

void api_cancel(struct api_call *call)
{
    if (!call)
        return;
    call->stage = STAGE_CANCELLED;
    loop_set_timer(call->api->loop, &call->api->soon, 0);
}

/* ---- the client -------------------------------------------------------------------------------
 */

static int copy_text(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return text && !*ret ? -ENOMEM : 0;
}

static int copy_options(struct api *api, const struct api_options *options)
{
    if (copy_text(options->url, &api->url) || copy_text(options->token, &api->token_path) ||
        copy_text(options->ca, &api->ca) || copy_text(options->cert, &api->cert) ||
        copy_text(options->key, &api->key))
        return -ENOMEM;
    api->token.path = api->token_path;
    api->transport = (struct transport){.ca = api->ca, .cert = api->cert, .key = api->key};
    return 0;
}

static int check_options(const struct api_options *options, struct error *error)
{
    const char *url = options->url;
    if (strncmp(url, "https://", 8) != 0 || strpbrk(url + 8, "/@?# "))
        return error_set(error, -EINVAL, "%s is not https://HOST or https://HOST:PORT", url);
    if (!options->ca)
        return error_set(error, -EINVAL, "no certificates to trust the API server by");
    if (!options->cert != !options->key)
        return error_set(error, -EINVAL, "a client's certificate and its key go together");
    return 0;
}

int api_new(const struct api_options *options, struct api **ret, struct error *error)
{
    int r = check_options(options, error);
    if (r < 0)
        return r;
    if (transport_start() < 0)
        return error_set(error, -EIO, "libcurl does not start");
    struct api *api = calloc(1, sizeof *api);
    if (api) {
        *api = (struct api){.loop = options->loop, .soon = {.fire = on_soon}};
        api->pump = pump_new(options->loop, on_done, api);
    }
    if (!api || !api->pump || copy_options(api, options) < 0) {
        api_free(api);
        return error_set(error, -ENOMEM, "out of memory");
    }
    *ret = api;
    return 0;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    while (api->calls)
        drop(api->calls);
    loop_cancel_timer(api->loop, &api->soon);
    pump_free(api->pump);
    bearer_close(&api->token);
    free(api->url);
    free(api->token_path);
    free(api->ca);
    free(api->cert);
    free(api->key);
    free(api);
    transport_stop();
}
