/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/audit_line.h"

#include <cjson/cJSON.h>

#include "base/writer.h"
#include "identity/identity.h"
#include "limits.h"
#include "serve/subject.h"
#include "tests/unit/check.h"

#define T0 INT64_C(1795551330123456)
#define UID "11112222-3333-4444-5555-66667777abcd"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char line[LIMIT_AUDIT_RECORD + 1];

static const char *write_line(const struct subject *subject, const char *key)
{
    char text[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(text, sizeof text);
    audit_line_subject(&w, subject);
    CHECK(writer_ok(&w));
    struct span who = {text, w.used};
    struct audit_event event = {
        .operation = "get", .key = span_of(key), .outcome = "allow", .reason = "ok"};
    w = writer_on(line, sizeof line - 1);
    audit_line_write(&w, T0, who, &event, NULL);
    CHECK(writer_ok(&w));
    line[w.used] = '\0';
    return line;
}

/* One JSON object on one line. The caller's, to be deleted. */
static cJSON *parse(const char *text)
{
    const char *newline = strchr(text, '\n');
    CHECK(newline != NULL && newline[1] == '\0');
    cJSON *json = cJSON_Parse(text);
    CHECK(cJSON_IsObject(json));
    return json;
}

static void check_text(const cJSON *json, const char *name, const char *expected)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    CHECK_STR(member ? member->valuestring : NULL, expected);
}

TEST(workload_of_a_pod)
{
    struct place place = {.kind = PLACE_POD, .pod_uid = UID, .container = ID, .path = "/x"};
    struct identity *identity = identity_new(0);
    CHECK_EQ_INT(identity_set_names(identity, span_of("ns"), span_of("w")), 0);
    identity->pod = strdup("pod-0");
    struct subject subject = {.attested = 1,
                              .tier = "lsm",
                              .place = &place,
                              .identity = identity,
                              .caller = {.pid = 42, .uid = 1000}};
    CHECK_STR(write_line(&subject, "ns/w"),
              "{\"time\":\"2026-11-24T20:15:30.123456Z\",\"tier\":\"lsm\",\"door\":\"public\","
              "\"namespace\":\"ns\",\"workload\":\"w\",\"pod\":\"pod-0\","
              "\"container\":\"" ID "\",\"pid\":42,\"uid\":1000,\"op\":\"get\",\"key\":\"ns/w\","
              "\"outcome\":\"allow\",\"reason\":\"ok\"}\n");
    identity_unref(identity);
}

TEST(unknown_pod)
{
    struct place place = {.kind = PLACE_POD, .pod_uid = UID, .container = ID};
    struct subject subject = {.place = &place, .attested = 1, .tier = "cgroup"};
    cJSON *json = parse(write_line(&subject, ""));
    check_text(json, "podUid", UID);
    check_text(json, "container", ID);
    check_text(json, "namespace", NULL);
    cJSON_Delete(json);
}

TEST(stranger)
{
    struct place place = {.kind = PLACE_HOST, .path = "/ops/tool"};
    struct subject subject = {.place = &place, .tier = "cgroup", .door = DOOR_ADMIN};
    cJSON *json = parse(write_line(&subject, ""));
    check_text(json, "tier", "none"); /* the kernel has no record of it */
    check_text(json, "door", "admin");
    check_text(json, "cgroup", "/ops/tool");
    check_text(json, "key", "");
    check_text(json, "podUid", NULL);
    cJSON_Delete(json);
}

TEST(cgroup_names_cannot_write_the_record)
{
    static const char *const paths[] = {
        "/x\",\"outcome\":\"allow\",\"y\":\"",
        "/x\"}\n{\"time\":\"2026-01-01T00:00:00.000000Z\"",
        "/x\\\",\"namespace\":\"kube-system",
        "/\r\n\t\b\f\x01\x1f\x7f",
        "/\xc3\xa4/\xf0\x9f\x98\x80",
        "/\xff\xfe\xc3",
        "/\xe2\x80\xa8", /* a line separator to some readers; a plain character to JSON */
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct place place = {.kind = PLACE_CONTAINER};
        struct subject subject = {.place = &place, .attested = 1, .tier = "cgroup"};
        strncpy(place.path, paths[i], sizeof place.path - 1);
        cJSON *json = parse(write_line(&subject, ""));
        CHECK_EQ_INT(cJSON_GetArraySize(json), 10);
        check_text(json, "outcome", "allow");
        check_text(json, "namespace", NULL);
        if (i < 5)
            check_text(json, "cgroup", paths[i]);
        cJSON_Delete(json);
    }
}

/* All parts at their longest, each byte of the path escaped to six: it must fit into a record. */
TEST(longest_record)
{
    struct place place = {.kind = PLACE_CONTAINER, .pod_uid = UID, .container = ID};
    memset(place.path, '\x01', sizeof place.path - 1);
    char name[LIMIT_DNS_SUBDOMAIN + 1] = "", key[LIMIT_KEY + 1];
    memset(name, 'x', LIMIT_DNS_SUBDOMAIN);
    struct span label = {name, LIMIT_DNS_LABEL};
    struct identity *identity = identity_new(0);
    CHECK_EQ_INT(identity_set_names(identity, label, label), 0);
    identity->pod = strdup(name);
    memset(key, 'x', LIMIT_KEY);
    key[LIMIT_KEY] = '\0';
    struct subject subject = {.attested = 1,
                              .tier = "cgroup",
                              .place = &place,
                              .identity = identity,
                              .caller = {.pid = UINT32_MAX, .uid = UINT32_MAX}};
    cJSON *json = parse(write_line(&subject, key));
    CHECK_EQ_INT(strlen(cJSON_GetObjectItem(json, "cgroup")->valuestring), LIMIT_AUDIT_PATH);
    cJSON_Delete(json);
    identity_unref(identity);
}

TEST(a_memo_gives_the_same_line_for_the_same_event_only)
{
    static const char key[] = "app/web";
    struct audit_event event = {"get", {key, 7}, "allow", "ok", 0};
    struct audit_event other = {"get", {key, 7}, "error", "no-secret", 0};
    struct audit_memo memo = {0};
    struct span who = SPAN_LITERAL("\"x\":1");
    struct audit_event many = {"get", {key, 7}, "allow", "ok", 12};
    const struct audit_event *order[] = {&event, &event, &other, &event, &many, &event, &other};

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        char plain[512], remembered[512];
        struct writer a = writer_on(plain, sizeof plain);
        struct writer b = writer_on(remembered, sizeof remembered);
        audit_line_write(&a, T0 + (int64_t)i, who, order[i], NULL);
        audit_line_write(&b, T0 + (int64_t)i, who, order[i], &memo);
        CHECK_EQ_INT(a.used, b.used);
        CHECK_MEM(remembered, plain, a.used);
        plain[a.used] = '\0';
        CHECK_EQ_INT(strstr(plain, ",\"count\":12}\n") != NULL, order[i] == &many);
    }
}

TEST(an_event_too_long_for_a_memo_is_written_out)
{
    char key[300];
    memset(key, 'k', sizeof key);
    struct audit_event event = {"get", {key, sizeof key}, "allow", "ok", 0};
    struct audit_memo memo = {0};
    struct writer w = writer_on(line, sizeof line - 1);

    audit_line_write(&w, T0, SPAN_LITERAL("\"x\":1"), &event, &memo);
    CHECK(writer_ok(&w) && w.used > sizeof key);
    CHECK_EQ_INT(memo.length, 0);
}

CHECK_MAIN
