/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about versions, sealed values and root keys, from their text to their audit record. */
#include <errno.h>
#include <fcntl.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_header.h"
#include "crypto/age_payload.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/record.h"
#include "store/rewrite.h"
#include "store/rootkey.h"
#include "tests/unit/requests.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define MAX 20

static struct service service;
static struct stores stores;
static struct pending pending;
static struct place host = {.kind = PLACE_HOST, .path = "/"};
static struct subject root = {.attested = 1, .place = &host, .tier = "lsm", .door = DOOR_ADMIN};
static struct subject sentinel = {
    .attested = 1, .place = &host, .tier = "lsm", .door = DOOR_PUBLIC, .is_sentinel = 1};
static struct subject user = {
    .attested = 1, .place = &host, .tier = "lsm", .door = DOOR_ADMIN, .caller.uid = 1000};

static void take_store(void)
{
    service.store = stores.store;
    service.keyring = stores.keyring;
}

static void open_service(void)
{
    struct audit_options options = {.target = scratch_path("audit"), .segment = 1 << 20, .keep = 4};
    service = (struct service){.working = 1,
                               .arena = stores.arena,
                               .reveal = ACCESS_REVEAL_HOST,
                               .sentinel = PROTOCOL_SENTINEL};
    take_store();
    pending = (struct pending){0};
    CHECK_EQ_INT(service_init(&service), 0);
    CHECK_EQ_INT(audit_open(&options, &service.audit, &stores.error), 0);
}

static void begin(void)
{
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 4 * ARENA_MIB, MAX, 10);
    open_service();
}

static void end(void)
{
    audit_close(service.audit);
    service_done(&service);
    stores_end(&stores);
}

/* The store of the next process, with its key not brought yet. */
static void seal_it(void)
{
    stores_close(&stores);
    stores.kind = KEYRING_MANUAL;
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    take_store();
}

/* The status; 0: the request waits for its change. */
static int ask_as(const struct subject *subject, const char *line, const char *body)
{
    const struct call call = {.subject = subject, .pending = &pending};
    return requests_ask(&service, call, requests_text(line, body));
}

static int ask(const char *line, const char *body)
{
    return ask_as(&root, line, body);
}

static void put(const char *key, const char *value)
{
    CHECK_EQ_INT(stores_put(&stores, key, span_of(value), T0), 0);
}

static int is_at(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    return version && version->block && span_is(version->value, value) && version->number == number;
}

/* ---- Kubernetes Secrets ---------------------------------------------------------------------- */

static int check_export(struct arena *arena, struct span value, struct span template,
                        struct error *why)
{
    (void)arena, (void)template;
    error_set(why, 0, "%s", span_is(value, "odd") ? "it is odd" : "");
    return span_is(value, "bad") ? error_set(why, -EINVAL, "it is bad") : 0;
}

#define PUT_EXPORT(value) \
    "{\"workloads\":[\"k8s:tls\"],\"namespaces\":[\"a\"],\"value\":\"" value "\",\"adopt\":true}"

/* Outside of a cluster nothing becomes one; inside, it is stored, listed and read as others are. */
TEST(exports)
{
    begin();
    CHECK_EQ_INT(ask("POST /sentinel/v1/secrets", PUT_EXPORT("v")), 501);
    requests_check_says("makes no Kubernetes Secrets");
    requests_check_trail("\"key\":\"a/k8s.tls\",\"outcome\":\"error\",\"reason\":\"no-cluster\"");
    CHECK(!store_find(stores.store, SPAN_LITERAL("a/k8s.tls")));
    service.export_check = check_export;
    CHECK_EQ_INT(ask("POST /sentinel/v1/secrets", PUT_EXPORT("bad")), 400);
    requests_check_says("it is bad");
    CHECK_EQ_INT(ask("POST /sentinel/v1/secrets", PUT_EXPORT("odd")), 200);
    requests_check_says("it is odd");
    CHECK_EQ_INT(ask("POST /sentinel/v1/secrets", PUT_EXPORT("v")), 200);
    CHECK(is_at("a/k8s.tls", "v", 2));
    struct record record;
    CHECK_EQ_INT(store_read(stores.store, SPAN_LITERAL("a/k8s.tls"), 0, T0, &record), 0);
    CHECK(record.adopts);
    record_done(stores.arena, &record);
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets", ""), 200);
    requests_check_says("{\"name\":\"k8s:tls\",\"namespace\":\"a\"");
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/k8s:tls", ""), 200);
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=a/k8s.tls", ""), 200);
    CHECK_EQ_INT(ask("POST /v1/admin/rollback",
                     "{\"workloads\":[\"k8s:tls\"],\"namespaces\":[\"a\"],\"version\":1}"),
                 200);
    CHECK(is_at("a/k8s.tls", "odd", 3));
    CHECK_EQ_INT(
        ask("DELETE /sentinel/v1/secrets", "{\"workloads\":[\"k8s:tls\"],\"namespaces\":[\"a\"]}"),
        200);
    CHECK(!store_find(stores.store, SPAN_LITERAL("a/k8s.tls")));
    service.export_check = NULL;
    end();
}

/* ---- versions -------------------------------------------------------------------------------- */

TEST(history)
{
    begin();
    put("a/b", "one");
    put("a/b", "two");
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=a/b", ""), 200);
    requests_check_says(
        "{\"key\":\"a/b\",\"created\":\"2026-11-24T20:15:30Z\",\"versions\":[{\"version\":2,");
    requests_check_says(
        "\"notBefore\":\"now\",\"expires\":\"never\",\"state\":\"current\"},{\"version\":1,");
    requests_check_says("\"state\":\"past\"}]}");
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=a%2Fb", ""), 200);
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=a/c", ""), 404);
    requests_check_trail("\"op\":\"history\",\"key\":\"a/b\",\"outcome\":\"allow\"");
    requests_check_trail(
        "\"op\":\"history\",\"key\":\"a/c\",\"outcome\":\"error\",\"reason\":\"no-secret\"");
    end();
}

TEST(reveal)
{
    begin();
    put("a/b", "one");
    put("a/b", "two");
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b", ""), 200);
    requests_check_says("\r\nVSecM-Version: 2\r\n");
    requests_check_says("\r\n\r\ntwo");
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b&version=1", ""), 200);
    requests_check_says("\r\n\r\none");
    CHECK_EQ_INT(ask("GET /v1/admin/value?version=1&key=a/b", ""), 200);
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b&version=3", ""), 404);
    requests_check_says("version 3 of");
    requests_check_trail("\"op\":\"reveal\",\"key\":\"a/b\",\"outcome\":\"allow\"");
    CHECK(!strstr(requests_trail(), "two"));
    service.reveal = ACCESS_REVEAL_NO;
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b", ""), 403);
    CHECK(!strstr(requests_answer, "two"));
    requests_check_trail(
        "\"op\":\"reveal\",\"key\":\"a/b\",\"outcome\":\"deny\",\"reason\":\"reveal\"");
    end();
}

TEST(queries_that_are_refused)
{
    static const char *const queries[] = {"",
                                          "?key=",
                                          "?key=a",
                                          "?key=a/b/c",
                                          "?key=A/b",
                                          "?key=a/b&x",
                                          "?kye=a/b",
                                          "?key=a/b&version",
                                          "?key=a/b&version=0",
                                          "?key=%",
                                          "?version=1",
                                          "?key=a/b%00",
                                          "?key=a/b&version=1x",
                                          "?key=a/b&version=99999999999999999999"};
    char line[128];
    begin();
    put("a/b", "one");
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        snprintf(line, sizeof line, "GET /v1/admin/value%s", queries[i]);
        int status = ask(line, "");
        if (status != 400)
            check_fail(__FILE__, __LINE__, "%s: %d", queries[i], status);
    }
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=a/b&version=1", ""), 400);
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b&version=1", ""), 200);
    end();
}

#define ROLLBACK "POST /v1/admin/rollback"
#define TARGET "\"workloads\":[\"b\"],\"namespaces\":[\"a\"]"

TEST(rollback)
{
    begin();
    put("a/b", "one");
    put("a/b", "two");
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":1}"), 200);
    requests_check_says("{\"key\":\"a/b\",\"version\":3}");
    CHECK(is_at("a/b", "one", 3));
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":2,\"ifVersion\":2}"), 409);
    requests_check_says("a/b is at version 3");
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":9}"), 404);
    CHECK_EQ_INT(ask(ROLLBACK, "{\"workloads\":[\"c\"],\"version\":1}"), 404);
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET "}"), 400);
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":0}"), 400);
    CHECK_EQ_INT(ask(ROLLBACK, "{\"workloads\":[\"b\",\"c\"],\"version\":1}"), 400);
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":1,\"value\":\"x\"}"), 400);
    CHECK(is_at("a/b", "one", 3));
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":2,\"ifVersion\":3}"), 200);
    CHECK(is_at("a/b", "two", 4));
    requests_check_trail("\"op\":\"rollback\",\"key\":\"a/b\",\"outcome\":\"allow\"");
    end();
}

/* A value of a/b whose time is over at T0 + 1. */
static void put_brief(void)
{
    struct span name = SPAN_LITERAL("a/b");
    struct change_conflict conflict;
    uint64_t ticket;
    const struct change_put brief = {.value = SPAN_LITERAL("brief"),
                                     .validity = {VALIDITY_NOW, T0 + 1},
                                     .if_version = CHANGE_ANY_VERSION};
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &brief, 2, &ticket, &conflict), 0);
}

/* What has expired comes back only with a new time, and not once it is wiped from the log. */
TEST(rollback_of_what_expired)
{
    begin();
    put_brief();
    put("a/b", "lasting");
    put_brief();
    service.now_us = T0 + 2;
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b&version=1", ""), 404);
    requests_check_says("has expired");
    change_expire(stores.store, INT64_MAX - 1);
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":3}"), 409);
    requests_check_says("'expires'");
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":3,\"expires\":\"never\"}"), 409);
    requests_check_says("its value is gone");
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":1,\"expires\":\"+1h\"}"), 200);
    CHECK(is_at("a/b", "brief", 4));
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":2}"), 200);
    CHECK(is_at("a/b", "lasting", 5));
    end();
}

/* ---- changes that are under way -------------------------------------------------------------- */

#define PUT "POST /sentinel/v1/secrets"

/* Asked again when it has settled, a request is answered and not done again. */
TEST(settled)
{
    begin();
    put("a/b", "one");
    pending = (struct pending){.ticket = 7, .is_settled = 1, .result = 0};
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"two\"}"), 200);
    CHECK(is_at("a/b", "one", 1));
    CHECK_EQ_INT(ask("DELETE /sentinel/v1/secrets", "{" TARGET "}"), 200);
    CHECK(is_at("a/b", "one", 1));
    /* Its time was in the future when it began. */
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\",\"expires\":\"2026-01-01T00:00:00Z\"}"),
                 200);
    CHECK_EQ_INT(ask(ROLLBACK, "{" TARGET ",\"version\":1,\"expires\":\"2026-01-01T00:00:00Z\"}"),
                 200);
    /* And the root key was another. */
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\",\"encrypt\":true}"), 200);
    pending = (struct pending){0};
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\",\"expires\":\"2026-01-01T00:00:00Z\"}"),
                 400);
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\",\"encrypt\":true}"), 400);
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"two\"}"), 200);
    CHECK(is_at("a/b", "two", 2));
    end();
}

TEST(settled_and_failed)
{
    static const struct {
        int result, status;
        const char *reason;
    } rows[] = {{-EIO, 503, "not-durable"},      {-ENOSPC, 507, "full"},
                {-EDQUOT, 507, "full"},          {-EFBIG, 507, "full"},
                {-ESTALE, 503, "not-durable"},   {-ENOMEM, 500, "no-memory"},
                {-EBADMSG, 500, "forged-record"}};
    static const char *const lines[] = {PUT, "DELETE /sentinel/v1/secrets", "POST /v1/admin/rekey"};
    static const char *const bodies[] = {"{" TARGET ",\"value\":\"two\"}", "{" TARGET "}", ""};
    char record[64];
    begin();
    put("a/b", "one");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < 3; j++) {
            pending = (struct pending){.ticket = 7, .is_settled = 1, .result = rows[i].result};
            CHECK_EQ_INT(ask(lines[j], bodies[j]), rows[i].status);
            snprintf(record, sizeof record, "\"outcome\":\"error\",\"reason\":\"%s\"",
                     rows[i].reason);
            requests_check_trail(record);
        }
    CHECK(is_at("a/b", "one", 1));
    end();
}

/* ---- sealed values --------------------------------------------------------------------------- */

static char sealed[8192];

/* The age file of TEXT for TO, in base64. */
static const char *seal_to(const struct age_recipient *to, const char *text)
{
    static char file[4096];
    unsigned char file_key[AGE_FILE_KEY] = "0123456789abcde";
    size_t head;
    CHECK_EQ_INT(age_header_write(to, 1, file_key, file, sizeof file, &head), 0);
    age_payload_seal(file_key, text, strlen(text), (unsigned char *)file + head);
    struct writer w = writer_on(sealed, sizeof sealed - 1);
    writer_base64(&w, file, head + age_payload_sealed(strlen(text)));
    sealed[w.used] = '\0';
    return sealed;
}

static int put_sealed(const char *value)
{
    static char body[10000];
    snprintf(body, sizeof body, "{" TARGET ",\"encrypt\":true,\"value\":\"%s\"}", value);
    return ask(PUT, body);
}

TEST(sealed_value)
{
    struct age_identity stranger;
    begin();
    uint64_t blocks = arenas_blocks(stores.arena);
    CHECK_EQ_INT(put_sealed(seal_to(keyring_recipient(stores.keyring), "opened")), 200);
    CHECK(is_at("a/b", "opened", 1));
    CHECK_EQ_INT(put_sealed("plain"), 400);
    requests_check_says("must be an age file");
    CHECK_EQ_INT(put_sealed(seal_to(keyring_recipient(stores.keyring), "")), 400);
    requests_check_says("is empty");
    age_key_generate(&stranger);
    CHECK_EQ_INT(put_sealed(seal_to(&stranger.recipient, "not ours")), 400);
    seal_to(keyring_recipient(stores.keyring), "bent");
    sealed[strlen(sealed) - 8] ^= 1;
    CHECK_EQ_INT(put_sealed(sealed), 400);
    CHECK(is_at("a/b", "opened", 1));
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks + 1);
    CHECK(!strstr(requests_trail(), "opened"));
    end();
}

/* Without a target it is the daemon that seals, and what it gives can be brought back. */
TEST(sealing)
{
    begin();
    CHECK_EQ_INT(ask(PUT, "{\"encrypt\":true,\"value\":\"seal me\"}"), 200);
    CHECK(!strstr(requests_answer, "seal me"));
    const char *body = strstr(requests_answer, "\r\n\r\n") + 4;
    snprintf(sealed, sizeof sealed, "%.*s", (int)strcspn(body, "\n"), body);
    CHECK_EQ_INT(store_count(stores.store), 0);
    CHECK_EQ_INT(put_sealed(sealed), 200);
    CHECK(is_at("a/b", "seal me", 1));
    CHECK_EQ_INT(ask(PUT, "{\"value\":\"no target\"}"), 400);
    end();
}

/* ---- the list with sealed values ------------------------------------------------------------- */

#define SEALED_LIST "GET /sentinel/v1/secrets?reveal=true"

/* What the list that was answered last has as the value of row INDEX; NULL: it has none. */
static const char *listed_value(size_t index)
{
    const char *at = strstr(requests_answer, "\r\n\r\n");
    for (size_t i = 0; i <= index; i++) {
        at = strstr(at + 1, "\"value\":");
        CHECK(at != NULL);
    }
    at += strlen("\"value\":");
    if (strncmp(at, "null}", 5) == 0)
        return NULL;
    CHECK_EQ_INT(*at, '"');
    snprintf(sealed, sizeof sealed, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    return sealed;
}

static void check_listed(size_t index, const char *value, const char *key)
{
    static char file[8192];
    char mark[AGE_MARK + 1], *plain;
    size_t length;
    struct error error = {""};
    const char *text = listed_value(index);
    CHECK(text != NULL);
    long size = base64_decode(span_of(text), file);
    CHECK(size > 0);
    CHECK_EQ_INT(keyring_open(stores.keyring, (struct span){file, (size_t)size}, &plain, &length,
                              mark, &error),
                 0);
    CHECK(span_is((struct span){plain, length}, value));
    CHECK_STR(mark, key);
    arena_free(stores.arena, plain);
}

static void check_length(void)
{
    const char *body = strstr(requests_answer, "\r\n\r\n") + 4,
               *said = strstr(requests_answer, "Content-Length: ");
    CHECK_EQ_INT(strtoul(said + strlen("Content-Length: "), NULL, 10), strlen(body));
}

TEST(list_with_sealed_values)
{
    static const char json[] = "{\"user\":\"x\"}";
    const struct change_put shaped = {.value = SPAN_LITERAL(json),
                                      .template = SPAN_LITERAL("{\"U\":\"{{.user}}\"}"),
                                      .format = SPAN_LITERAL("yaml"),
                                      .validity = VALIDITY_ALWAYS,
                                      .if_version = CHANGE_ANY_VERSION};
    struct span key = SPAN_LITERAL("a/c");
    struct change_conflict conflict;
    uint64_t ticket;
    begin();
    CHECK_EQ_INT(ask(SEALED_LIST, ""), 200);
    requests_check_says("\r\n\r\n{\"secrets\":[],\"algorithm\":\"age\"}\n");
    check_length();
    put("a/b", "plain-one");
    CHECK_EQ_INT(change_put(stores.store, &key, 1, &shaped, T0, &ticket, &conflict), 0);
    CHECK_EQ_INT(stores_put(&stores, "z/z", (struct span){"\0\xff\x01", 3}, T0), 0);
    uint64_t blocks = arenas_blocks(stores.arena);
    CHECK_EQ_INT(ask_as(&sentinel, SEALED_LIST, ""), 200);
    check_length();
    requests_check_says("Content-Type: application/json\r\n");
    requests_check_says("{\"secrets\":[{\"name\":\"b\",\"namespace\":\"a\",\"version\":1,");
    requests_check_says("],\"algorithm\":\"age\"}\n");
    CHECK(!strstr(requests_answer, "plain-one") && !strstr(requests_answer, "user"));
    check_listed(0, "plain-one", "a/b");
    check_listed(1, json, "a/c"); /* as it was stored, not as its workload gets it */
    CHECK(listed_value(2) != NULL);
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks);
    requests_check_trail("\"op\":\"list-sealed\",\"key\":\"\",\"outcome\":\"allow\"");
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets?encrypted=true&reveal=no", ""), 200);
    requests_check_says("\"algorithm\"");
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets?reveal=false", ""), 200);
    CHECK(!strstr(requests_answer, "\"value\"") && !strstr(requests_answer, "\"algorithm\""));
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets?reveal", ""), 400);
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets?values=true", ""), 400);
    CHECK_EQ_INT(ask_as(&user, SEALED_LIST, ""), 403);
    end();
}

static void change_everything(void)
{
    if (requests_pieces)
        return;
    CHECK_EQ_INT(stores_delete(&stores, "a/d", T0), 0);
    CHECK_EQ_INT(stores_put(&stores, "a/c", span_of("another"), T0), 0);
    requests_between = NULL;
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &(uint64_t){0}), 0);
}

/* The list is as of its beginning, whatever is changed, deleted or rewritten while it leaves. */
TEST(list_of_one_moment)
{
    static char large[LIMIT_VALUE / 8];
    memset(large, 'L', sizeof large);
    begin();
    put("a/b", "first");
    CHECK_EQ_INT(stores_put(&stores, "a/big", (struct span){large, 60000}, T0), 0);
    put("a/c", "last");
    put("a/d", "deleted");
    requests_between = change_everything;
    CHECK_EQ_INT(ask(SEALED_LIST, ""), 200);
    requests_between = NULL;
    check_length();
    check_listed(0, "first", "a/b");
    check_listed(2, "last", "a/c");
    check_listed(3, "deleted", "a/d");
    CHECK(requests_pieces > 2);
    CHECK(is_at("a/c", "another", 2) && !store_find(stores.store, span_of("a/d")));
    end();
}

/* What has expired has no value, in the log or not; and what was forged does not stop the rest. */
TEST(list_of_what_is_gone)
{
    begin();
    put_brief();
    put("a/c", "forged");
    put("a/d", "there");
    service.now_us = T0 + 2;
    int fd = open(scratch_path(PROTOCOL_STATE_LOG), O_RDWR | O_CLOEXEC);
    struct journal_place place = store_find(stores.store, span_of("a/c"))->place;
    CHECK_EQ_INT(pwrite(fd, "bent", 4, (off_t)(place.offset + place.size - 12)), 4);
    close(fd);
    CHECK_EQ_INT(ask(SEALED_LIST, ""), 200);
    check_length();
    requests_check_says("\"state\":\"expired\",\"value\":null}");
    CHECK(listed_value(0) == NULL && listed_value(1) == NULL);
    check_listed(2, "there", "a/d");
    end();
}

static void write_put(char *ret, size_t size, const char *workloads, const char *value)
{
    snprintf(ret, size,
             "{\"workloads\":[%s],\"namespaces\":[\"a\"],\"encrypt\":true,\"value\":\"%s\"}",
             workloads, value);
}

/* Whoever may not read values must not have one opened into a secret that it can read. */
TEST(a_listed_value_goes_back_where_it_was)
{
    begin();
    put("a/b", "of b");
    put("a/z", "of z");
    CHECK_EQ_INT(ask_as(&sentinel, SEALED_LIST, ""), 200);
    const char *value = listed_value(1);
    char *text = malloc(strlen(value) + 200);
    write_put(text, strlen(value) + 200, "\"b\"", value);
    CHECK_EQ_INT(ask_as(&sentinel, PUT, text), 403);
    requests_check_says("this is the value of a/z");
    CHECK(is_at("a/b", "of b", 1));
    write_put(text, strlen(value) + 200, "\"z\",\"b\"", value);
    CHECK_EQ_INT(ask_as(&sentinel, PUT, text), 403);
    requests_check_trail("\"op\":\"put\",\"key\":\"\",\"outcome\":\"deny\",\"reason\":\"reveal\"");
    write_put(text, strlen(value) + 200, "\"z\"", value);
    CHECK_EQ_INT(ask_as(&sentinel, PUT, text), 200);
    CHECK(is_at("a/z", "of z", 2));
    write_put(text, strlen(value) + 200, "\"b\"", value);
    CHECK_EQ_INT(ask(PUT, text), 200); /* the host's root could have read it anyway */
    CHECK(is_at("a/b", "of z", 2));
    free(text);
    end();
}

TEST(keystone)
{
    begin();
    CHECK_EQ_INT(ask("GET /sentinel/v1/keystone", ""), 200);
    requests_check_says(
        "\r\n\r\n{\"status\":\"pending\",\"key\":\"vsecm-system/vsecm-keystone\"}\n");
    put("default/vsecm-keystone", "elsewhere");
    CHECK_EQ_INT(ask_as(&sentinel, "GET /sentinel/v1/keystone", ""), 200);
    requests_check_says("\"pending\"");
    put("vsecm-system/vsecm-keystone", "keystone-init");
    CHECK_EQ_INT(ask("GET /sentinel/v1/keystone", ""), 200);
    requests_check_says("\r\n\r\n{\"status\":\"ready\",");
    requests_check_trail("\"op\":\"keystone\",\"key\":\"\",\"outcome\":\"allow\"");
    CHECK_EQ_INT(ask_as(&user, "GET /sentinel/v1/keystone", ""), 403);
    service.sentinel = "ops/bastion";
    CHECK_EQ_INT(ask("GET /sentinel/v1/keystone", ""), 200);
    requests_check_says("{\"status\":\"pending\",\"key\":\"ops/vsecm-keystone\"}");
    end();
}

/* ---- root keys ------------------------------------------------------------------------------- */

#define KEYS "POST /sentinel/v1/keys"
#define REKEY "POST /v1/admin/rekey"

static char body[512];

static const char *body_of(const struct age_identity *identity, const char *more)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    age_key_write_identity(identity, text);
    snprintf(body, sizeof body, "{\"ageSecretKey\":\"%s\"%s}", text, more);
    return body;
}

TEST(unsealing)
{
    struct age_identity other, own;
    char more[160], recipient[AGE_KEY_RECIPIENT_TEXT];
    begin();
    put("a/b", "one");
    own = *keyring_identity(stores.keyring);
    age_key_generate(&other);
    seal_it();
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=a/b", ""), 503);
    requests_check_says("\"sealed\"");
    CHECK_EQ_INT(ask_as(&user, "GET /v1/admin/value?key=a/b", ""), 403);
    CHECK(!strstr(requests_answer, "sealed"));
    CHECK_EQ_INT(ask("GET /v1/recipient", ""), 503);
    CHECK_EQ_INT(ask("GET /v1/whoami", ""), 200);
    CHECK_EQ_INT(ask(REKEY, ""), 503);
    CHECK_EQ_INT(ask_as(&user, KEYS, body_of(&own, "")), 403);
    CHECK_EQ_INT(ask(KEYS, "{}"), 400);
    CHECK_EQ_INT(ask(KEYS, ""), 400);
    CHECK_EQ_INT(ask(KEYS, "{\"ageSecretKey\":\"AGE-SECRET-KEY-1XYZ\"}"), 400);
    CHECK_EQ_INT(ask(KEYS, body_of(&own, ",\"other\":1")), 400);
    age_key_write_recipient(&other.recipient, recipient);
    snprintf(more, sizeof more, ",\"agePublicKey\":\"%s\"", recipient);
    CHECK_EQ_INT(ask(KEYS, body_of(&own, more)), 400);
    CHECK_EQ_INT(ask(KEYS, body_of(&other, "")), 403);
    CHECK(store_is_sealed(stores.store));
    age_key_write_recipient(&own.recipient, recipient);
    snprintf(more, sizeof more, ",\"agePublicKey\":\"%s\",\"aesCipherKey\":\"x\"", recipient);
    CHECK_EQ_INT(ask(KEYS, body_of(&own, more)), 200);
    requests_check_says("VSecM-Notice: ");
    CHECK(is_at("a/b", "one", 1));
    CHECK_EQ_INT(ask(KEYS, body_of(&own, "")), 200);
    CHECK_EQ_INT(ask(KEYS, body_of(&other, "")), 409);
    CHECK_EQ_INT(ask("GET /v1/recipient", ""), 200);
    requests_check_says(recipient);
    requests_check_trail(
        "\"op\":\"unseal\",\"key\":\"\",\"outcome\":\"deny\",\"reason\":\"wrong-key\"");
    requests_check_trail("\"op\":\"unseal\",\"key\":\"\",\"outcome\":\"allow\"");
    CHECK(!strstr(requests_trail(), "AGE-SECRET-KEY"));
    end();
}

TEST(rekey)
{
    struct age_identity other;
    begin();
    put("a/b", "one");
    struct age_recipient first = *keyring_recipient(stores.keyring);
    CHECK_EQ_INT(ask_as(&user, REKEY, ""), 403);
    CHECK_EQ_INT(ask(REKEY, "{\"ageSecretKey\":\"rubbish\"}"), 400);
    CHECK(memcmp(&first, keyring_recipient(stores.keyring), sizeof first) == 0);
    CHECK_EQ_INT(ask(REKEY, ""), 200);
    requests_check_says("{\"recipient\":\"age1");
    CHECK(memcmp(&first, keyring_recipient(stores.keyring), sizeof first) != 0);
    age_key_generate(&other);
    CHECK_EQ_INT(ask(REKEY, body_of(&other, "")), 200);
    CHECK_MEM(keyring_recipient(stores.keyring), &other.recipient, sizeof first);
    CHECK(is_at("a/b", "one", 1));
    seal_it();
    CHECK_EQ_INT(ask(KEYS, body_of(&other, "")), 200);
    CHECK_EQ_INT(ask(REKEY, ""), 400); /* nobody would write it down */
    requests_check_says("give 'ageSecretKey'");
    end();
}

CHECK_MAIN
