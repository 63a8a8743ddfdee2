/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/status.h"

#include "tests/unit/check.h"

static struct status status;

static void read_status(const char *text)
{
    memset(&status, '#', sizeof status);
    status_read(span_of(text), &status);
}

TEST(a_status_says_why)
{
    read_status(
        "{\"kind\":\"Status\",\"code\":403,\"reason\":\"Forbidden\",\"message\":\"no\\tway\\n\"}");
    CHECK_EQ_INT(status.code, 403);
    CHECK_STR(status.reason, "Forbidden");
    CHECK_STR(status.message, "no way ");
}

TEST(anything_else_says_nothing)
{
    static const char *const texts[] = {
        "",
        "404 page not found",
        "[]",
        "{}",
        "{\"kind\":7}",
        "{\"kind\":\"Pod\",\"code\":403,\"reason\":\"Forbidden\",\"message\":\"x\"}",
        "{\"kind\":\"Status\",\"code\":\"403\",\"reason\":\"two words\",\"message\":{}}",
        "{\"kind\":\"Status\",\"code\":99999999999}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        read_status(texts[i]);
        CHECK_EQ_INT(status.code, 0);
        CHECK_STR(status.reason, "");
        CHECK_STR(status.message, "");
    }
}

TEST(long_messages_are_cut_where_a_character_begins)
{
    char text[2048];
    for (int lead = 0; lead < 3; lead++) {
        int n = snprintf(text, sizeof text, "{\"kind\":\"Status\",\"message\":\"%.*s", lead, "xx");
        for (int i = 0; i < 400; i++)
            n += snprintf(text + n, sizeof text - (size_t)n, "\xe2\x82\xac");
        snprintf(text + n, sizeof text - (size_t)n, "\"}");
        read_status(text);
        size_t length = strlen(status.message);
        CHECK(length < STATUS_MESSAGE && length > STATUS_MESSAGE - 4);
        CHECK_EQ_INT((length - (size_t)lead) % 3, 0);
    }
}

TEST(described)
{
    char text[64];
    status_describe(403, "no way", text, sizeof text);
    CHECK_STR(text, "403: no way");
    status_describe(404, "", text, sizeof text);
    CHECK_STR(text, "404: there is no such path");
    status_describe(500, "", text, sizeof text);
    CHECK_STR(text, "500: it does not say why");
}

CHECK_MAIN
