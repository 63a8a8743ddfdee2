/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole requests, from their text to their answer and their audit record. */
#include "serve/service.h"

#include <fcntl.h>

#include "identity/identity.h"
#include "limits.h"
#include "serve/audit.h"
#include "serve/http.h"
#include "serve/reply.h"
#include "serve/subject.h"
#include "store/json.h"
#include "store/store.h"
#include "store/upstream.h"
#include "tests/unit/requests.h"
#include "tests/unit/stores.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define T0 INT64_C(1795551330123456)

/* ---- who asks -------------------------------------------------------------------------------- */

enum who { WEB, OTHER, STRANGER, SENTINEL, ROOT, POD_ROOT };

static struct service service;
static struct stores stores;
static struct place pod = {.kind = PLACE_POD, .pod_uid = "u", .container = "c", .path = "/k/u/c"};
static struct place host = {.kind = PLACE_HOST, .path = "/"};
static struct place contained = {.kind = PLACE_CONTAINER, .path = "/docker/x", .contained = 1};

static struct subject subjects[] = {
    [WEB] = {.attested = 1, .place = &pod, .tier = "lsm"},
    [OTHER] = {.attested = 1, .place = &pod, .tier = "lsm"},
    [STRANGER] = {.attested = 1, .place = &pod, .tier = "lsm"},
    [SENTINEL] = {.attested = 1, .place = &pod, .tier = "lsm", .is_sentinel = 1},
    [ROOT] = {.attested = 1, .place = &host, .tier = "lsm", .door = DOOR_ADMIN},
    [POD_ROOT] = {.attested = 1, .place = &contained, .tier = "lsm", .door = DOOR_ADMIN},
};

static struct identity *named(const char *workload)
{
    struct identity *identity = identity_new(0);
    CHECK_EQ_INT(identity_set_names(identity, span_of("ns"), span_of(workload)), 0);
    return identity;
}

static void open_audit(const char *target)
{
    struct audit_options options = {.target = target, .segment = 1 << 20, .keep = 4};
    struct error error = {""};
    audit_close(service.audit);
    service.audit = NULL;
    if (audit_open(&options, &service.audit, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
}

static void begin(void)
{
    stores_begin(&stores, 4 * ARENA_MIB, 100, 10);
    service = (struct service){.working = 1,
                               .sentinel = PROTOCOL_SENTINEL,
                               .arena = stores.arena,
                               .store = stores.store,
                               .keyring = stores.keyring,
                               .reveal = ACCESS_REVEAL_HOST};
    CHECK_EQ_INT(service_init(&service), 0);
    open_audit(scratch_path("audit"));
    subjects[WEB].identity = named("web");
    subjects[OTHER].identity = named("other");
    subjects[SENTINEL].identity = named("sentinel");
}

static void end(void)
{
    identity_unref(subjects[WEB].identity);
    identity_unref(subjects[OTHER].identity);
    identity_unref(subjects[SENTINEL].identity);
    audit_close(service.audit);
    service_done(&service);
    stores_end(&stores);
}

static void put(const char *key, const char *value)
{
    CHECK_EQ_INT(stores_put(&stores, key, span_of(value), T0), 0);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int ask_as(const struct subject *subject, const char *text, int waits)
{
    struct pending pending = {0};
    const struct call call = {.subject = subject, .waits = waits, .pending = &pending};
    return requests_ask(&service, call, text);
}

static int ask(enum who who, const char *line, const char *body)
{
    return ask_as(&subjects[who], requests_text(line, body), 0);
}

/* ---- workloads ------------------------------------------------------------------------------- */

TEST(workload_reads_its_own)
{
    begin();
    put("ns/web", "{\"user\":\"w\",\"n\":1.50}");
    put("ns/other", "not for web");
    CHECK_EQ_INT(ask(WEB, "GET /workload/v1/secrets", NULL), 200);
    requests_check_says(
        "{\"data\":\"{\\\"user\\\":\\\"w\\\",\\\"n\\\":1.50}\",\"created\":\"2026-11-24T20:"
        "15:30Z\"");
    CHECK_EQ_INT(ask(WEB, "GET /v1/value", NULL), 200);
    requests_check_says("\r\n\r\n{\"user\":\"w\",\"n\":1.50}");
    CHECK_EQ_INT(ask(WEB, "GET /v1/value/user", NULL), 200);
    requests_check_says("\r\n\r\nw");
    CHECK_EQ_INT(ask(WEB, "GET /v1/value/%6e", NULL), 200);
    requests_check_says("\r\n\r\n1.50");
    CHECK_EQ_INT(ask(OTHER, "GET /v1/value", NULL), 200);
    requests_check_says("\r\n\r\nnot for web");
    CHECK_EQ_INT(service.served, 5);
    requests_check_trail("\"workload\":\"web\"");
    requests_check_trail(
        "\"op\":\"member\",\"key\":\"ns/web\",\"outcome\":\"allow\",\"reason\":\"ok\"}\n");
    CHECK(!strstr(requests_trail(), "user") && !strstr(requests_trail(), "not for web"));
    end();
}

TEST(what_a_workload_cannot_have)
{
    static const struct {
        const char *line, *secret, *says, *record;
        int status;
    } rows[] = {
        {"GET /workload/v1/secrets", NULL, "no secret for ns/web", "no-secret", 404},
        {"GET /v1/value", NULL, "no secret for ns/web", "no-secret", 404},
        {"GET /v1/value/a", NULL, "no secret for ns/web", "no-secret", 404},
        {"GET /v1/value/b", "{\"a\":1}", "no such member", "no-member", 404},
        {"GET /v1/value/a", "plain", "no JSON object", "no-object", 404},
        {"GET /v1/value/a", "[1]", "no JSON object", "no-object", 404},
        {"GET /v1/value/%", "{\"a\":1}", "badly percent-encoded", "bad-target", 400},
        {"GET /v1/value/a%00", "{\"a\":1}", "badly percent-encoded", "bad-target", 400},
        {"GET /nowhere", "x", "nothing at this path", "no-route", 404},
        {"PUT /v1/value", "x", "Allow: GET\r\n", "no-route", 405},
        {"GET /sentinel/v1/secrets", "x", "you are ns/web: only the Sentinel", "not-sentinel", 403},
        {"GET /v1/admin/status", "x", "only the Sentinel", "not-sentinel", 403},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        if (rows[i].secret)
            put("ns/web", rows[i].secret);
        CHECK_EQ_INT(ask(WEB, rows[i].line, NULL), rows[i].status);
        requests_check_says(rows[i].says);
        char record[64];
        snprintf(record, sizeof record, "\"reason\":\"%s\"}\n", rows[i].record);
        requests_check_trail(record);
        CHECK_EQ_INT(service.refused, 1);
        end();
    }
}

TEST(unchanged)
{
    char text[256];
    begin();
    put("ns/web", "{\"k\":\"secret\"}");
    CHECK_EQ_INT(ask(WEB, "GET /v1/value", NULL), 200);
    const char *tag = strstr(requests_answer, "ETag: ");
    CHECK(tag != NULL);
    int length = (int)strcspn(tag + 6, "\r");
    static const char *const paths[] = {"/v1/value", "/workload/v1/secrets", "/v1/value/k"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", length, tag + 6);
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nIf-None-Match: %s\r\n\r\n",
                 paths[i], copy);
        CHECK_EQ_INT(ask_as(&subjects[WEB], text, 0), 304);
        CHECK(!strstr(requests_answer, "secret\""));
        CHECK_EQ_INT(ask(WEB, "GET /v1/value", NULL), 200);
        tag = strstr(requests_answer, "ETag: ");
    }
    put("ns/web", "new");
    CHECK_EQ_INT(ask_as(&subjects[WEB], text, 0), 404); /* a member of what is no object now */
    end();
}

TEST(whoami)
{
    begin();
    CHECK_EQ_INT(ask(WEB, "GET /v1/whoami", NULL), 200);
    requests_check_says("\"workload\":\"web\"");
    requests_check_says("\"reason\":\"\"}");
    CHECK_EQ_INT(ask(STRANGER, "GET /v1/whoami", NULL), 200);
    requests_check_says("\"reason\":\"this pod is not known on this node\"}");
    service.working = 0;
    CHECK_EQ_INT(ask(WEB, "GET /v1/whoami", NULL), 200);
    requests_check_says("attestation fails");
    end();
}

static int is_coming;

static int on_is_coming(void *self, struct span key)
{
    (void)self;
    return is_coming && span_is(key, "ns/web");
}

/* In a cluster: the pod is known, its secret is on its way to the node. */
TEST(a_secret_that_is_coming_is_waited_for)
{
    static const char *const paths[] = {"GET /workload/v1/secrets", "GET /v1/value",
                                        "GET /v1/value/user"};
    begin();
    service.upstream = upstream_local(stores.store);
    service.upstream.is_coming = on_is_coming;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        is_coming = 1;
        CHECK_EQ_INT(ask_as(&subjects[WEB], requests_text(paths[i], NULL), 1), 0);
        CHECK_EQ_INT(ask_as(&subjects[WEB], requests_text(paths[i], NULL), 0), 404);
        CHECK_EQ_INT(ask_as(&subjects[OTHER], requests_text(paths[i], NULL), 1), 404);
        is_coming = 0;
        CHECK_EQ_INT(ask_as(&subjects[WEB], requests_text(paths[i], NULL), 1), 404);
    }
    CHECK_EQ_INT(service.refused, 9);
    is_coming = 1;
    put("ns/web", "{\"user\":\"w\"}");
    CHECK_EQ_INT(ask_as(&subjects[WEB], requests_text(paths[0], NULL), 1), 200);
    end();
}

TEST(unknown_pod_waits)
{
    static const char text[] = "GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n";
    begin();
    CHECK_EQ_INT(ask_as(&subjects[STRANGER], text, 1), 0);
    CHECK_EQ_INT(requests_trail()[0], '\0'); /* nothing was decided */
    CHECK_EQ_INT(ask_as(&subjects[STRANGER], text, 0), 403);
    requests_check_says("this pod is not known");
    requests_check_trail("\"outcome\":\"deny\",\"reason\":\"unknown-pod\"");
    CHECK_EQ_INT(ask_as(&subjects[WEB], text, 1), 404);
    end();
}

TEST(nothing_is_served_while_attestation_fails)
{
    begin();
    put("ns/web", "v");
    service.working = 0;
    CHECK_EQ_INT(ask(WEB, "GET /v1/value", NULL), 503);
    CHECK_EQ_INT(ask(ROOT, "GET /sentinel/v1/secrets", NULL), 503);
    requests_check_trail("\"reason\":\"canary\"");
    end();
}

/* ---- administrators -------------------------------------------------------------------------- */

TEST(put_list_delete)
{
    static const enum who admins[] = {SENTINEL, ROOT};
    for (size_t i = 0; i < 2; i++) {
        begin();
        CHECK_EQ_INT(ask(admins[i], "GET /sentinel/v1/secrets", NULL), 200);
        requests_check_says("\r\n\r\n{\"secrets\":[]}\n");
        CHECK_EQ_INT(
            ask(admins[i], "POST /sentinel/v1/secrets",
                "{\"workloads\":[\"web\",\"b\"],\"namespaces\":[\"ns\"],\"value\":\"hush\"}"),
            200);
        requests_check_says("\r\n\r\nOKOK");
        CHECK_EQ_INT(ask(WEB, "GET /v1/value", NULL), 200);
        requests_check_says("\r\n\r\nhush");
        CHECK_EQ_INT(ask(admins[i], "GET /sentinel/v1/secrets", NULL), 200);
        requests_check_says("{\"secrets\":[{\"name\":\"b\",\"namespace\":\"ns\",\"version\":1,");
        CHECK(!strstr(requests_answer, "hush"));
        CHECK_EQ_INT(ask(admins[i], "DELETE /sentinel/v1/secrets",
                         "{\"workloads\":[\"web\",\"c\"],\"namespaces\":[\"ns\"]}"),
                     404);
        requests_check_says("no secret ns/c; nothing was deleted");
        CHECK_EQ_INT(store_count(service.store), 2);
        CHECK_EQ_INT(ask(admins[i], "DELETE /sentinel/v1/secrets",
                         "{\"workloads\":[\"web\",\"b\"],\"namespaces\":[\"ns\"]}"),
                     200);
        CHECK_EQ_INT(store_count(service.store), 0);
        requests_check_trail("\"op\":\"put\",\"key\":\"ns/web\",\"outcome\":\"allow\"");
        requests_check_trail("\"op\":\"put\",\"key\":\"ns/b\",\"outcome\":\"allow\"");
        requests_check_trail("\"op\":\"delete\",\"key\":\"ns/c\",\"outcome\":\"error\"");
        CHECK(!strstr(requests_trail(), "hush"));
        end();
    }
}

TEST(what_an_administrator_is_told)
{
    begin();
    CHECK_EQ_INT(ask(ROOT, "POST /sentinel/v1/secrets", "{"), 400);
    requests_check_trail(
        "\"op\":\"put\",\"key\":\"\",\"outcome\":\"error\",\"reason\":\"bad-body\"");
    CHECK_EQ_INT(ask(ROOT, "POST /sentinel/v1/secrets", NULL), 400);
    CHECK_EQ_INT(ask(ROOT, "POST /sentinel/v1/secrets",
                     "{\"workloads\":[\"a\"],\"value\":\"v\",\"expires\":\"1h\"}"),
                 400);
    CHECK_EQ_INT(ask(ROOT, "GET /sentinel/v1/secrets?reveal=1", NULL), 400);
    CHECK_EQ_INT(ask(ROOT, "GET /v1/value", NULL), 403);
    requests_check_says("at the public socket only");
    CHECK_EQ_INT(ask(ROOT, "GET /v1/admin/status", NULL), 200);
    requests_check_says("{\"serving\":true,\"secrets\":0,");
    CHECK_EQ_INT(store_count(service.store), 0);
    end();
}

TEST(who_is_no_administrator_changes_nothing)
{
    static const enum who others[] = {WEB, STRANGER, POD_ROOT};
    begin();
    put("ns/web", "v");
    for (size_t i = 0; i < COUNT(others); i++) {
        CHECK_EQ_INT(ask(others[i], "POST /sentinel/v1/secrets",
                         "{\"workloads\":[\"web\"],\"namespaces\":[\"ns\"],\"value\":\"x\"}"),
                     403);
        CHECK(requests_closes); /* the body was not looked at */
        CHECK_EQ_INT(ask(others[i], "DELETE /sentinel/v1/secrets",
                         "{\"workloads\":[\"web\"],\"namespaces\":[\"ns\"]}"),
                     403);
    }
    CHECK_EQ_INT(ask(WEB, "GET /v1/value", NULL), 200);
    requests_check_says("\r\n\r\nv");
    end();
}

/* ---- bodies that are not taken in ------------------------------------------------------------ */

static int gate(enum who who, const char *line, unsigned long long length, size_t *max)
{
    char text[256];
    struct http_request request;
    const char *why;
    static struct reply reply;
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nContent-Length: %llu\r\n\r\n", line,
             length);
    CHECK_EQ_INT(http_read(text, strlen(text), &request, &why), HTTP_COMPLETE);
    struct call call = {
        .subject = &subjects[who], .audit_subject = SPAN_LITERAL("\"x\":1"), .request = &request};
    enum service_result result = service_gate(&service, &call, max, &reply);
    int status = reply.status;
    requests_take(&reply);
    CHECK_EQ_INT(result == SERVICE_REPLIED, status != 0);
    return status;
}

TEST(gate_before_bodies)
{
    size_t max = 0;
    begin();
    CHECK_EQ_INT(gate(ROOT, "POST /sentinel/v1/secrets", 1, &max), 0);
    CHECK(!requests_closes && max == LIMIT_BODY);
    CHECK_EQ_INT(gate(ROOT, "POST /sentinel/v1/secrets", LIMIT_BODY, &max), 0);
    CHECK_EQ_INT(gate(ROOT, "POST /sentinel/v1/secrets", LIMIT_BODY + 1, &max), 413);
    CHECK_EQ_INT(gate(ROOT, "POST /sentinel/v1/secrets", UINT64_MAX, &max), 413);
    CHECK_EQ_INT(gate(WEB, "POST /sentinel/v1/secrets", 1, &max), 403);
    CHECK_EQ_INT(gate(WEB, "GET /v1/value", 1, &max), 413);
    CHECK_EQ_INT(gate(WEB, "GET /v1/whoami", 1, &max), 413);
    CHECK_EQ_INT(gate(WEB, "POST /nowhere", 1, &max), 404);
    CHECK_EQ_INT(gate(WEB, "POST /v1/value", 1, &max), 405);
    CHECK(requests_closes);
    end();
}

/* ---- records that cannot be kept ------------------------------------------------------------- */

/* Let the trail go to a full device. No check may fail until it is restored: it could not say so.
 */
static int fill_trail(void)
{
    int saved = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CHECK(saved >= 0 && full >= 0 && dup2(full, STDOUT_FILENO) == STDOUT_FILENO);
    close(full);
    open_audit("stdout");
    return saved;
}

static void restore(int saved)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

TEST(no_record_no_answer)
{
    for (int unaudited = 0; unaudited < 2; unaudited++) {
        begin();
        put("ns/web", "hush");
        service.serves_unaudited = unaudited;
        int saved = fill_trail();
        int status = ask(WEB, "GET /v1/value", NULL);
        restore(saved);
        CHECK_EQ_INT(status, unaudited ? 200 : 503);
        CHECK_EQ_INT(strstr(requests_answer, "hush") != NULL, unaudited);
        end();
    }
}

/* What follows a malformed request cannot be trusted, whatever becomes of its record. */
TEST(malformed_closes_even_without_a_record)
{
    static struct reply reply;
    struct call call = {.subject = &subjects[WEB], .audit_subject = SPAN_LITERAL("\"x\":1")};
    begin();
    int saved = fill_trail();
    service_malformed(&service, &call, 400, "bad", &reply);
    restore(saved);
    CHECK_EQ_INT(reply.status, 503);
    requests_take(&reply);
    CHECK(requests_closes);
    requests_check_says("\r\nConnection: close\r\n");
    end();
}

TEST(malformed)
{
    static const struct {
        int status;
        const char *code, *reason;
    } rows[] = {
        {400, "bad_request", "malformed"}, {411, "length_required", "malformed"},
        {431, "too_large", "malformed"},   {408, "timeout", "timeout"},
        {503, "unavailable", "overload"},  {507, "out_of_space", "overload"},
    };
    begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct reply reply;
        char part[64];
        struct call call = {.subject = &subjects[WEB], .audit_subject = SPAN_LITERAL("\"x\":1")};
        service_malformed(&service, &call, rows[i].status, "what is wrong", &reply);
        CHECK_EQ_INT(reply.status, rows[i].status);
        requests_take(&reply);
        CHECK(requests_closes);
        snprintf(part, sizeof part, "{\"error\":\"%s\",\"message\":\"what is wrong\"}",
                 rows[i].code);
        requests_check_says(part);
        snprintf(part, sizeof part, "\"reason\":\"%s\"}\n", rows[i].reason);
        requests_check_trail(part);
    }
    end();
}

CHECK_MAIN
