/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to a daemon in a cluster: its root key, its nodes, what is sealed to it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "crypto/age_whole.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/rootkey.h"
#include "store/upstream.h"
#include "tests/unit/clusters.h"
#include "tests/unit/requests.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define PUT "POST /sentinel/v1/secrets"

static struct service service;
static struct stores stores;
static struct pending pending;
static struct place host = {.kind = PLACE_HOST, .path = "/"};
static struct subject admin = {.attested = 1, .place = &host, .tier = "lsm", .door = DOOR_ADMIN};
static struct subject user = {
    .attested = 1, .place = &host, .tier = "lsm", .door = DOOR_ADMIN, .caller.uid = 1000};
static char body[40000];

static void begin(void)
{
    struct audit_options options = {.segment = 1 << 20, .keep = 4};
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 16 * ARENA_MIB, 20, 10);
    options.target = scratch_path("audit");
    service = (struct service){.working = 1,
                               .store = stores.store,
                               .keyring = stores.keyring,
                               .arena = stores.arena,
                               .reveal = ACCESS_REVEAL_NO,
                               .sentinel = PROTOCOL_SENTINEL};
    pending = (struct pending){0};
    CHECK_EQ_INT(service_init(&service), 0);
    CHECK_EQ_INT(audit_open(&options, &service.audit, &stores.error), 0);
    clusters_begin_in(stores.arena);
}

/* Node 0 is the one that is asked. */
static void join(enum root_mode mode)
{
    clusters_start(0, mode);
    service.root = clusters.nodes[0].root;
    service.upstream = upstream_local(stores.store);
    service.upstream.is_cluster = 1;
}

static void end(void)
{
    clusters_end();
    audit_close(service.audit);
    service_done(&service);
    stores_end(&stores);
}

static int ask_as(const struct subject *subject, const char *line, const char *text)
{
    const struct call call = {.subject = subject, .pending = &pending};
    return requests_ask(&service, call, requests_text(line, text));
}

static int ask(const char *line, const char *text)
{
    return ask_as(&admin, line, text);
}

static int is_known(void)
{
    return root_recipient(service.root) != NULL;
}

TEST(what_could_not_be_recorded_is_known_before)
{
    struct rlimit was;
    begin();
    CHECK_EQ_INT(service_can_note(&service), 0);
    CHECK_EQ_INT(getrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ_INT(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1, was.rlim_max}), 0);
    for (unsigned i = 0; i < 10000 && service_can_note(&service) == 0; i++)
        service_note(&service, "node-admit", SPAN_LITERAL("node-1"), "allow", "ok");
    CHECK(service_can_note(&service) < 0);
    service.serves_unaudited = 1;
    CHECK_EQ_INT(service_can_note(&service), 0);
    CHECK_EQ_INT(setrlimit(RLIMIT_FSIZE, &was), 0);
    end();
}

TEST(outside_of_a_cluster)
{
    begin();
    CHECK_EQ_INT(ask("GET /v1/admin/nodes", NULL), 404);
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", "{\"approve\":\"a\"}"), 404);
    requests_check_says("in no cluster");
    CHECK_EQ_INT(ask("GET /v1/recipient", NULL), 200);
    end();
}

TEST(while_the_root_key_is_not_known)
{
    begin();
    CHECK_EQ_INT(stores_put(&stores, "a/b", SPAN_LITERAL("value"), T0), 0);
    join(ROOT_MANUAL);
    CHECK_EQ_INT(ask("GET /v1/recipient", NULL), 503);
    requests_check_says("not known on this node: ");
    CHECK_EQ_INT(ask(PUT, "{\"encrypt\":true,\"value\":\"x\"}"), 503);
    CHECK_EQ_INT(ask(PUT, "{\"workloads\":[\"w\"],\"namespaces\":[\"a\"],\"value\":\"x\"}"), 200);
    CHECK_EQ_INT(ask("POST /v1/admin/rekey", "{}"), 503);
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", "{\"approve\":\"node-1\"}"), 503);
    CHECK_EQ_INT(ask("GET /v1/admin/nodes", NULL), 200);
    requests_check_says("\"recipient\":\"\",\"generation\":0");
    requests_check_says("\"node\":\"node-0\",\"nodeRecipient\":\"age1");
    end();
}

/* The body that brings IDENTITY. */
static const char *bringing(const struct age_identity *identity)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    age_key_write_identity(identity, text);
    snprintf(body, sizeof body, "{\"ageSecretKey\":\"%s\"}", text);
    return body;
}

TEST(an_administrator_brings_the_root_key)
{
    struct age_identity key, other;
    begin();
    join(ROOT_MANUAL);
    age_key_generate(&key);
    age_key_generate(&other);
    clusters_run(NULL, 50);
    CHECK_EQ_INT(ask_as(&user, "POST /sentinel/v1/keys", bringing(&key)), 403);
    CHECK_EQ_INT(ask("POST /sentinel/v1/keys", bringing(&key)), 200);
    CHECK(clusters_run(is_known, 1000));
    clusters_run(NULL, 50);
    CHECK(clusters.key.is_there);
    CHECK_EQ_INT(ask("POST /sentinel/v1/keys", bringing(&key)), 200);
    CHECK_EQ_INT(ask("POST /sentinel/v1/keys", bringing(&other)), 409);
    CHECK_EQ_INT(ask("GET /v1/recipient", NULL), 200);
    requests_check_says(clusters.key.recipient);
    end();
}

TEST(a_wrong_root_key)
{
    struct age_identity other;
    begin();
    clusters_start(1, ROOT_AUTO);
    clusters_run(NULL, 100);
    CHECK(clusters.key.is_there);
    clusters.is_invalid = 1; /* it is not let in */
    join(ROOT_MANUAL);
    clusters_run(NULL, 100);
    age_key_generate(&other);
    CHECK_EQ_INT(ask("POST /sentinel/v1/keys", bringing(&other)), 403);
    requests_check_says("names another");
    end();
}

static int one_waits(void)
{
    return strstr(clusters.nodes[0].notes, "node-wait node-1") != NULL;
}

static int one_is_in(void)
{
    return strstr(clusters.nodes[0].notes, "node-admit node-1") != NULL;
}

static int two_identities(void)
{
    size_t count;
    root_identities(service.root, &count);
    return count == 2;
}

static const char *approving(const char *node, const struct age_recipient *compared)
{
    char text[AGE_KEY_RECIPIENT_TEXT];
    age_key_write_recipient(compared, text);
    snprintf(body, sizeof body, "{\"approve\":\"%s\",\"recipient\":\"%s\"}", node, text);
    return body;
}

TEST(nodes)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"approve\":1}",
                                      "{\"approve\":\"A\"}",
                                      "{\"admit\":\"a\"}",
                                      "{\"recipient\":\"age1\"}",
                                      "{\"approve\":\"node-1\",\"recipient\":\"\"}",
                                      "{\"approve\":\"node-1\",\"recipient\":\"age1x\"}",
                                      "{\"remove\":\"node-1\",\"recipient\":\"age1x\"}",
                                      "{\"approve\":\"a\",\"remove\":\"b\"}"};
    begin();
    join(ROOT_APPROVE);
    CHECK(clusters_run(is_known, 1000));
    clusters_start(1, ROOT_APPROVE);
    CHECK(clusters_run(one_waits, 5000));
    CHECK_EQ_INT(ask("GET /v1/admin/nodes", NULL), 200);
    requests_check_says("\"nodes\":[{\"name\":\"node-0\",\"recipient\":\"age1");
    requests_check_says("\"waiting\":[{\"name\":\"node-1\",\"recipient\":\"age1");
    requests_check_says("\"why\":\"a person has to approve it\"}]");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQ_INT(ask("POST /v1/admin/nodes", bad[i]), 400);
    CHECK_EQ_INT(ask_as(&user, "GET /v1/admin/nodes", NULL), 403);
    CHECK_EQ_INT(ask_as(&user, "POST /v1/admin/nodes", "{\"approve\":\"node-1\"}"), 403);
    CHECK(!clusters_run(one_is_in, 100));
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", "{\"approve\":\"node-2\"}"), 404);
    /* It is the recipient that was compared, whatever is told by now. */
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", approving("node-1", root_recipient(service.root))),
                 409);
    CHECK(!clusters_run(one_is_in, 100));
    struct age_recipient compared;
    CHECK_EQ_INT(age_key_read_recipient(
                     span_of(clusters_find(SPAN_LITERAL("node-1"), 0)->recipient), &compared),
                 0);
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", approving("node-1", &compared)), 200);
    CHECK(clusters_run(one_is_in, 5000));
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", "{\"remove\":\"node-0\"}"), 400);
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", "{\"remove\":\"node-1\"}"), 200);
    CHECK_EQ_INT(ask("POST /v1/admin/nodes", "{\"remove\":\"node-1\"}"), 409);
    CHECK(clusters_run(two_identities, 5000));
    CHECK_STR(clusters.key.names, "node-0");
    requests_check_trail("\"op\":\"node-approve\",\"key\":\"node-1\",\"outcome\":\"allow\"");
    requests_check_trail("\"op\":\"node-remove\",\"key\":\"node-1\",\"outcome\":\"allow\"");
    requests_check_trail(
        "\"op\":\"node\",\"key\":\"\",\"outcome\":\"deny\",\"reason\":\"not-root\"");
    end();
}

/* SEALED as it stands in JSON. */
static const char *storing(const char *sealed)
{
    struct writer w = writer_on(body, sizeof body - 1);
    writer_literal(&w, "{\"workloads\":[\"w\"],\"namespaces\":[\"a\"],\"encrypt\":true,\"value\":");
    writer_json(&w, sealed, strlen(sealed));
    writer_literal(&w, "}");
    body[w.used] = '\0';
    return body;
}

static char *sealed_to(const struct age_recipient *to)
{
    char *sealed;
    size_t length;
    CHECK_EQ_INT(age_whole_make(stores.arena, SPAN_LITERAL("hidden"), to, 1, &sealed, &length), 0);
    return sealed;
}

TEST(values_are_sealed_to_the_cluster)
{
    struct age_recipient before;
    begin();
    before = *keyring_recipient(stores.keyring);
    join(ROOT_AUTO);
    CHECK(clusters_run(is_known, 1000));
    /* To the cluster's key, and to one that is being replaced. */
    char *sealed[2] = {sealed_to(root_recipient(service.root)), NULL};
    CHECK_EQ_INT(ask("POST /v1/admin/rekey", "{}"), 200);
    requests_check_says("\"begun\":true");
    CHECK(clusters_run(two_identities, 1000));
    sealed[1] = sealed_to(root_recipient(service.root));
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ_INT(ask(PUT, storing(sealed[i])), 200);
        const struct store_version *version = store_find(stores.store, SPAN_LITERAL("a/w"));
        CHECK(version && version->number == i + 1 && span_is(version->value, "hidden"));
        free(sealed[i]);
    }
    /* The log is still this node's own. */
    CHECK_MEM(keyring_recipient(stores.keyring), &before, sizeof before);
    end();
}

/* Whoever may store but not read would have the root key as the value of a secret of their own. */
TEST(the_root_key_is_no_value)
{
    begin();
    join(ROOT_AUTO);
    CHECK(clusters_run(is_known, 1000));
    CHECK_EQ_INT(ask(PUT, storing(clusters.key.sealed)), 400);
    requests_check_says("not a sealed value");
    clusters.is_invalid = 1;
    clusters_start(1, ROOT_AUTO);
    clusters_run(NULL, 200);
    const struct clusters_object *object = clusters_find(SPAN_LITERAL("node-1"), 0);
    CHECK(object && object->request[0]);
    CHECK_EQ_INT(ask(PUT, storing(object->request)), 400);
    requests_check_says("not a sealed value");
    CHECK(!store_find(stores.store, SPAN_LITERAL("a/w")));
    end();
}

TEST(the_new_root_key_is_made_by_a_node)
{
    struct age_identity key;
    begin();
    join(ROOT_AUTO);
    CHECK(clusters_run(is_known, 1000));
    age_key_generate(&key);
    CHECK_EQ_INT(ask("POST /v1/admin/rekey", bringing(&key)), 403); /* reveal = no */
    service.reveal = ACCESS_REVEAL_HOST;
    CHECK_EQ_INT(ask("POST /v1/admin/rekey", bringing(&key)), 400);
    CHECK_EQ_INT(ask("POST /v1/admin/rekey", "{}"), 200);
    CHECK_EQ_INT(ask("POST /v1/admin/rekey", "{}"), 409);
    end();
}

CHECK_MAIN
