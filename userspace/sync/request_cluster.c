/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/request_cluster.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "limits.h"
#include "sync/names.h"
#include "sync/translate_cluster.h"

static const struct span none = {"", 0};

/* ---- objects of the cluster --------------------------------------------------------------------
 */

/* Made when VERSION is empty; else patched if it still is that version. */
static void write_object(struct request *request, enum paths_kind kind, struct span name,
                         struct span version, body_writer *body)
{
    char path[PATHS_SIZE];
    struct requests_call call = {.method = "POST", .path = path};
    if (version.length) {
        call.method = "PATCH";
        call.type = REQUESTS_MERGE;
    }
    if (requests_path(request, path, kind, none, version.length ? name : none, ""))
        requests_post(request, &call, body, none, requests_end_as);
}

void request_cluster_node_put(struct request *request)
{
    write_object(request, PATHS_VSECMNODE, request->message.field[NODE_NAME],
                 request->message.field[NODE_RESOURCE_VERSION], body_node);
}

void request_cluster_key_put(struct request *request)
{
    write_object(request, PATHS_VSECMKEY, SPAN_LITERAL(NAMES_KEY),
                 request->message.field[KEY_RESOURCE_VERSION], body_key);
}

void request_cluster_key_get(struct request *request)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "GET", .path = path};
    if (requests_path(request, path, PATHS_VSECMKEY, none, SPAN_LITERAL(NAMES_KEY), ""))
        requests_ask(request, &call, requests_end_as);
}

void request_cluster_node_delete(struct request *request)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "DELETE", .path = path};
    struct span name = request->message.field[NODE_NAME];
    if (!name.length) /* it would be all of them */
        requests_end(request, "invalid", none, "a node has a name");
    else if (requests_path(request, path, PATHS_VSECMNODE, none, name, ""))
        requests_ask(request, &call, requests_end_as);
}

void request_cluster_event(struct request *request)
{
    char path[PATHS_SIZE];
    const struct requests_call call = {.method = "POST", .path = path};
    struct span namespace = request->message.field[EVENT_NAMESPACE];
    if (!namespace.length)
    namespace = SPAN_LITERAL("default");
    if (requests_path(request, path, PATHS_EVENT, namespace, none, ""))
        requests_post(request, &call, body_event, none, requests_end_as);
}

/* ---- tokens ------------------------------------------------------------------------------------
 */

/* The kubelet writes a new one before the old one expires: it is read each time. */
void request_cluster_token(struct request *request)
{
    struct wire_message message = {.kind = WIRE_TOKEN};
    struct error error = {""};
    const char *path = requests_of(request)->admission_token;
    char *text = NULL;
    size_t length;
    if (!path) {
        requests_end(request, "missing", none, "there is no option --admission-token");
        return;
    }
    if (file_read(path, LIMIT_WIRE_TOKEN, &text, &length, &error) < 0) {
        requests_end(request, "missing", none, error.text);
        return;
    }
    struct span rest = {text, length};
    message.field[TOKEN_TEXT] = str_trim(str_cut_line(&rest));
    requests_reply(request, &message);
    requests_end_quietly(request);
    explicit_bzero(text, length);
    free(text);
}

static void on_review(struct request *request, const struct api_end *end)
{
    struct wire_message message;
    struct error error = {""};
    cJSON *answer = requests_parse(request, end);
    if (!answer)
        return;
    if (translate_cluster_review(answer, request->message.field[TOKEN_AUDIENCE], &message,
                                 &error) == 0) {
        requests_reply(request, &message);
        requests_end_quietly(request);
    } else {
        requests_end(request, "invalid", none, error.text);
    }
    cJSON_Delete(answer);
}

void request_cluster_review(struct request *request)
{
    const struct requests_call call = {.method = "POST", .path = PATHS_REVIEWS, .is_whole = 1};
    requests_post(request, &call, body_review, none, on_review);
}
