/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of requests, versions written over objects, paths, verdicts. */
#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "limits.h"
#include "sync/api.h"
#include "sync/body.h"
#include "sync/look.h"
#include "sync/paths.h"
#include "sync/request_export.h"
#include "sync/revise.h"
#include "sync/verdict.h"
#include "tests/unit/check.h"

static char text[65536];

static void check_body(body_writer *body, const struct wire_message *message,
                       const char *resource_version, const char *expected)
{
    const struct body_context context = {"n1", "vsecm-system", "2026-11-28T00:00:00Z",
                                         span_of(resource_version)};
    struct writer count = writer_on(NULL, 0), w = writer_on(text, sizeof text - 1);
    body(&count, message, &context);
    body(&w, message, &context);
    CHECK(writer_ok(&w) && count.needed == w.used);
    text[w.used] = '\0';
    CHECK_STR(text, expected);
    cJSON *object = cJSON_Parse(text);
    CHECK(object != NULL);
    cJSON_Delete(object);
}

static struct wire_message put_of(const char *version, const char *sealed, const char *keep)
{
    struct wire_message put = {.kind = WIRE_PUT};
    put.field[SECRET_NAMESPACE] = SPAN_LITERAL("shop");
    put.field[SECRET_NAME] = SPAN_LITERAL("db");
    put.field[PUT_KEEP] = span_of(keep);
    put.field[SEEN_VERSION] = span_of(version);
    put.field[SEEN_UPDATED] = SPAN_LITERAL("2026-11-28T00:00:00Z");
    put.field[PUT_SEALED] = span_of(sealed);
    return put;
}

TEST(a_new_secret)
{
    struct wire_message put = put_of("8", "-----\nA\"\n", "10");
    check_body(
        body_secret, &put, "",
        "{\"apiVersion\":\"vsecm.com/v1\",\"kind\":\"VSecMSecret\",\"metadata\":{\"name\":\"db\","
        "\"namespace\":\"shop\",\"annotations\":{\"vsecm.com/version\":\"8\","
        "\"vsecm.com/updated\":\"2026-11-28T00:00:00Z\"}},"
        "\"spec\":{\"sealed\":\"-----\\nA\\\"\\n\"}}");
}

TEST(a_status_leaves_other_nodes_alone)
{
    struct wire_message status = {.kind = WIRE_STATUS};
    status.field[STATUS_VERSION] = SPAN_LITERAL("8");
    status.field[STATUS_UPDATED] = SPAN_LITERAL("2026-11-28T00:00:00Z");
    status.field[STATUS_READERS] = SPAN_LITERAL("shop/a\nshop/b");
    status.field[STATUS_GENERATION] = SPAN_LITERAL("3");
    check_body(
        body_status, &status, "",
        "{\"status\":{\"updated\":\"2026-11-28T00:00:00Z\",\"version\":8,"
        "\"observedGeneration\":3,\"error\":null,\"readers\":{\"n1\":[\"shop/a\",\"shop/b\"]}}}");
    status = (struct wire_message){.kind = WIRE_STATUS};
    status.field[STATUS_ERROR] = SPAN_LITERAL("rollback");
    check_body(body_status, &status, "",
               "{\"status\":{\"updated\":null,\"error\":\"rollback\",\"readers\":{\"n1\":null}}}");
}

TEST(a_node_and_the_key)
{
    struct wire_message node = {.kind = WIRE_NODE_PUT}, key = {.kind = WIRE_KEY_PUT};
    node.field[NODE_NAME] = SPAN_LITERAL("n1");
    node.field[NODE_RECIPIENT] = SPAN_LITERAL("age1x");
    check_body(
        body_node, &node, "",
        "{\"apiVersion\":\"vsecm.com/v1\",\"kind\":\"VSecMNode\",\"metadata\":{\"name\":\"n1\"},"
        "\"spec\":{\"recipient\":\"age1x\",\"approved\":false}}");
    node.field[NODE_RESOURCE_VERSION] = SPAN_LITERAL("9");
    node.field[NODE_APPROVED] = SPAN_LITERAL("1");
    check_body(
        body_node, &node, "",
        "{\"apiVersion\":\"vsecm.com/v1\",\"kind\":\"VSecMNode\",\"metadata\":{\"name\":\"n1\","
        "\"resourceVersion\":\"9\"},\"spec\":{\"recipient\":\"age1x\",\"request\":null,"
        "\"approved\":true}}");
    key.field[KEY_RECIPIENT] = SPAN_LITERAL("age1r");
    key.field[KEY_SEALED] = SPAN_LITERAL("s");
    key.field[KEY_NODES] = SPAN_LITERAL("n1\nn2\n");
    check_body(
        body_key, &key, "",
        "{\"apiVersion\":\"vsecm.com/v1\",\"kind\":\"VSecMKey\",\"metadata\":{\"name\":\"root\"},"
        "\"spec\":{\"recipient\":\"age1r\",\"sealed\":\"s\",\"nodes\":[\"n1\",\"n2\"]}}");
}

TEST(what_is_posted)
{
    struct wire_message review = {.kind = WIRE_TOKEN_REVIEW}, export = {.kind = WIRE_EXPORT};
    review.field[TOKEN_TEXT] = SPAN_LITERAL("a.b.c");
    review.field[TOKEN_AUDIENCE] = SPAN_LITERAL("vsecm");
    check_body(body_review, &review, "",
               "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\",\"spec\":{"
               "\"token\":\"a.b.c\",\"audiences\":[\"vsecm\"]}}");
    export.field[EXPORT_NAMESPACE] = SPAN_LITERAL("shop");
    export.field[EXPORT_NAME] = SPAN_LITERAL("db");
    export.field[EXPORT_DATA] = SPAN_LITERAL("{\"a\":\"Yg==\"}");
    check_body(
        body_export, &export, "5",
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"Opaque\",\"metadata\":{\"name\":"
        "\"db\",\"namespace\":\"shop\",\"resourceVersion\":\"5\",\"labels\":{"
        "\"app.kubernetes.io/managed-by\":\"vsecm\"},\"annotations\":{\"vsecm.com/owner\":"
        "\"shop/db\"}},\"data\":{\"a\":\"Yg==\"}}");
}

TEST(an_event_about_a_node_is_in_the_default_namespace)
{
    struct wire_message event = {.kind = WIRE_EVENT};
    event.field[EVENT_NAME] = SPAN_LITERAL("n2");
    event.field[EVENT_TYPE] = SPAN_LITERAL("Warning");
    event.field[EVENT_REASON] = SPAN_LITERAL("Refused");
    event.field[EVENT_MESSAGE] = SPAN_LITERAL("no \"token\"");
    check_body(
        body_event, &event, "",
        "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"generateName\":\"vsecm-\","
        "\"namespace\":\"default\"},\"involvedObject\":{\"apiVersion\":\"vsecm.com/v1\",\"kind\":"
        "\"VSecMNode\",\"name\":\"n2\"},\"type\":\"Warning\",\"reason\":\"Refused\",\"message\":"
        "\"no \\\"token\\\"\",\"firstTimestamp\":\"2026-11-28T00:00:00Z\",\"lastTimestamp\":"
        "\"2026-11-28T00:00:00Z\",\"count\":1,\"source\":{\"component\":\"vsecm\",\"host\":\"n1\"},"
        "\"reportingComponent\":\"vsecm.com/vsecm\",\"reportingInstance\":\"n1\"}");
}

/* ---- versions written over objects ------------------------------------------------------------
 */

#define OBJECT                                                                                  \
    "{\"metadata\":{\"name\":\"db\",\"generation\":4,\"creationTimestamp\":\"2026-01-01T00:00:" \
    "00Z\","                                                                                    \
    "\"resourceVersion\":\"7\",\"labels\":{\"team\":\"a\"}%s},\"spec\":{\"sealed\":\"old\","    \
    "\"allowRollback\":true,\"other\":1}}"

static char *revised(const char *annotations, const char *version, const char *sealed,
                     const char *keep, unsigned times)
{
    struct error error;
    char object_text[1024], next[32];
    snprintf(object_text, sizeof object_text, OBJECT, annotations);
    cJSON *object = cJSON_Parse(object_text);
    CHECK(object != NULL);
    for (unsigned i = 0; i < times; i++) {
        snprintf(next, sizeof next, "%s%u", sealed, i);
        struct wire_message put = put_of(version, times == 1 ? sealed : next, keep);
        CHECK_EQ_INT(revise_secret(object, &put, &error), 0);
    }
    char *ret = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return ret;
}

TEST(the_old_value_becomes_history)
{
    char *was = revised(",\"annotations\":{\"vsecm.com/version\":\"6\",\"vsecm.com/updated\":"
                        "\"2026-02-01T00:00:00Z\",\"vsecm.com/expires\":\"never\",\"mine\":\"x\"}",
                        "8", "new", "10", 1);
    CHECK_STR(was,
              "{\"metadata\":{\"name\":\"db\",\"generation\":4,\"creationTimestamp\":"
              "\"2026-01-01T00:00:00Z\",\"resourceVersion\":\"7\",\"labels\":{\"team\":\"a\"},"
              "\"annotations\":{\"mine\":\"x\",\"vsecm.com/version\":\"8\",\"vsecm.com/updated\":"
              "\"2026-11-28T00:00:00Z\"}},\"spec\":{\"other\":1,\"history\":[{\"version\":6,"
              "\"updated\":\"2026-02-01T00:00:00Z\",\"sealed\":\"old\"}],\"sealed\":\"new\"}}");
    free(was);
}

/* What a person applied by hand claims nothing, and still is not lost. */
TEST(a_value_without_claims_becomes_history_too)
{
    char *was = revised("", "8", "new", "10", 1);
    CHECK(strstr(was, "\"history\":[{\"version\":4,\"updated\":\"2026-01-01T00:00:00Z\","
                      "\"sealed\":\"old\"}]") != NULL);
    free(was);
    was = revised("", "8", "old", "10", 1);
    CHECK(strstr(was, "history") == NULL);
    free(was);
}

TEST(history_keeps_as_much_as_it_may)
{
    char *was = revised("", "8", "s", "2", 4);
    CHECK(strstr(was, "\"sealed\":\"s2\"},") != NULL &&
          strstr(was, "\"sealed\":\"s1\"}]") != NULL && strstr(was, "\"s0\"") == NULL);
    free(was);
    was = revised("", "8", "s", "0", 4);
    CHECK(strstr(was, "history") == NULL);
    free(was);
}

TEST(history_leaves_room_in_the_object)
{
    static char large[390 * 1024];
    struct error error;
    memset(large, 'x', sizeof large - 1);
    cJSON *object = cJSON_Parse("{\"metadata\":{},\"spec\":{\"sealed\":\"old\"}}");
    for (char c = 'a'; c < 'f'; c++) {
        large[0] = c;
        struct wire_message put = put_of("8", large, "10");
        CHECK_EQ_INT(revise_secret(object, &put, &error), 0);
    }
    const cJSON *history = look_at(object, LOOK("spec", "history"));
    CHECK_EQ_INT(cJSON_GetArraySize(history), 2);
    CHECK_EQ_INT(look_text(cJSON_GetArrayItem(history, 0), LOOK("sealed")).data[0], 'd');
    char *was = cJSON_PrintUnformatted(object);
    CHECK(strlen(was) < LIMIT_SYNC_OBJECT + 4096);
    free(was);
    cJSON_Delete(object);
}

TEST(what_cannot_be_read_is_not_written_over)
{
    struct error error;
    struct wire_message put = put_of("8", "new", "10");
    cJSON *object = cJSON_Parse("{\"metadata\":{},\"spec\":[]}");
    CHECK_EQ_INT(revise_secret(object, &put, &error), -EINVAL);
    cJSON_Delete(object);
}

/* ---- the rest ---------------------------------------------------------------------------------
 */

TEST(paths)
{
    char path[PATHS_SIZE];
    struct span none = {"", 0};
    CHECK_EQ_INT(paths_write(path, PATHS_VSECMSECRET, span_of("shop"), span_of("db"), "/status"),
                 0);
    CHECK_STR(path, "/apis/vsecm.com/v1/namespaces/shop/vsecmsecrets/db/status");
    CHECK_EQ_INT(paths_write(path, PATHS_VSECMNODE, none, span_of("n1.x"), ""), 0);
    CHECK_STR(path, "/apis/vsecm.com/v1/vsecmnodes/n1.x");
    CHECK_EQ_INT(paths_write(path, PATHS_SECRET, span_of("shop"), none, ""), 0);
    CHECK_STR(path, "/api/v1/namespaces/shop/secrets");
    CHECK_EQ_INT(paths_write(path, PATHS_SECRET, span_of("../kube"), span_of("x"), ""), -EINVAL);
    CHECK_EQ_INT(paths_write(path, PATHS_SECRET, span_of("a"), span_of("x?y"), ""), -EINVAL);
    CHECK_EQ_INT(paths_write(path, PATHS_SECRET, span_of("a"), span_of("x/y"), ""), -EINVAL);
    CHECK_EQ_INT(paths_write(path, PATHS_SECRET, none, span_of("x"), ""), -EINVAL);
}

TEST(verdicts)
{
    char why[LIMIT_WIRE_TEXT];
    CHECK_STR(verdict_code(201), "ok");
    CHECK_STR(verdict_code(409), "conflict");
    CHECK_STR(verdict_code(404), "missing");
    CHECK_STR(verdict_code(403), "forbidden");
    CHECK_STR(verdict_code(422), "invalid");
    CHECK_STR(verdict_code(0), "unreachable");
    CHECK_STR(verdict_code(503), "unreachable");
    CHECK_STR(verdict_code(429), "unreachable");
    const struct api_end end = {
        422, "422: Invalid",
        SPAN_LITERAL("{\"kind\":\"Status\",\"message\":\"spec.sealed: too long\",\"code\":422}"),
        0};
    verdict_reason(&end, 0, why);
    CHECK_STR(why, "spec.sealed: too long");
    verdict_reason(&end, 1, why);
    CHECK_STR(why, "422: Invalid");
}

static int is_ours(const char *object_text)
{
    cJSON *object = cJSON_Parse(object_text);
    int ours = request_export_is_ours(object);
    cJSON_Delete(object);
    return ours;
}

TEST(which_secret_is_ours)
{
#define OWNED(owner, manager)                                            \
    "{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\",\"labels\":{" \
    "\"app.kubernetes.io/managed-by\":\"" manager                        \
    "\"},\"annotations\":{\"vsecm.com/owner\":\"" owner "\"}}}"
    CHECK(is_ours(OWNED("shop/db", "vsecm")));
    CHECK(!is_ours(OWNED("other/db", "vsecm")));
    CHECK(!is_ours(OWNED("shop/dbx", "vsecm")));
    CHECK(!is_ours(OWNED("shop-db", "vsecm")));
    CHECK(!is_ours(OWNED("shop/db", "helm")));
    CHECK(!is_ours("{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\"}}"));
    CHECK(!is_ours("{}"));
}

CHECK_MAIN
