/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/request_export.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/writer.h"
#include "sync/look.h"
#include "sync/names.h"

static const struct span none = {"", 0};

int request_export_is_ours(const cJSON *object)
{
    struct span owner = look_text(object, LOOK("metadata", "annotations", NAMES_OWNER));
    struct span namespace = look_text(object, LOOK("metadata", "namespace"));
    struct span name = look_text(object, LOOK("metadata", "name"));
    return span_is(look_text(object, LOOK("metadata", "labels", NAMES_MANAGED_BY)),
                   NAMES_MANAGER) &&
           owner.length == namespace.length + 1 + name.length &&
           memcmp(owner.data, namespace.data, namespace.length) == 0 &&
           owner.data[namespace.length] == '/' &&
           memcmp(owner.data + namespace.length + 1, name.data, name.length) == 0;
}

static struct span namespace_of(const struct request *request)
{
    return request->message.field[EXPORT_NAMESPACE];
}

static struct span name_of(const struct request *request)
{
    return request->message.field[EXPORT_NAME];
}

/* The metadata of what is there now, for STEP. */
static void ask_metadata(struct request *request, requests_step *step)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "GET", .path = path};
    if (requests_path(request, path, PATHS_SECRET, namespace_of(request), name_of(request), ""))
        requests_ask(request, &call, step);
}

static void note_begin(const struct request *request)
{
    const struct requests_options *options = requests_of(request);
    options->exporting(options->context, namespace_of(request), name_of(request));
}

/* Of what was written, the resource version is remembered: a change to it was ours. */
static void on_written(struct request *request, const struct api_end *end)
{
    const struct requests_options *options = requests_of(request);
    int is_ok = end->status >= 200 && end->status < 300;
    cJSON *object = is_ok ? cJSON_ParseWithLength(end->body.data, end->body.length) : NULL;
    options->exported(options->context, namespace_of(request), name_of(request),
                      look_text(object, LOOK("metadata", "resourceVersion")),
                      is_ok && request->message.kind == WIRE_EXPORT_DELETE);
    cJSON_Delete(object);
    requests_end_as(request, end);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static void write_over(struct request *request, struct span version)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = version.length ? "PUT" : "POST", .path = path};
    if (!requests_path(request, path, PATHS_SECRET, namespace_of(request),
                       version.length ? name_of(request) : none, ""))
        return;
    note_begin(request);
    requests_post(request, &call, body_export, version, on_written);
}

static void on_there(struct request *request, const struct api_end *end)
{
    if (end->status == 404) {
        write_over(request, none);
        return;
    }
    cJSON *object = requests_parse(request, end);
    if (!object)
        return;
    struct span version = look_text(object, LOOK("metadata", "resourceVersion"));
    if (!request_export_is_ours(object) && !request->message.field[EXPORT_ADOPT].length)
        requests_end(request, "foreign", none, "there is a Secret of this name that is not ours");
    else if (!version.length)
        requests_end(request, "unreachable", none, "the API server's answer has no version");
    else
        write_over(request, version);
    cJSON_Delete(object);
}

void request_export_write(struct request *request)
{
    struct span data = request->message.field[EXPORT_DATA];
    if (data.length < 2 || data.data[0] != '{' || data.data[data.length - 1] != '}')
        requests_end(request, "invalid", none, "what a Secret holds is an object");
    else if (!name_of(request).length)
        requests_end(request, "invalid", none, "a Secret has a name");
    else
        ask_metadata(request, on_there);
}

/* ---- deleting ----------------------------------------------------------------------------------
 */

static void delete_it(struct request *request, const cJSON *object)
{
    char path[PATHS_SIZE], options[512];
    struct writer w = writer_on(options, sizeof options);
    body_delete(&w, look_text(object, LOOK("metadata", "uid")),
                look_text(object, LOOK("metadata", "resourceVersion")));
    const struct requests_call call = {.method = "DELETE", .path = path, .body = {options, w.used}};
    if (!writer_ok(&w)) {
        requests_end(request, "unreachable", none, "the API server's answer has no uid");
        return;
    }
    if (!requests_path(request, path, PATHS_SECRET, namespace_of(request), name_of(request), ""))
        return;
    note_begin(request);
    requests_ask(request, &call, on_written);
}

static void on_doomed(struct request *request, const struct api_end *end)
{
    cJSON *object = requests_parse(request, end);
    if (!object)
        return;
    if (request_export_is_ours(object))
        delete_it(request, object);
    else
        requests_end(request, "foreign", none, "there is a Secret of this name that is not ours");
    cJSON_Delete(object);
}

void request_export_delete(struct request *request)
{
    if (name_of(request).length)
        ask_metadata(request, on_doomed);
    else
        requests_end(request, "invalid", none, "a Secret has a name");
}
