/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/put_request.h"

#include <errno.h>

#include "store/change.h"
#include "store/json.h"
#include "tests/unit/arenas.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */

static struct arena *arena;
static struct put_request request;

static void begin(size_t size)
{
    arena = arenas_new(size);
    json_use(arena);
}

static void end(void)
{
    json_use(NULL);
    arenas_done(arena);
}

/* 0 for a request that must be given back, else it was given back already. */
static int read_body(const char *body, int wants_value, struct error *error)
{
    error->text[0] = '\0';
    enum put_request_kind kind = wants_value ? PUT_REQUEST_PUT : PUT_REQUEST_DELETE;
    int r = put_request_read(span_of(body), kind, arena, T0, &request, error);
    if (r < 0)
        CHECK_EQ_INT(arenas_blocks(arena), 0);
    return r;
}

TEST(good_bodies)
{
    static const struct {
        const char *body, *keys, *value;
    } rows[] = {
        {"{\"workloads\":[\"w\"],\"value\":\"v\"}", "default/w ", "v"},
        {"{\"workloads\":[\"w\"],\"namespaces\":[],\"value\":\"v\"}", "default/w ", "v"},
        {"{\"workloads\":[\"w\"],\"namespaces\":[\"n\"],\"value\":\"\\u0001\\n\"}", "n/w ",
         "\x01\n"},
        {"{\"value\":\"v\",\"workloads\":[\"a\",\"b\"],\"namespaces\":[\"m\",\"n\"]}",
         "m/a n/a m/b n/b ", "v"},
        {"{\"workloads\":[\"a\",\"b\",\"a\"],\"namespaces\":[\"n\",\"n\"],\"value\":\"v\"}",
         "n/a n/b ", "v"},
        {"{\"workloads\":[\"w\"],\"value\":\"Zm9vYg==\",\"encoding\":\"base64\"}", "default/w ",
         "foob"},
        {"{\"workloads\":[\"w\"],\"value\":\"Zm9v\",\"encoding\":\"base64\"}", "default/w ", "foo"},
        {"{\"workloads\":[\"w\"],\"value\":\"Zm8=\",\"encoding\":\"base64\"}", "default/w ", "fo"},
        {"{\"workloads\":[\"w\"],\"value\":\"+/+/\",\"encoding\":\"base64\"}", "default/w ",
         "\xfb\xff\xbf"},
        {"{\"workloads\":[\"k8s:tls.example\",\"w\"],\"namespaces\":[\"m\",\"n\"],\"value\":\"v\"}",
         "m/k8s.tls.example n/k8s.tls.example m/w n/w ", "v"},
        {"{\"workloads\":[\"k8s:a\",\"k8s.a\"],\"value\":\"v\",\"adopt\":true}", "default/k8s.a ",
         "v"},
        {"{\"workloads\":[\"w\"],\"value\":\"v\",\"adopt\":false}", "default/w ", "v"},
        /* members that ask for what is done anyway */
        {"{\"workloads\":[\"w\"],\"value\":\"v\",\"template\":\"\",\"format\":\"raw\","
         "\"encrypt\":false,\"notBefore\":\"now\",\"expires\":\"never\"}",
         "default/w ", "v"},
        {"{\"workloads\":[\"w\"],\"value\":\"v\",\"template\":null,\"format\":\"json\","
         "\"encrypt\":null,\"notBefore\":\"\",\"expires\":null}",
         "default/w ", "v"},
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error;
        char keys[256] = "";
        if (read_body(rows[i].body, 1, &error) < 0)
            check_fail(__FILE__, __LINE__, "%s: %s", rows[i].body, error.text);
        for (size_t k = 0; k < request.key_count; k++)
            snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "%.*s ",
                     (int)request.keys[k].length, request.keys[k].data);
        CHECK_STR(keys, rows[i].keys);
        CHECK(span_is(request.value, rows[i].value));
        CHECK(arena_owns(arena, request.value.data));
        put_request_done(arena, &request);
        CHECK_EQ_INT(arenas_blocks(arena), 0);
    }
    end();
}

static const struct {
    int result;
    const char *body, *why;
} bad[] = {
    {-EINVAL, "", "cannot be read: it is not well-formed JSON"},
    {-EINVAL, "{", "cannot be read: it is not well-formed JSON"},
    {-EINVAL, "{}x", "cannot be read: something follows"},
    {-EINVAL, "\xff", "cannot be read: it is not UTF-8"},
    {-EINVAL, "[]", "must be a JSON object"},
    {-EINVAL, "\"x\"", "must be a JSON object"},
    {-EINVAL, "{}", "'workloads' must name at least one"},
    {-EINVAL, "{\"workloads\":[],\"value\":\"v\"}", "'workloads' must name at least one"},
    {-EINVAL, "{\"workloads\":\"w\",\"value\":\"v\"}", "'workloads' must be a list of strings"},
    {-EINVAL, "{\"workloads\":[1],\"value\":\"v\"}", "'workloads' must be a list of strings"},
    {-EINVAL, "{\"workloads\":[\"w\",null],\"value\":\"v\"}", "'workloads' must be a list"},
    {-EINVAL, "{\"workloads\":null,\"value\":\"v\"}", "'workloads' must be a list"},
    {-EINVAL, "{\"workloads\":[\"W\"],\"value\":\"v\"}", "'W' in 'workloads' must be a DNS label"},
    {-EINVAL, "{\"workloads\":[\"k8s:\"],\"value\":\"v\"}", "'k8s:' in 'workloads' must be k8s:"},
    {-EINVAL, "{\"workloads\":[\"k8s:A\"],\"value\":\"v\"}", "'k8s:A' in 'workloads' must be k8s:"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"namespaces\":[\"k8s:n\"],\"value\":\"v\"}",
     "'k8s:n' in 'namespaces' must be"},
    {-EINVAL, "{\"workloads\":[\"k8s:a\",\"w\"],\"value\":\"v\",\"adopt\":true}",
     "'adopt' is for Kubernetes Secrets"},
    {-EINVAL, "{\"workloads\":[\"k8s:a\"],\"value\":\"v\",\"adopt\":1}",
     "'adopt' must be true or false"},
    {-EINVAL, "{\"workloads\":[\"\"],\"value\":\"v\"}", "'' in 'workloads' must be"},
    {-EINVAL, "{\"workloads\":[\"a/b\"],\"value\":\"v\"}", "'a/b' in 'workloads' must be"},
    {-EINVAL, "{\"workloads\":[\"../x\"],\"value\":\"v\"}", "in 'workloads' must be"},
    {-EINVAL, "{\"workloads\":[\"" X50 X50 "\"],\"value\":\"v\"}", "in 'workloads' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"namespaces\":\"n\",\"value\":\"v\"}",
     "'namespaces' must be a list of strings"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"namespaces\":[{}],\"value\":\"v\"}",
     "'namespaces' must be a list of strings"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"namespaces\":[\"n\",\"a.b\"],\"value\":\"v\"}",
     "'a.b' in 'namespaces' must be a DNS label"},
    {-EINVAL, "{\"workloads\":[\"w\"]}", "'value' must be a string"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":1}", "'value' must be a string"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":{\"a\":1}}", "'value' must be a string"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":null}", "'value' must be a string"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"\"}", "'value' is empty"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"\",\"encoding\":\"base64\"}", "'value' is empty"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"encoding\":\"hex\"}",
     "'encoding' may only"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"encoding\":1}", "'encoding' may only"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"encoding\":\"\"}", "'encoding' may only"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"Encoding\":\"base64\"}", "not known"},
    {-EINVAL, "{\"workload\":[\"w\"],\"value\":\"v\"}", "a member that is not known"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"\":1}", "a member that is not known"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"value\":\"w\"}", "'value' is given twice"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"workloads\":[\"x\"],\"value\":\"v\"}",
     "'workloads' is given twice"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"template\":5}", "'template' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"format\":\"toml\"}", "json, yaml or raw"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"format\":1}", "'format' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"encrypt\":1}", "'encrypt' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"notBefore\":\"tomorrow\"}",
     "'notBefore' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"notBefore\":5}", "'notBefore' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"notBefore\":\"never\"}", "must be later"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"expires\":\"1h\"}", "'expires' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"expires\":\"now\"}", "in the past"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"expires\":\"2026-11-24T20:15:30Z\"}",
     "in the past"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"expires\":\"+1h\",\"notBefore\":\"+1h\"}",
     "must be later"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"ifVersion\":-1}", "'ifVersion' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"ifVersion\":\"1\"}", "'ifVersion' must be"},
    {-EINVAL, "{\"workloads\":[\"w\"],\"value\":\"v\",\"version\":1}", "not known"},
};

TEST(bad_bodies)
{
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error;
        int r = read_body(bad[i].body, 1, &error);
        if (r != bad[i].result || !strstr(error.text, bad[i].why))
            check_fail(__FILE__, __LINE__, "%s: %d %s", bad[i].body, r, error.text);
    }
    end();
}

TEST(bad_base64)
{
    static const char *const rows[] = {
        "=",    "==",       "====",     "A",        "AA",        "AAA",  "AAAAA",
        "A===", "AA=A",     "=AAA",     "AAA*",     "AA-_",      "AA A", "AAAA\\n",
        "Zm9=", "Zm9vYh==", "AAAA====", "AA==AAAA", "\\u00e4AA",
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char body[128];
        struct error error;
        snprintf(body, sizeof body,
                 "{\"workloads\":[\"w\"],\"value\":\"%s\",\"encoding\":\"base64\"}", rows[i]);
        int r = read_body(body, 1, &error);
        if (r != -EINVAL || !strstr(error.text, "not base64"))
            check_fail(__FILE__, __LINE__, "'%s': %d %s", rows[i], r, error.text);
    }
    end();
}

TEST(delete_needs_no_value)
{
    struct error error;
    begin(ARENA_MIB);
    CHECK_EQ_INT(read_body("{\"workloads\":[\"w\"],\"namespaces\":[\"n\"]}", 0, &error), 0);
    CHECK_EQ_INT(request.key_count, 1);
    CHECK(span_is(request.keys[0], "n/w"));
    put_request_done(arena, &request);
    CHECK_EQ_INT(read_body("{\"namespaces\":[\"n\"]}", 0, &error), -EINVAL);
    CHECK_EQ_INT(read_body("{\"workloads\":[\"w\"],\"expires\":\"+1h\"}", 0, &error), -EINVAL);
    end();
}

/* LIST of COUNT names that start with LETTER. */
static void write_names(FILE *to, const char *list, char letter, unsigned count)
{
    fprintf(to, "\"%s\":[", list);
    for (unsigned i = 0; i < count; i++)
        fprintf(to, "%s\"%c%u\"", i ? "," : "", letter, i);
    fprintf(to, "]");
}

static int read_product(unsigned workloads, unsigned namespaces, struct error *error)
{
    char *body = NULL;
    size_t size;
    FILE *to = open_memstream(&body, &size);
    CHECK(to != NULL);
    fputs("{\"value\":\"v\",", to);
    write_names(to, "workloads", 'w', workloads);
    fputc(',', to);
    write_names(to, "namespaces", 'n', namespaces);
    fputc('}', to);
    CHECK(fclose(to) == 0);
    int r = read_body(body, 1, error);
    free(body);
    return r;
}

TEST(as_many_targets_as_there_may_be)
{
    struct error error;
    begin(ARENA_MIB);
    CHECK_EQ_INT(read_product(8, 8, &error), 0);
    CHECK_EQ_INT(request.key_count, LIMIT_TARGETS);
    put_request_done(arena, &request);
    CHECK_EQ_INT(read_product(LIMIT_TARGETS, 1, &error), 0);
    put_request_done(arena, &request);
    CHECK_EQ_INT(read_product(LIMIT_TARGETS + 1, 1, &error), -EINVAL);
    CHECK(strstr(error.text, "more than 64 secrets") != NULL);
    CHECK_EQ_INT(read_product(5, 13, &error), -EINVAL);
    end();
}

static char *value_of(size_t length)
{
    char *body = malloc(length + 64);
    size_t used = (size_t)snprintf(body, 64, "{\"workloads\":[\"w\"],\"value\":\"");
    memset(body + used, 'x', length);
    memcpy(body + used + length, "\"}", 3);
    return body;
}

TEST(largest_value)
{
    struct error error;
    begin(8 * ARENA_MIB);
    char *body = value_of(LIMIT_VALUE);
    CHECK_EQ_INT(read_body(body, 1, &error), 0);
    CHECK_EQ_INT(request.value.length, LIMIT_VALUE);
    put_request_done(arena, &request);
    free(body);
    body = value_of(LIMIT_VALUE + 1);
    CHECK_EQ_INT(read_body(body, 1, &error), -EFBIG);
    CHECK(strstr(error.text, "1048577 bytes; at most 1048576") != NULL);
    free(body);
    end();
}

TEST(full_arena)
{
    struct error error;
    char *body = value_of(LIMIT_VALUE);
    begin(ARENA_MIB);
    CHECK_EQ_INT(read_body(body, 1, &error), -ENOSPC);
    free(body);
    end();
}

TEST(conditions)
{
    struct error error = {""};
    begin(ARENA_MIB);
    CHECK_EQ_INT(read_body("{\"workloads\":[\"w\"],\"value\":\"v\"}", 1, &error), 0);
    CHECK_EQ_INT(request.if_version, CHANGE_ANY_VERSION);
    CHECK(request.validity.not_before_us == VALIDITY_NOW && !request.has_validity);
    CHECK(request.validity.expires_us == VALIDITY_NEVER && !request.is_sealed);
    put_request_done(arena, &request);
    CHECK_EQ_INT(read_body("{\"workloads\":[\"w\"],\"value\":\"v\",\"ifVersion\":0,"
                           "\"notBefore\":\"+1m\",\"expires\":\"2026-11-24T20:17:00Z\"}",
                           1, &error),
                 0);
    CHECK_EQ_INT(request.if_version, 0);
    CHECK(request.has_validity);
    CHECK_EQ_INT(request.validity.not_before_us, T0 + 60000000);
    CHECK_EQ_INT(request.validity.expires_us, T0 - 123456 + 90000000);
    put_request_done(arena, &request);
    end();
}

TEST(sealed_without_a_name)
{
    struct error error = {""};
    begin(ARENA_MIB);
    CHECK_EQ_INT(read_body("{\"value\":\"v\",\"encrypt\":true}", 1, &error), 0);
    CHECK(request.is_sealed && request.key_count == 0);
    put_request_done(arena, &request);
    CHECK_EQ_INT(read_body("{\"value\":\"v\"}", 1, &error), -EINVAL);
    CHECK_EQ_INT(read_body("{\"encrypt\":true}", 0, &error), -EINVAL);
    end();
}

TEST(rollbacks)
{
    static const char *const wrong[] = {"{\"workloads\":[\"w\"]}",
                                        "{\"workloads\":[\"w\"],\"version\":0}",
                                        "{\"workloads\":[\"w\",\"x\"],\"version\":1}",
                                        "{\"workloads\":[\"w\"],\"version\":1,\"value\":\"v\"}"};
    struct error error = {""};
    begin(ARENA_MIB);
    CHECK_EQ_INT(put_request_read(SPAN_LITERAL("{\"workloads\":[\"w\"],\"version\":3}"),
                                  PUT_REQUEST_ROLLBACK, arena, T0, &request, &error),
                 0);
    CHECK(request.version == 3 && span_is(request.keys[0], "default/w"));
    put_request_done(arena, &request);
    for (size_t i = 0; i < COUNT(wrong); i++)
        CHECK_EQ_INT(
            put_request_read(span_of(wrong[i]), PUT_REQUEST_ROLLBACK, arena, T0, &request, &error),
            -EINVAL);
    end();
}

CHECK_MAIN
