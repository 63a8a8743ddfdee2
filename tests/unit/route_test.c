/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/route.h"

#include "limits.h"
#include "protocol.h"
#include "serve/service.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

TEST(requests)
{
    static const struct {
        const char *method, *path;
        const char *operation; /* NULL: no route */
        const char *more;      /* the tail; without a route: the methods that are allowed */
    } rows[] = {
        {"GET", "/workload/v1/secrets", "get", ""},
        {"GET", "/v1/value", "value", ""},
        {"GET", "/v1/value/a", "member", "a"},
        {"GET", "/v1/value/%2f", "member", "%2f"},
        {"GET", "/v1/value/..", "member", ".."},
        {"GET", "/v1/whoami", "whoami", ""},
        {"GET", "/sentinel/v1/secrets", "list", ""},
        {"POST", "/sentinel/v1/secrets", "put", ""},
        {"DELETE", "/sentinel/v1/secrets", "delete", ""},
        {"GET", "/v1/admin/status", "status", ""},
        {"GET", "/v1/watch", "watch", ""},
        {"GET", "/v1/page", "page", ""},
        {"POST", "/v1/watch", NULL, "GET"},
        {"GET", "/sentinel/v1/keystone", "keystone", ""},
        {"PUT", "/sentinel/v1/secrets", NULL, "GET, POST, DELETE"},
        {"get", "/v1/value", NULL, "GET"},
        {"HEAD", "/v1/value/a", NULL, "GET"},
        {"POST", "/workload/v1/secrets", NULL, "GET"},
        {"GET", "/v1/value/", NULL, ""},
        {"GET", "/v1/value/a/b", NULL, ""},
        {"GET", "/v1/valuea", NULL, ""},
        {"GET", "/v1/value?x", NULL, ""},
        {"GET", "/v1/whoami/x", NULL, ""},
        {"GET", "/V1/value", NULL, ""},
        {"GET", "//v1/value", NULL, ""},
        {"GET", "/v1//value", NULL, ""},
        {"GET", "/v1/./value", NULL, ""},
        {"GET", "/%761/value", NULL, ""},
        {"GET", "/", NULL, ""},
        {"GET", "", NULL, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span tail;
        char allowed[ROUTE_METHODS] = "";
        const struct route *route =
            route_find(span_of(rows[i].method), span_of(rows[i].path), &tail, allowed);
        if ((route == NULL) != (rows[i].operation == NULL))
            check_fail(__FILE__, __LINE__, "%s %s", rows[i].method, rows[i].path);
        if (!route) {
            CHECK_STR(allowed, rows[i].more);
            continue;
        }
        CHECK_STR(route->operation, rows[i].operation);
        CHECK(span_is(tail, rows[i].more));
    }
}

/* A row that forgets something must not be one that allows it. */
TEST(rows_are_whole)
{
    size_t count = 0;
    for (const struct route *route; (route = route_at(count)); count++) {
        CHECK(route->method && route->path[0] == '/' && route->operation && route->handle);
        CHECK(route->access != ACCESS_NOBODY);
        /* What workloads send is a few words. */
        CHECK(route->max_body <= LIMIT_GUARD_BODY || route->access == ACCESS_ADMIN);
        CHECK(route->max_body <= LIMIT_BODY);
        CHECK(route->max_files <= LIMIT_GUARD_FILES && (route->max_body || !route->max_files));
        int is_admins = strncmp(route->path, "/sentinel/", 10) == 0 ||
                        strncmp(route->path, "/v1/admin/", 10) == 0;
        CHECK_EQ_INT(route->access == ACCESS_ADMIN, is_admins);
    }
    CHECK_EQ_INT(count, 24);
    CHECK(route_at(count) == NULL && route_at(SIZE_MAX) == NULL);
}

CHECK_MAIN
