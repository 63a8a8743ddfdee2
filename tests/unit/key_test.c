/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/key.h"

#include "base/writer.h"
#include "limits.h"
#include "tests/unit/check.h"

TEST(good_and_bad)
{
    static const char *const good[] = {"a/b",  "web-1/x", "0/9", "a/k8s.b", "a/k8s.tls.example.com",
                                       "a/k8s"};
    static const char *const bad[] = {
        "",      "/",     "a",      "a/",      "/b",       "a/b/c",   "A/b",     "a/-b",   "a b/c",
        "a/b\n", "a.b/c", "a/k8s.", "a/k8s:b", "a/k8s.-b", "a/k9s.b", "k8s.a/b", "a/k8s.B"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(key_is_good(span_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (key_is_good(span_of(bad[i])))
            check_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
    CHECK(!key_is_good((struct span){NULL, 0}));
}

TEST(parts)
{
    struct key_parts parts = key_split(SPAN_LITERAL("shop/web"));
    CHECK(span_is(parts.namespace, "shop") && span_is(parts.workload, "web"));
    parts = key_split(SPAN_LITERAL("shop"));
    CHECK(span_is(parts.namespace, "shop") && parts.workload.length == 0);
}

/* What a Kubernetes Secret is made of: its name, in both forms, and how long it may be. */
TEST(exports)
{
    char text[] = "shop/k8s:tls.example.com", other[] = "shop/k8sxtls", out[64];
    CHECK(!key_is_export(SPAN_LITERAL("shop/k8s")) && !key_is_export(SPAN_LITERAL("shop/web")));
    CHECK(key_is_export(SPAN_LITERAL("shop/k8s.tls")));
    CHECK(key_is_asked(SPAN_LITERAL("k8s:tls")) && key_is_asked(SPAN_LITERAL("k8s.tls")));
    CHECK(key_is_asked(SPAN_LITERAL("web")) && !key_is_asked(SPAN_LITERAL("k8s:")));
    CHECK(key_asks_export(SPAN_LITERAL("k8s:")) && !key_asks_export(SPAN_LITERAL("k8s")));
    key_unify(text);
    key_unify(other);
    CHECK_STR(text, "shop/k8s.tls.example.com");
    CHECK_STR(other, "shop/k8sxtls");
    CHECK(span_is(key_export_name(span_of(text)), "tls.example.com"));
    struct writer w = writer_on(out, sizeof out);
    key_write_name(&w, key_split(span_of(text)).workload);
    writer_literal(&w, " ");
    key_write_name(&w, SPAN_LITERAL("web"));
    CHECK(span_is((struct span){out, w.used}, "k8s:tls.example.com web"));
}

TEST(longest)
{
    char text[LIMIT_KEY + 2];
    memset(text, 'a', sizeof text);
    text[LIMIT_DNS_LABEL] = '/';
    memcpy(text + LIMIT_DNS_LABEL + 1, "k8s.", 4);
    CHECK(key_is_good((struct span){text, LIMIT_KEY}));
    CHECK(!key_is_good((struct span){text, LIMIT_KEY + 1}));
}

CHECK_MAIN
