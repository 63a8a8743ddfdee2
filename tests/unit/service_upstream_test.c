/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests when the store is not its own upstream: what is asked of it, what is said of it. */
#include <errno.h>
#include <stdlib.h>

#include "crypto/age_key.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "tests/unit/requests.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define TARGET "\"workloads\":[\"b\"],\"namespaces\":[\"a\"]"
#define PUT "POST /sentinel/v1/secrets"
#define DELETE "DELETE /sentinel/v1/secrets"

/* An upstream that has one key and says what it was told to say. */
static struct {
    int result;
    const char *why;
    uint64_t if_version;
    unsigned puts, deletes;
    uint64_t asked_ticket, version;
    int is_coming;
} told;

static struct service service;
static struct stores stores;
static struct pending pending;
static struct place host = {.kind = PLACE_HOST, .path = "/"};
static struct subject root = {.attested = 1, .place = &host, .tier = "lsm", .door = DOOR_ADMIN};

static int on_put(void *self, const struct span *keys, size_t count, const struct change_put *put,
                  int64_t now_us, uint64_t *ticket, struct change_conflict *conflict)
{
    (void)self, (void)now_us, (void)conflict;
    CHECK(count == 1 && span_is(keys[0], "a/b") && put->value.length);
    told.if_version = put->if_version;
    told.puts++;
    *ticket = 1 | UPSTREAM_TICKET;
    return told.result;
}

static int on_delete(void *self, const struct span *keys, size_t count, int64_t now_us,
                     uint64_t *ticket)
{
    (void)self, (void)keys, (void)count, (void)now_us;
    told.deletes++;
    *ticket = 2 | UPSTREAM_TICKET;
    return told.result;
}

static int on_list(void *self, struct store_row **rows, size_t *count)
{
    (void)self;
    if (told.result < 0)
        return told.result;
    *rows = calloc(1, sizeof **rows);
    (*rows)[0] = (struct store_row){
        .key = SPAN_LITERAL("far/away"), .number = 7, .validity = VALIDITY_ALWAYS};
    *count = 1;
    return 0;
}

static uint64_t on_version(void *self, struct span key)
{
    (void)self;
    return span_is(key, "far/away") ? 7 : 0;
}

static int on_is_coming(void *self, struct span key)
{
    (void)self, (void)key;
    return told.is_coming;
}

static int on_history(void *self, struct span key, struct store_row **rows, size_t *count,
                      uint64_t *ticket)
{
    (void)self;
    told.asked_ticket = *ticket;
    *ticket = 5;
    if (told.result < 0)
        return told.result;
    *rows = calloc(1, sizeof **rows);
    (*rows)[0] = (struct store_row){.key = SPAN_LITERAL("far/away"),
                                    .number = 7,
                                    .updated_us = T0,
                                    .validity = VALIDITY_ALWAYS};
    *count = 1;
    return span_is(key, "far/away") ? 0 : -ENOENT;
}

static int on_roll_back(void *self, struct span key, uint64_t version, const struct change_put *put,
                        int renews, int64_t now_us, uint64_t *ticket,
                        struct change_conflict *conflict)
{
    (void)self, (void)key, (void)put, (void)renews, (void)now_us, (void)conflict;
    *ticket = 5;
    told.version = version;
    return told.result;
}

static const char *on_why(void *self)
{
    (void)self;
    return told.why;
}

static void begin(void)
{
    struct audit_options options = {.target = scratch_path("audit"), .segment = 1 << 20, .keep = 4};
    stores = (struct stores){.arena = NULL};
    told.result = 0;
    told.why = "";
    told.puts = told.deletes = 0;
    pending = (struct pending){0};
    stores_begin(&stores, 4 * ARENA_MIB, 20, 10);
    service = (struct service){.working = 1,
                               .arena = stores.arena,
                               .store = stores.store,
                               .keyring = stores.keyring,
                               .reveal = ACCESS_REVEAL_HOST,
                               .sentinel = PROTOCOL_SENTINEL,
                               .upstream = {.is_cluster = 1,
                                            .put = on_put,
                                            .delete = on_delete,
                                            .list = on_list,
                                            .version = on_version,
                                            .is_coming = on_is_coming,
                                            .history = on_history,
                                            .roll_back = on_roll_back,
                                            .why = on_why}};
    options.target = scratch_path("audit");
    CHECK_EQ_INT(service_init(&service), 0);
    CHECK_EQ_INT(audit_open(&options, &service.audit, &stores.error), 0);
}

static void end(void)
{
    audit_close(service.audit);
    service_done(&service);
    stores_end(&stores);
}

static int ask(const char *line, const char *body)
{
    const struct call call = {.subject = &root, .pending = &pending};
    return requests_ask(&service, call, requests_text(line, body));
}

TEST(changes_go_upstream)
{
    begin();
    told.result = -EINPROGRESS;
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\",\"ifVersion\":3}"), 0);
    CHECK(told.puts == 1 && told.if_version == 3);
    CHECK_EQ_INT(pending.ticket, 1 | UPSTREAM_TICKET);
    pending.is_settled = 1;
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\",\"ifVersion\":3}"), 200);
    CHECK_EQ_INT(told.puts, 1);
    pending = (struct pending){0};
    told.result = 0;
    CHECK_EQ_INT(ask(DELETE, "{" TARGET "}"), 200);
    CHECK_EQ_INT(told.deletes, 1);
    CHECK_EQ_INT(store_count(stores.store), 0);
    end();
}

/* At once or late: what it says is what is answered. */
TEST(failures_have_their_words)
{
    static const struct {
        int result, status;
        const char *code, *reason;
    } rows[] = {{-EHOSTUNREACH, 503, "unavailable", "unreachable"},
                {-ENOKEY, 503, "unavailable", "no-root-key"},
                {-EFBIG, 413, "too_large", "too-large"},
                {-ESTALE, 409, "conflict", "conflict"},
                {-EEXIST, 409, "conflict", "foreign"},
                {-ENOSPC, 507, "out_of_space", "full"},
                {-EACCES, 503, "unavailable", "cluster"},
                {-EINVAL, 503, "unavailable", "cluster"}};
    char says[64];
    begin();
    told.why = "because of the moon";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int late = 0; late < 2; late++) {
            told.result = rows[i].result;
            pending = (struct pending){.ticket = 1, .is_settled = late, .result = told.result};
            CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\"}"), rows[i].status);
            snprintf(says, sizeof says, "{\"error\":\"%s\",\"message\":\"because", rows[i].code);
            requests_check_says(says);
            snprintf(says, sizeof says, "\"reason\":\"%s\"", rows[i].reason);
            requests_check_trail(says);
        }
    pending = (struct pending){0};
    told.result = -EHOSTUNREACH;
    CHECK_EQ_INT(ask(DELETE, "{" TARGET "}"), 503);
    requests_check_says("because of the moon");
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets", NULL), 503);
    requests_check_says("because of the moon");
    end();
}

TEST(words_that_came_too_late)
{
    begin();
    pending = (struct pending){.ticket = 1, .is_settled = 1, .result = -EHOSTUNREACH};
    CHECK_EQ_INT(ask(PUT, "{" TARGET ",\"value\":\"x\"}"), 503);
    requests_check_says("the API server of the cluster did not answer");
    end();
}

TEST(names_that_nobody_has)
{
    begin();
    told.result = -ENOENT;
    CHECK_EQ_INT(ask(DELETE, "{\"workloads\":[\"away\",\"b\"],\"namespaces\":[\"far\"]}"), 404);
    requests_check_says("there is no secret far/b; nothing was deleted");
    end();
}

TEST(list_is_the_upstreams)
{
    begin();
    CHECK_EQ_INT(stores_put(&stores, "a/b", SPAN_LITERAL("x"), T0), 0);
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets", NULL), 200);
    requests_check_says("{\"name\":\"away\",\"namespace\":\"far\",\"version\":7,");
    CHECK(!strstr(requests_answer, "\"name\":\"b\""));
    CHECK_EQ_INT(ask("GET /sentinel/v1/secrets?reveal=true", NULL), 501);
    requests_check_says("kubectl get vsecmsecrets");
    end();
}

TEST(values_that_are_elsewhere)
{
    begin();
    CHECK_EQ_INT(ask("GET /v1/admin/value?key=far/away&version=3", NULL), 404);
    requests_check_says("no pod of this node may read far/away");
    requests_check_says("kubectl get vsecmsecret away -n far -o yaml");
    requests_check_trail("\"op\":\"reveal\",\"key\":\"far/away\",\"outcome\":\"error\","
                         "\"reason\":\"elsewhere\"");
    end();
}

TEST(versions_are_the_upstreams)
{
    begin();
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=far/away", NULL), 200);
    requests_check_says("{\"key\":\"far/away\",");
    requests_check_says("\"versions\":[{\"version\":7,");
    CHECK_EQ_INT(told.asked_ticket, 0);
    pending = (struct pending){.ticket = 5, .is_settled = 1};
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=far/away", NULL), 200);
    CHECK_EQ_INT(told.asked_ticket, 5);
    pending = (struct pending){.ticket = 5, .is_settled = 1, .result = -ENOENT};
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=a/b", NULL), 404);
    requests_check_says("there is no secret a/b");
    pending = (struct pending){0};
    told.result = -EHOSTUNREACH;
    told.why = "because of the moon";
    CHECK_EQ_INT(ask("GET /v1/admin/history?key=far/away", NULL), 503);
    requests_check_says("because of the moon");
    end();
}

#define ROLLBACK "{\"workloads\":[\"away\"],\"namespaces\":[\"far\"],\"version\":3}"

TEST(versions_come_back_upstream)
{
    begin();
    pending = (struct pending){.ticket = 5, .is_settled = 1};
    CHECK_EQ_INT(ask("POST /v1/admin/rollback", ROLLBACK), 200);
    requests_check_says("{\"key\":\"far/away\",\"version\":7}");
    pending = (struct pending){.ticket = 5, .is_settled = 1, .result = -ETIME};
    CHECK_EQ_INT(ask("POST /v1/admin/rollback", ROLLBACK), 409);
    requests_check_says("version 3 of far/away has expired");
    pending = (struct pending){.ticket = 5, .is_settled = 1, .result = -ENOENT};
    CHECK_EQ_INT(ask("POST /v1/admin/rollback", ROLLBACK), 404);
    requests_check_says("there is no version 3 of secret far/away");
    pending = (struct pending){0};
    CHECK_EQ_INT(ask("POST /v1/admin/rollback", ROLLBACK), 200);
    CHECK_EQ_INT(told.version, 3);
    end();
}

TEST(what_a_part_of_the_secrets_is_not_enough_for)
{
    static const char *const lines[] = {"GET /v1/admin/backup", "POST /v1/admin/restore?offset=0",
                                        "POST /v1/admin/restore/apply"};
    begin();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_EQ_INT(ask(lines[i], i ? "{}" : NULL), 501);
        requests_check_says("{\"error\":\"not_implemented\",\"message\":\"in a cluster");
    }
    requests_check_trail(
        "\"op\":\"restore\",\"key\":\"\",\"outcome\":\"error\",\"reason\":\"cluster\"");
    service.upstream = (struct upstream){0};
    CHECK_EQ_INT(ask(lines[0], NULL), 200);
    end();
}

CHECK_MAIN
