/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the requests share: one request, and its steps. */
#ifndef VSECM_SYNC_REQUESTS_STATE_H
#define VSECM_SYNC_REQUESTS_STATE_H

#include "sync/api.h"
#include "sync/body.h"
#include "sync/paths.h"
#include "sync/requests.h"

struct cJSON;
struct request;

/* What happens with an answer of the API server. It ends the request, or asks again. */
typedef void requests_step(struct request *request, const struct api_end *end);
typedef void requests_begin(struct request *request);

/* What belongs to each kind. */
struct requests_row {
    enum wire_kind kind;
    int is_told;   /* there is no answer */
    int is_secret; /* plaintext, or somebody's token: in locked memory, and in no message */
    requests_begin *begin;
};

struct request {
    struct requests *all;
    struct request *next;
    const struct requests_row *row;
    struct wire_message message; /* its fields lie in COPY */
    char *copy;
    size_t size;
    uint64_t due_ms;
    struct api_call *call;
    requests_step *step;
};

/* One call. PATH must be written. */
struct requests_call {
    const char *method;
    const char *path;
    const char *type; /* NULL: JSON */
    int is_whole;     /* the whole object is wanted, not only its metadata */
    struct span body;
};

#define REQUESTS_MERGE "application/merge-patch+json"

const struct requests_options *requests_of(const struct request *request);

/* Call, then STEP; when nothing can be called the request ends. */
void requests_ask(struct request *request, const struct requests_call *call, requests_step *step);

/* Likewise with what BODY writes. */
void requests_post(struct request *request, const struct requests_call *call, body_writer *body,
                   struct span resource_version, requests_step *step);

/* The object in an answer, the caller's; NULL: the request has ended. */
struct cJSON *requests_parse(struct request *request, const struct api_end *end);

/* Answer with MESSAGE, whose number is set; it does not end the request. */
void requests_reply(struct request *request, struct wire_message *message);

/* End it: with a WIRE_RESULT, or after its answer was sent, or as END says (WIRE_RESULT "ok" with
 * the object's resource version, or the failure). REQUEST is gone after each. */
void requests_end(struct request *request, const char *code, struct span resource_version,
                  const char *why);
void requests_end_quietly(struct request *request);
void requests_end_as(struct request *request, const struct api_end *end);

/* Non-zero when the path could be written; else the request has ended. */
int requests_path(struct request *request, char ret[PATHS_SIZE], enum paths_kind kind,
                  struct span namespace, struct span name, const char *sub);

#endif
