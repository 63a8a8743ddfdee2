/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/requests.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/writer.h"
#include "limits.h"
#include "sync/locked.h"
#include "sync/look.h"
#include "sync/names.h"
#include "sync/request_cluster.h"
#include "sync/request_export.h"
#include "sync/request_secret.h"
#include "sync/requests_state.h"
#include "sync/verdict.h"

struct requests {
    struct requests_options options;
    struct request *active;
    struct request *first, **end; /* those that wait for their turn */
    size_t active_count;
    size_t held; /* bytes of all of them */
    int is_beginning;
    struct requests_stats stats;
};

static const struct requests_row rows[] = {
    {WIRE_GET, 0, 0, request_secret_get},
    {WIRE_PUT, 0, 0, request_secret_put},
    {WIRE_DELETE, 0, 0, request_secret_delete},
    {WIRE_STATUS, 1, 0, request_secret_status},
    {WIRE_HISTORY, 0, 0, request_secret_history},
    {WIRE_EVENT, 1, 0, request_cluster_event},
    {WIRE_NODE_PUT, 0, 0, request_cluster_node_put},
    {WIRE_NODE_DELETE, 0, 0, request_cluster_node_delete},
    {WIRE_KEY_PUT, 0, 0, request_cluster_key_put},
    {WIRE_KEY_GET, 0, 0, request_cluster_key_get},
    {WIRE_TOKEN_GET, 0, 0, request_cluster_token},
    {WIRE_TOKEN_REVIEW, 0, 1, request_cluster_review},
    {WIRE_EXPORT, 0, 1, request_export_write},
    {WIRE_EXPORT_DELETE, 0, 0, request_export_delete},
};

const struct requests_options *requests_of(const struct request *request)
{
    return &request->all->options;
}

/* ---- one request -------------------------------------------------------------------------------
 */

static void *take(int is_secret, size_t size)
{
    return is_secret ? locked_alloc(size) : malloc(size);
}

static void give(int is_secret, void *memory, size_t size)
{
    if (is_secret)
        locked_free(memory, size);
    else
        free(memory);
}

static void request_free(struct request *request)
{
    request->all->held -= request->size;
    give(request->row->is_secret, request->copy, request->size);
    free(request);
}

/* MESSAGE and all of its bytes. NULL: out of memory. */
static struct request *request_new(struct requests *requests, const struct requests_row *row,
                                   const struct wire_message *message)
{
    struct request *request = calloc(1, sizeof *request);
    size_t size = wire_size(message), at = 0;
    char *copy = take(row->is_secret, size);
    if (!request || !copy) {
        free(request);
        give(row->is_secret, copy, size);
        return NULL;
    }
    *request = (struct request){.all = requests,
                                .row = row,
                                .message = *message,
                                .copy = copy,
                                .size = size,
                                .due_ms = clock_mono_ms() + LIMIT_SYNC_MS};
    for (size_t i = 0; i < wire_fields(message->kind); i++) {
        struct span *field = &request->message.field[i];
        if (field->length)
            memcpy(copy + at, field->data, field->length);
        field->data = copy + at;
        at += field->length;
    }
    requests->held += size;
    return request;
}

/* ---- ends --------------------------------------------------------------------------------------
 */

static void answer(struct requests *requests, uint64_t number, const char *code,
                   struct span resource_version, const char *why)
{
    struct wire_message result = {.kind = WIRE_RESULT, .number = number};
    result.field[RESULT_CODE] = span_of(code);
    result.field[RESULT_RESOURCE_VERSION] = resource_version;
    result.field[RESULT_MESSAGE] = span_of(why);
    requests->options.reply(requests->options.context, &result);
}

static void begin_more(struct requests *requests);

void requests_reply(struct request *request, struct wire_message *message)
{
    message->number = request->message.number;
    requests_of(request)->reply(requests_of(request)->context, message);
}

void requests_end_quietly(struct request *request)
{
    struct requests *requests = request->all;
    struct request **link = &requests->active;
    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    requests->active_count--;
    request_free(request);
    begin_more(requests);
}

void requests_end(struct request *request, const char *code, struct span resource_version,
                  const char *why)
{
    if (!request->row->is_told)
        answer(request->all, request->message.number, code, resource_version, why);
    requests_end_quietly(request);
}

void requests_end_as(struct request *request, const struct api_end *end)
{
    char why[LIMIT_WIRE_TEXT];
    struct span version = {"", 0};
    const char *code = verdict_code(end->status);
    if (strcmp(code, "ok") != 0) {
        verdict_reason(end, request->row->is_secret, why);
        requests_end(request, code, version, why);
        return;
    }
    cJSON *object = cJSON_ParseWithLength(end->body.data, end->body.length);
    version = look_text(object, LOOK("metadata", "resourceVersion"));
    if (version.length > LIMIT_WIRE_RV)
        version.length = 0;
    requests_end(request, "ok", version, "");
    cJSON_Delete(object);
}

cJSON *requests_parse(struct request *request, const struct api_end *end)
{
    if (end->status < 200 || end->status > 299) {
        requests_end_as(request, end);
        return NULL;
    }
    cJSON *object = cJSON_ParseWithLength(end->body.data, end->body.length);
    if (!object)
        requests_end(request, "unreachable", (struct span){"", 0},
                     "the API server's answer cannot be read");
    return object;
}

int requests_path(struct request *request, char ret[PATHS_SIZE], enum paths_kind kind,
                  struct span namespace, struct span name, const char *sub)
{
    if (paths_write(ret, kind, namespace, name, sub) == 0)
        return 1;
    requests_end(request, "invalid", (struct span){"", 0}, "no object can have this name");
    return 0;
}

/* ---- calls -------------------------------------------------------------------------------------
 */

static void on_done(void *context, const struct api_end *end)
{
    struct request *request = context;
    int class = end->status / 100;
    request->call = NULL;
    request->all->stats.by_class[class > 0 && class < 6 ? class : 0]++;
    request->step(request, end);
}

void requests_ask(struct request *request, const struct requests_call *call, requests_step *step)
{
    uint64_t now = clock_mono_ms();
    uint64_t left = request->due_ms > now ? request->due_ms - now : 0;
    const struct api_request ask = {.method = call->method,
                                    .path = call->path,
                                    .type = call->type,
                                    .accept = call->is_whole ? NULL : NAMES_METADATA,
                                    .body = call->body,
                                    .max = LIMIT_SYNC_ANSWER,
                                    .timeout_ms = left < LIMIT_API_MS ? (unsigned)left : 0,
                                    .done = on_done,
                                    .context = request};
    request->step = step;
    int r = left ? api_call(requests_of(request)->api, &ask, &request->call) : -ETIMEDOUT;
    if (r < 0)
        requests_end(request, "unreachable", (struct span){"", 0}, strerror(-r));
}

void requests_post(struct request *request, const struct requests_call *call, body_writer *body,
                   struct span resource_version, requests_step *step)
{
    char now[CLOCK_RFC3339];
    clock_format_seconds(clock_wall_us(), now);
    const struct body_context context = {requests_of(request)->node,
                                         requests_of(request)->namespace, now, resource_version};
    int is_secret = request->row->is_secret;
    struct requests_call whole = *call;
    struct writer w = writer_on(NULL, 0);
    body(&w, &request->message, &context);
    size_t size = w.needed;
    char *memory = take(is_secret, size);
    if (!memory) {
        requests_end(request, "busy", (struct span){"", 0}, "out of memory");
        return;
    }
    w = writer_on(memory, size);
    body(&w, &request->message, &context);
    whole.body = (struct span){memory, w.used};
    requests_ask(request, &whole, step);
    give(is_secret, memory, size);
}

/* ---- all of them -------------------------------------------------------------------------------
 */

/* Requests that wait, as long as there is room. One that ends at once begins the next, in here. */
static void begin_more(struct requests *requests)
{
    if (requests->is_beginning)
        return;
    requests->is_beginning = 1;
    while (requests->first && requests->active_count < LIMIT_SYNC_ACTIVE) {
        struct request *request = requests->first;
        requests->first = request->next;
        if (!requests->first)
            requests->end = &requests->first;
        request->next = requests->active;
        requests->active = request;
        requests->active_count++;
        request->row->begin(request);
    }
    requests->is_beginning = 0;
}

static const struct requests_row *row_of(enum wire_kind kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == kind)
            return &rows[i];
    return NULL;
}

int requests_take(struct requests *requests, const struct wire_message *message)
{
    const struct requests_row *row = row_of(message->kind);
    if (!row)
        return 0;
    struct request *request = NULL;
    if (wire_size(message) <= LIMIT_SYNC_HELD - requests->held)
        request = request_new(requests, row, message);
    if (!request) {
        requests->stats.refused++;
        if (!row->is_told)
            answer(requests, message->number, "busy", (struct span){"", 0},
                   "too many requests are under way");
        return 1;
    }
    *requests->end = request;
    requests->end = &request->next;
    begin_more(requests);
    return 1;
}

struct requests *requests_new(const struct requests_options *options)
{
    struct requests *requests = calloc(1, sizeof *requests);
    if (!requests)
        return NULL;
    requests->options = *options;
    requests->end = &requests->first;
    return requests;
}

void requests_read_stats(const struct requests *requests, struct requests_stats *ret)
{
    *ret = requests->stats;
}

void requests_free(struct requests *requests)
{
    if (!requests)
        return;
    *requests->end = requests->active; /* one list of all */
    for (struct request *next, *request = requests->first; request; request = next) {
        next = request->next;
        api_cancel(request->call);
        request_free(request);
    }
    free(requests);
}
