/* SPDX-License-Identifier: BSD-2-Clause */
/* The two files that say who is who: identities and bindings. */
#include "identity/source_static.h"

#include <errno.h>

#include "base/error.h"
#include "identity/binding.h"
#include "identity/fields.h"
#include "identity/identity.h"
#include "identity/place.h"
#include "identity/registry.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define UID "11112222-3333-4444-5555-66667777abcd"
#define OTHER "99992222-3333-4444-5555-66667777abcd"
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X64 X50 "xxxxxxxxxxxxxx"

/* ---- fields -------------------------------------------------------------------------------- */

TEST(fields)
{
    struct fields fields;
    struct error error = {""};
    CHECK_EQ_INT(fields_read(span_of("namespace=prod service-account=pay.ments  pod=pay-0\t"
                                     "label.app=web label.k8s.io/x= workload=w label.eq=a=b"),
                             &fields, &error),
                 0);
    CHECK(span_is(fields.namespace, "prod"));
    CHECK(span_is(fields.service_account, "pay.ments"));
    CHECK(span_is(fields.pod, "pay-0"));
    CHECK(span_is(fields.workload, "w"));
    CHECK_EQ_INT(fields.label_count, 3);
    CHECK(span_is(fields.labels[0].key, "app") && span_is(fields.labels[0].value, "web"));
    CHECK(span_is(fields.labels[1].key, "k8s.io/x") && span_is(fields.labels[1].value, ""));
    CHECK(span_is(fields.labels[2].key, "eq") && span_is(fields.labels[2].value, "a=b"));
    CHECK_EQ_INT(fields_read(span_of(""), &fields, &error), 0);
    CHECK_EQ_INT(fields.label_count + fields.namespace.length, 0);
}

TEST(bad_fields)
{
    static const char *const rows[][2] = {
        {"namespace", "'namespace' is no name=value"},
        {"namespace=", "namespace '' must be a DNS label"},
        {"namespace=A", "namespace 'A' must be a DNS label"},
        {"namespace=a.b", "namespace 'a.b' must be a DNS label"},
        {"namespace=a namespace=a", "namespace is given twice"},
        {"service-account=a_b", "service-account 'a_b' must be a DNS subdomain"},
        {"workload=a.b", "workload 'a.b' must be a DNS label"},
        {"pod=-", "pod '-' must be a DNS subdomain"},
        {"=x", "unknown field ''"},
        {"Namespace=x", "unknown field 'Namespace'"},
        {"label=x", "unknown field 'label'"},
        {"label.=x", "unknown field 'label.'"},
        {"label.a=" X64, "label 'a' is empty or longer"},
        {"label.a=b\001", "a label has characters"},
        {"label.\303\251=b", "a label has characters"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fields fields;
        struct error error = {""};
        CHECK_EQ_INT(fields_read(span_of(rows[i][0]), &fields, &error), -EINVAL);
        if (!strstr(error.text, rows[i][1]))
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i][0], error.text);
    }
}

TEST(as_many_labels_as_there_may_be)
{
    char line[LIMIT_LINE] = "";
    struct fields fields;
    struct error error = {""};
    for (size_t i = 0; i < LIMIT_LABELS; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "label.k%zu=v ", i);
    CHECK_EQ_INT(fields_read(span_of(line), &fields, &error), 0);
    CHECK_EQ_INT(fields.label_count, LIMIT_LABELS);
    snprintf(line + strlen(line), sizeof line - strlen(line), "label.more=v");
    CHECK_EQ_INT(fields_read(span_of(line), &fields, &error), -EINVAL);
    CHECK(strstr(error.text, "more than 64 labels") != NULL);
}

TEST(labels_that_no_line_could_hold)
{
    static const char *const bad[] = {"a b", "a#b", "a\nb", "a\tb", "a\177"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct fields fields = {0};
        struct error error = {""};
        CHECK_EQ_INT(fields_add_label(&fields, span_of("k"), span_of(bad[i]), &error), -EINVAL);
        CHECK_EQ_INT(fields_add_label(&fields, span_of(bad[i]), span_of("v"), &error), -EINVAL);
        CHECK_EQ_INT(fields.label_count, 0);
    }
}

/* ---- bindings ------------------------------------------------------------------------------ */

static struct bindings *load_bindings(const char *text)
{
    struct bindings *bindings = NULL;
    struct error error = {""};
    scratch_new();
    if (binding_load(scratch_file("bindings", text), &bindings, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    return bindings;
}

static void check_workload(const struct bindings *bindings, const char *line, const char *expected)
{
    struct fields fields;
    struct error error = {""};
    CHECK_EQ_INT(fields_read(span_of(line), &fields, &error), 0);
    struct span workload = binding_workload(bindings, &fields);
    if (!span_is(workload, expected))
        check_fail(__FILE__, __LINE__, "'%s' is '%.*s'", line, (int)workload.length,
                   workload.data ? workload.data : "");
}

TEST(first_rule_that_matches)
{
    struct bindings *bindings = load_bindings("# rules\n"
                                              "web   namespace=prod service-account=front\n"
                                              "canary namespace=prod label.app=x label.canary=1\n"
                                              "x     label.app=x\r\n"
                                              "front label.none=\n"
                                              "prod  namespace=prod # the rest of it\n"
                                              "never namespace=prod service-account=front\n");
    check_workload(bindings, "namespace=prod service-account=front", "web");
    check_workload(bindings, "namespace=prod service-account=front label.app=x", "web");
    check_workload(bindings, "namespace=prod service-account=a label.canary=1 label.app=x",
                   "canary");
    check_workload(bindings, "namespace=prod service-account=a label.app=x", "x");
    check_workload(bindings, "namespace=test service-account=a label.app=x label.canary=1", "x");
    check_workload(bindings, "namespace=prod service-account=a label.app=y", "prod");
    check_workload(bindings, "namespace=test service-account=a label.app=y", "a");
    check_workload(bindings, "namespace=test service-account=a label.none=", "front");
    check_workload(bindings, "namespace=test service-account=a label.none=1", "a");
    check_workload(bindings, "namespace=test", "");
    binding_free(bindings);
}

TEST(no_bindings)
{
    struct bindings *bindings = NULL;
    struct error error = {""};
    CHECK_EQ_INT(binding_load(NULL, &bindings, &error), 0);
    check_workload(bindings, "namespace=a service-account=b", "b");
    binding_free(bindings);
    binding_free(NULL);
    bindings = load_bindings("\n# nothing\n");
    check_workload(bindings, "namespace=a service-account=b", "b");
    binding_free(bindings);
}

TEST(rule_without_a_criterion_matches_all)
{
    struct bindings *bindings = load_bindings("all\n");
    check_workload(bindings, "namespace=a service-account=b", "all");
    binding_free(bindings);
}

TEST(rules_added_from_fields)
{
    struct bindings *bindings = load_bindings("first namespace=a label.x=1\n");
    struct fields when = {.namespace = span_of("a")}, bad = {.pod = span_of("p")};
    struct error error = {""};
    CHECK_EQ_INT(binding_add(bindings, span_of("second"), &when, &error), 0);
    CHECK_EQ_INT(binding_add(bindings, span_of("Third"), &when, &error), -EINVAL);
    CHECK_EQ_INT(binding_add(bindings, span_of("third"), &bad, &error), -EINVAL);
    CHECK_EQ_INT(binding_count(bindings), 2);
    check_workload(bindings, "namespace=a service-account=s label.x=1", "first");
    check_workload(bindings, "namespace=a service-account=s", "second");
    CHECK_EQ_INT(binding_match(bindings, &(struct fields){.namespace = span_of("b")}).length, 0);
    binding_free(bindings);
}

TEST(bad_bindings)
{
    static const char *const rows[][2] = {
        {"A namespace=x\n", "line 1: workload 'A' must be a DNS label"},
        {"\n\n  namespace=x\n", "line 3: workload 'namespace=x' must be"},
        {"w namespace=x\nw x\n", "line 2: 'x' is no name=value"},
        {"w workload=x\n", "line 1: a rule matches by"},
        {"# c\nw pod=x\n", "line 2: a rule matches by"},
        {"w namespace=x namespace=y", "line 1: namespace is given twice"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bindings *bindings = NULL;
        struct error error = {""};
        scratch_new();
        const char *path = scratch_file("bindings", rows[i][0]);
        CHECK_EQ_INT(binding_load(path, &bindings, &error), -EINVAL);
        CHECK(bindings == NULL);
        if (!strstr(error.text, rows[i][1]) || strncmp(error.text, path, strlen(path)) != 0)
            check_fail(__FILE__, __LINE__, "%s", error.text);
    }
}

TEST(as_many_bindings_as_there_may_be)
{
    static char text[LIMIT_BINDINGS * 2 + 3];
    struct error error = {""};
    for (size_t i = 0; i <= LIMIT_BINDINGS; i++)
        memcpy(text + 2 * i, "w\n", 2);
    text[2 * LIMIT_BINDINGS] = '\0';
    struct bindings *bindings = load_bindings(text);
    binding_free(bindings);
    bindings = NULL;
    text[2 * LIMIT_BINDINGS] = 'w';
    CHECK_EQ_INT(binding_load(scratch_file("more", text), &bindings, &error), -EINVAL);
    CHECK(strstr(error.text, "line 4097: more than 4096 rules") != NULL);
}

/* ---- identities ---------------------------------------------------------------------------- */

static int load(const char *rules, const char *text, struct registry **ret, struct error *error)
{
    struct bindings *bindings = load_bindings(rules);
    int r = source_static_load(scratch_file("identities", text), bindings, ret, error);
    binding_free(bindings); /* nothing of it may be needed any more */
    return r;
}

static struct identity *identity_at(const struct registry *registry, enum place_kind kind,
                                    const char *name)
{
    struct place place = {.kind = kind};
    char *to = kind == PLACE_POD ? place.pod_uid : kind == PLACE_UNIT ? place.unit : place.path;
    memcpy(to, name, strlen(name));
    struct identity *identity = registry_find(registry, &place);
    CHECK(identity != NULL);
    return identity;
}

TEST(identities)
{
    struct registry *registry = NULL;
    struct error error = {""};
    static const char text[] =
        "# who is who\n"
        "pod " UID " namespace=prod service-account=front pod=front-0 label.app=web label.a=b\n"
        "pod " OTHER " namespace=prod workload=own service-account=front\r\n"
        "pod 0123456789abcdef0123456789abcdef namespace=kube-system service-account=proxy\n"
        "unit nginx.service namespace=host workload=nginx\n"
        "\tcgroup /ops/tool namespace=host workload=tool   # no newline behind";
    CHECK_EQ_INT(load("web namespace=prod service-account=front\n", text, &registry, &error), 0);
    CHECK_EQ_INT(registry_count(registry), 5);

    struct identity *identity = identity_at(registry, PLACE_POD, UID);
    CHECK_STR(identity->key, "prod/web");
    CHECK_STR(identity->pod, "front-0");
    CHECK_STR(identity->service_account, "front");
    CHECK_STR(identity_label(identity, span_of("app")), "web");
    CHECK_STR(identity_label(identity, span_of("a")), "b");

    identity = identity_at(registry, PLACE_POD, OTHER);
    CHECK_STR(identity->key, "prod/own"); /* workload= beats the rule */
    CHECK_STR(identity->pod, NULL);
    identity = identity_at(registry, PLACE_POD, "0123456789abcdef0123456789abcdef");
    CHECK_STR(identity->key, "kube-system/proxy");
    identity = identity_at(registry, PLACE_UNIT, "nginx.service");
    CHECK_STR(identity->key, "host/nginx");
    identity = identity_at(registry, PLACE_HOST, "/ops/tool/below");
    CHECK_STR(identity->key, "host/tool");
    registry_free(registry);
}

TEST(bad_identities)
{
    static const char *const rows[][2] = {
        {"user x namespace=a workload=b\n", "line 1: 'user' is unknown"},
        {"Pod " UID " namespace=a workload=b\n", "line 1: 'Pod' is unknown"},
        {"\npod\n", "line 2: after 'pod' there must be a pod's uid"},
        {"pod namespace=a workload=b\n", "line 1: after 'pod' there must be a pod's uid"},
        {"pod 11112222-3333-4444-5555-66667777ABCD namespace=a workload=b\n", "a pod's uid"},
        {"unit nginx namespace=a workload=b\n", "ending in .service"},
        {"unit .service namespace=a workload=b\n", "ending in .service"},
        {"unit a/b.service namespace=a workload=b\n", "ending in .service"},
        {"unit " X64 X64 ".service namespace=a workload=b\n", "ending in .service"},
        {"cgroup ops namespace=a workload=b\n", "an absolute cgroup path"},
        {"cgroup / namespace=a workload=b\n", "an absolute cgroup path"},
        {"cgroup /ops/ namespace=a workload=b\n", "an absolute cgroup path"},
        {"cgroup /ops/../x namespace=a workload=b\n", "an absolute cgroup path"},
        {"pod " UID "\n", "needs namespace= and service-account= (or workload=)"},
        {"pod " UID " namespace=a\n", "needs namespace= and service-account= (or workload=)"},
        {"pod " UID " workload=a\n", "needs namespace="},
        {"unit a.service namespace=a service-account=\n", "service-account '' must be"},
        {"unit a.service namespace=a\n", "needs namespace= and workload="},
        {"cgroup /a workload=a\n", "needs namespace= and workload="},
        {"pod " UID " namespace=a service-account=b.c\n", "workload 'b.c' must be a DNS label"},
        {"pod " UID " namespace=a service-account=b x=y\n", "line 1: unknown field 'x'"},
        {"pod " UID " namespace=a workload=b\npod " UID " namespace=a workload=c label.a=b\n",
         "line 2: pod " UID " is listed twice"},
        {"cgroup /a namespace=a workload=b\ncgroup /a namespace=a workload=b\n",
         "line 2: cgroup /a is listed twice"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct registry *registry = NULL;
        struct error error = {""};
        CHECK(load("", rows[i][0], &registry, &error) < 0);
        CHECK(registry == NULL);
        if (!strstr(error.text, rows[i][1]) || !strstr(error.text, "identities: line "))
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i][0], error.text);
    }
}

TEST(everybody_in_a_registry)
{
    struct registry *registry = NULL;
    struct error error = {""};
    static const char text[] = "pod " UID " namespace=a workload=b\n"
                               "unit x.service namespace=a workload=c\n"
                               "cgroup /p/q namespace=a workload=d\n";
    CHECK_EQ_INT(load("", text, &registry, &error), 0);
    static const char *const names[] = {
        [REGISTRY_POD] = UID, [REGISTRY_UNIT] = "x.service", [REGISTRY_PATH] = "/p/q"};
    size_t at = 0;
    unsigned seen = 0;
    enum registry_kind kind;
    struct span name;
    for (struct identity *one; (one = registry_next(registry, &at, &kind, &name));) {
        CHECK(span_is(name, names[kind]));
        CHECK_EQ_INT(one->workload[0], "bcd"[kind]);
        seen |= 1u << kind;
    }
    CHECK_EQ_INT(seen, 7);
    CHECK(!registry_is_unseen(registry));
    registry_set_unseen(registry);
    CHECK(registry_is_unseen(registry));
    registry_free(registry);
}

TEST(missing_file)
{
    struct registry *registry = NULL;
    struct error error = {""};
    struct bindings *bindings = load_bindings("");
    CHECK_EQ_INT(source_static_load(scratch_path("missing"), bindings, &registry, &error), -ENOENT);
    CHECK(strstr(error.text, "missing: No such file") != NULL);
    CHECK_EQ_INT(binding_load(scratch_path("missing"), &bindings, &error), -ENOENT);
    binding_free(bindings);
}

TEST(more_identities_than_there_may_be)
{
    struct registry *registry = NULL;
    struct error error = {""};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    CHECK(file != NULL);
    for (unsigned i = 0; i <= LIMIT_IDENTITIES; i++)
        fprintf(file, "cgroup /c%u namespace=a workload=b\n", i);
    CHECK(fclose(file) == 0);
    CHECK_EQ_INT(load("", text, &registry, &error), -ENOSPC);
    CHECK(strstr(error.text, "line 20001: cannot add it (at most 20000)") != NULL);
    free(text);
}

CHECK_MAIN
