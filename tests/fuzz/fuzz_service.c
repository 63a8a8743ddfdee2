/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole request by one of several callers, the first byte says by whom. Whoever may not, gets no
 * byte of a secret and changes nothing; an answer is whole, and is one.
 */
#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "identity/identity.h"
#include "limits.h"
#include "serve/audit.h"
#include "serve/audit_line.h"
#include "serve/http.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/json.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"

#define SECRET_A "the-secret-of-A-5f3a"
#define SECRET_B "the-secret-of-B-91c7"

static struct service service = {.working = 1};
static struct place pod = {.kind = PLACE_POD, .pod_uid = "u", .path = "/kubepods/podu/c"};
static struct place host = {.kind = PLACE_HOST, .path = "/"};
static struct place contained = {.kind = PLACE_CONTAINER, .path = "/docker/x\"\n", .contained = 1};

enum caller {
    CALLER_A,
    STRANGER,
    CONTAINER,
    UNATTESTED,
    POD_AT_ADMIN,
    USER,
    SENTINEL,
    ROOT,
    CALLERS
};

static struct subject subjects[CALLERS] = {
    [CALLER_A] = {.attested = 1, .place = &pod},
    [STRANGER] = {.attested = 1, .place = &pod},
    [CONTAINER] = {.attested = 1, .place = &contained},
    [UNATTESTED] = {.door = DOOR_ADMIN, .place = &host},
    [POD_AT_ADMIN] = {.attested = 1, .door = DOOR_ADMIN, .place = &contained},
    [USER] = {.attested = 1, .door = DOOR_ADMIN, .place = &host, .caller.uid = 1000},
    [SENTINEL] = {.attested = 1, .place = &pod, .is_sentinel = 1},
    [ROOT] = {.attested = 1, .door = DOOR_ADMIN, .place = &host},
};

int LLVMFuzzerInitialize(int *count, char ***words);

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count, (void)words;
    struct audit_options options = {.target = "none"};
    MUST(arena_new(8u << 20, ARENA_MLOCK, &service.arena, NULL) == 0);
    MUST(audit_open(&options, &service.audit, NULL) == 0 && service_init(&service) == 0);
    json_use(service.arena);
    for (size_t i = 0; i < CALLERS; i++)
        subjects[i].tier = "cgroup";
    struct identity *a = identity_new(0), *sentinel = identity_new(0);
    MUST(identity_set_names(a, SPAN_LITERAL("ns"), SPAN_LITERAL("a")) == 0);
    MUST(identity_set_names(sentinel, SPAN_LITERAL("ns"), SPAN_LITERAL("sentinel")) == 0);
    subjects[CALLER_A].identity = a;
    subjects[SENTINEL].identity = sentinel;
    return 0;
}

static void fill_store(void)
{
    static const struct span keys[] = {SPAN_LITERAL("ns/a"), SPAN_LITERAL("ns/b")};
    service.store = store_new(service.arena, 100);
    MUST(store_put(service.store, &keys[0], 1, SPAN_LITERAL("{\"k\":\"" SECRET_A "\"}"), 1) == 0);
    MUST(store_put(service.store, &keys[1], 1, SPAN_LITERAL("{\"k\":\"" SECRET_B "\"}"), 1) == 0);
}

static int holds(struct span text, const char *secret)
{
    return memmem(text.data, text.length, secret, strlen(secret)) != NULL;
}

/* Content-Length is what follows the head; a 304 and an interim answer have no body. */
static void must_be_whole(struct span text)
{
    const char *end = memmem(text.data, text.length, "\r\n\r\n", 4);
    MUST(end && memcmp(text.data, "HTTP/1.1 ", 9) == 0);
    size_t head = (size_t)(end - text.data) + 4;
    const char *length = memmem(text.data, head, "\r\nContent-Length: ", 18);
    MUST(text.length - head == (length ? strtoul(length + 18, NULL, 10) : 0));
}

/* An admin's own words may come back in an error, and the fuzzer guesses any word. */
static void check_reply(enum caller caller, int reflects, const struct reply *reply)
{
    MUST(reply->status >= 200 && reply->status < 600 && reply->text_length <= REPLY_TEXT);
    size_t length = reply->text_length + reply->part.length;
    char *whole = malloc(length + 1);
    memcpy(whole, reply->text, reply->text_length);
    if (reply->part.length)
        memcpy(whole + reply->text_length, reply->part.data, reply->part.length);
    whole[length] = '\0';
    struct span text = {whole, length};
    must_be_whole(text);
    MUST(reflects || !holds(text, SECRET_B)); /* nobody is B, and no admin sees values */
    MUST(reflects || caller == CALLER_A || !holds(text, SECRET_A));
    free(whole);
}

static void ask(enum caller caller, const struct http_request *request, struct span body)
{
    char who[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(who, sizeof who);
    audit_line_subject(&w, &subjects[caller]);
    struct call call = {.subject = &subjects[caller],
                        .audit_subject = {who, w.used},
                        .request = request,
                        .body = body};
    static struct reply reply;
    size_t max;
    enum service_result result = SERVICE_BODY;
    if (request->content_length)
        result = service_gate(&service, &call, &max, &reply);
    if (result == SERVICE_REPLIED)
        MUST(reply.status >= 400 && reply.closes);
    else if (request->content_length <= body.length)
        result = service_answer(&service, &call, &reply);
    MUST(result != SERVICE_WAITS);
    if (result == SERVICE_REPLIED)
        check_reply(caller, caller >= SENTINEL && body.length, &reply);
    reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request;
    const char *why;
    if (size == 0)
        return 0;
    enum caller caller = data[0] % CALLERS;
    const char *text = (const char *)data + 1;
    if (http_read(text, size - 1, &request, &why) != HTTP_COMPLETE)
        return 0;
    fill_store();
    struct span body = {text + request.head_length, size - 1 - request.head_length};
    if (body.length > request.content_length)
        body.length = (size_t)request.content_length;
    ask(caller, &request, body);
    if (caller < SENTINEL) {
        const struct store_version *version = store_find(service.store, SPAN_LITERAL("ns/b"));
        MUST(store_count(service.store) == 2 && version && version->number == 1);
    }
    store_free(service.store);
    struct arena_stats stats;
    arena_read_stats(service.arena, &stats);
    MUST(stats.blocks == 0);
    return 0;
}
