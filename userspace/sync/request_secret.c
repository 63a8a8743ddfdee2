/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/request_secret.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/writer.h"
#include "sync/look.h"
#include "sync/revise.h"
#include "sync/translate_secret.h"

static const struct span none = {"", 0};

static int path_of(struct request *request, char ret[PATHS_SIZE], const char *sub)
{
    return requests_path(request, ret, PATHS_VSECMSECRET, request->message.field[SECRET_NAMESPACE],
                         request->message.field[SECRET_NAME], sub);
}

/* The whole object, for STEP. */
static void ask_whole(struct request *request, requests_step *step)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "GET", .path = path, .is_whole = 1};
    if (path_of(request, path, ""))
        requests_ask(request, &call, step);
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void on_whole(struct request *request, const struct api_end *end)
{
    struct translate_secret_room room;
    struct wire_message message;
    struct error error = {""};
    cJSON *object = requests_parse(request, end);
    if (!object)
        return;
    if (translate_secret_whole(object, &room, &message, &error) == 0) {
        requests_reply(request, &message);
        requests_end_quietly(request);
    } else {
        requests_end(request, "invalid", none, error.text);
    }
    cJSON_Delete(object);
}

void request_secret_get(struct request *request)
{
    ask_whole(request, on_whole);
}

/* Non-zero when the row was told. */
static int tell_row(struct request *request, int r, struct wire_message *message)
{
    if (r < 0)
        return 0;
    requests_reply(request, message);
    return 1;
}

static void on_history(struct request *request, const struct api_end *end)
{
    struct translate_secret_room room;
    struct wire_message message;
    struct error error = {""};
    const cJSON *row;
    cJSON *object = requests_parse(request, end);
    if (!object)
        return;
    int is_whole = 1, r = translate_secret_newest(object, &message, &error);
    if (r != -ENOENT)
        is_whole = tell_row(request, r, &message);
    cJSON_ArrayForEach(row, look_at(object, LOOK("spec", "history")))
    {
        r = translate_secret_row(row, &room, &message, &error);
        is_whole &= tell_row(request, r, &message);
    }
    requests_end(request, is_whole ? "ok" : "invalid", none, is_whole ? "" : error.text);
    cJSON_Delete(object);
}

void request_secret_history(struct request *request)
{
    ask_whole(request, on_history);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static void put_object(struct request *request, cJSON *object)
{
    char path[PATHS_SIZE];
    char *text = cJSON_PrintUnformatted(object);
    if (!text) {
        requests_end(request, "busy", none, "out of memory");
        return;
    }
    const struct requests_call call = {.method = "PUT", .path = path, .body = span_of(text)};
    if (path_of(request, path, ""))
        requests_ask(request, &call, requests_end_as);
    cJSON_free(text);
}

/*
 * The resource version stays in the object, so that the API server itself refuses what is written
 * over a change that comes in between.
 */
static void on_old(struct request *request, const struct api_end *end)
{
    struct error error = {""};
    cJSON *object = requests_parse(request, end);
    if (!object)
        return;
    struct span version = look_text(object, LOOK("metadata", "resourceVersion"));
    int r = 0;
    if (!span_equal(version, request->message.field[SECRET_RESOURCE_VERSION]))
        requests_end(request, "conflict", none, "it was changed meanwhile");
    else if ((r = revise_secret(object, &request->message, &error)) < 0)
        requests_end(request, r == -ENOMEM ? "busy" : "invalid", none, error.text);
    else
        put_object(request, object);
    cJSON_Delete(object);
}

void request_secret_put(struct request *request)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "POST", .path = path};
    if (request->message.field[SECRET_RESOURCE_VERSION].length)
        ask_whole(request, on_old);
    else if (requests_path(request, path, PATHS_VSECMSECRET,
                           request->message.field[SECRET_NAMESPACE], none, ""))
        requests_post(request, &call, body_secret, none, requests_end_as);
}

void request_secret_delete(struct request *request)
{
    char path[PATHS_SIZE], options[512];
    struct writer w = writer_on(options, sizeof options);
    body_delete(&w, request->message.field[SECRET_UID],
                request->message.field[SECRET_RESOURCE_VERSION]);
    const struct requests_call call = {.method = "DELETE", .path = path, .body = {options, w.used}};
    if (!writer_ok(&w))
        requests_end(request, "invalid", none, "no object can have this uid");
    else if (path_of(request, path, ""))
        requests_ask(request, &call, requests_end_as);
}

void request_secret_status(struct request *request)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "PATCH", .path = path, .type = REQUESTS_MERGE};
    if (path_of(request, path, "/status"))
        requests_post(request, &call, body_status, none, requests_end_as);
}
