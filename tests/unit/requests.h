/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole requests for tests: asked as their text, looked at as their answer and their record. */
#ifndef VSECM_TESTS_UNIT_REQUESTS_H
#define VSECM_TESTS_UNIT_REQUESTS_H

#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "limits.h"
#include "serve/audit_line.h"
#include "serve/http.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "tests/unit/scratch.h"

/* The last answer, and whether it closes the connection. */
static char requests_answer[200000];
static int requests_closes;

/* Pieces that a body which is made while it leaves came in; set to be called between two of them.
 */
static unsigned requests_pieces;
static void (*requests_between)(void);

/* The request of LINE, with BODY or, where that is NULL, without one. Good until the next call. */
static inline const char *requests_text(const char *line, const char *body)
{
    static char text[20000];
    int length = body ? snprintf(text, sizeof text,
                                 "%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", line,
                                 strlen(body), body)
                      : snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n\r\n", line);
    CHECK(length < (int)sizeof text);
    return text;
}

static inline void requests_collect(struct writer *w, const struct reply *reply)
{
    struct span piece = {NULL, 1};
    for (requests_pieces = 0; reply->source && piece.length; requests_pieces++) {
        CHECK_EQ_INT(reply->source->next(reply->source, &piece), 0);
        writer_span(w, piece);
        if (requests_between)
            requests_between();
    }
    CHECK(writer_ok(w));
}

static inline void requests_take(struct reply *reply)
{
    struct writer w = writer_on(requests_answer, sizeof requests_answer - 1);
    writer_bytes(&w, reply->text, reply->text_length);
    writer_span(&w, reply->part);
    requests_collect(&w, reply);
    requests_answer[w.used] = '\0';
    requests_closes = reply->closes;
    reply_done(reply);
}

/*
 * Ask TEXT with a CALL that has its subject, its pending and, if it may wait, that. The status, or
 * 0: there is no answer yet.
 */
static inline int requests_ask(struct service *service, struct call call, const char *text)
{
    static struct reply reply;
    struct http_request request;
    char who[LIMIT_AUDIT_RECORD];
    const char *why = "";
    struct writer w = writer_on(who, sizeof who);
    audit_line_subject(&w, call.subject);
    CHECK_EQ_INT(http_read(text, strlen(text), &request, &why), HTTP_COMPLETE);
    call.audit_subject = (struct span){who, w.used};
    call.request = &request;
    call.body = (struct span){text + request.head_length, (size_t)request.content_length};
    size_t max = 0;
    enum service_result result = SERVICE_BODY;
    reply = (struct reply){0};
    if (request.content_length)
        result = service_gate(service, &call, &max, &reply);
    if (result == SERVICE_BODY)
        result = service_answer(service, &call, &reply);
    int status = reply.status;
    requests_take(&reply);
    CHECK_EQ_INT(result == SERVICE_REPLIED, status != 0);
    CHECK(result != SERVICE_WAITS || call.waits);
    return status;
}

static inline void requests_check_says(const char *part)
{
    if (!strstr(requests_answer, part))
        check_fail(__FILE__, __LINE__, "'%s' is not in: %s", part, requests_answer);
}

/* The audit trail in the scratch directory from its beginning, as one text. */
static inline const char *requests_trail(void)
{
    static char text[65536];
    FILE *file = fopen(scratch_path("audit/audit-0000000001.jsonl"), "r");
    CHECK(file != NULL);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    return text;
}

static inline void requests_check_trail(const char *part)
{
    if (!strstr(requests_trail(), part))
        check_fail(__FILE__, __LINE__, "'%s' is not in: %s", part, requests_trail());
}

#endif
