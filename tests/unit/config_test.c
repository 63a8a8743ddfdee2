/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/config.h"

#include <errno.h>

#include "base/error.h"
#include "limits.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

TEST(bounds)
{
    static const struct {
        const char *option, *least, *most, *below, *above; /* NULL: there is none */
    } rows[] = {
        {"arena_size", "8M", "8G", "8191K", "8388609K"},
        {"max_secrets", "1", "100000", "0", "100001"},
        {"max_connections", "8", "4096", "7", "4097"},
        {"max_connections_per_pod", "1", "4096", "0", "4097"},
        {"header_timeout", "100ms", "10m", "99ms", "600001ms"},
        {"body_timeout", "100ms", "10m", "99ms", "601s"},
        {"write_timeout", "100ms", "600s", "0", "11m"},
        {"idle_timeout", "1s", "24h", "999ms", "86401s"},
        {"identity_wait", "0", "10m", NULL, "600001ms"},
        {"drain_timeout", "0", "10m", NULL, "600001ms"},
        {"canary_interval", "100ms", "24h", "99ms", "25h"},
        {"audit_segment", "512K", "1G", "511K", "1048577K"},
        {"audit_keep", "1", "1000000", "0", "1000001"},
        {"audit_required", "no", "yes", NULL, "2"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const values[] = {rows[i].least, rows[i].most, rows[i].below, rows[i].above};
        for (size_t k = 0; k < 4; k++) {
            struct config config;
            struct error error = {""};
            char text[128];
            if (!values[k])
                continue;
            config_defaults(&config);
            snprintf(text, sizeof text, "%s=%s", rows[i].option, values[k]);
            int r = config_set(&config, text, &error);
            if (r != (k < 2 ? 0 : -EINVAL))
                check_fail(__FILE__, __LINE__, "%s: %d %s", text, r, error.text);
            CHECK_EQ_INT(strncmp(error.text, rows[i].option, strlen(rows[i].option)) == 0, k >= 2);
        }
    }
}

TEST(values)
{
    struct config config;
    config_defaults(&config);
    CHECK_EQ_INT(config_set(&config, "arena_size=128M", NULL), 0);
    CHECK(config.arena_size == 128u << 20);
    CHECK_EQ_INT(config_set(&config, " idle_timeout \t=  2m ", NULL), 0);
    CHECK_EQ_INT(config.idle_timeout, 120000);
    CHECK_EQ_INT(config_set(&config, "audit_required=off", NULL), 0);
    CHECK_EQ_INT(config.audit_required, 0);
    CHECK_EQ_INT(config_set(&config, "kubelet_roots=/a /b/c", NULL), 0);
    CHECK_STR(config.kubelet_roots, "/a /b/c");
    CHECK_EQ_INT(config_set(&config, "bindings=/x=y", NULL), 0);
    CHECK_STR(config.bindings, "/x=y");
    CHECK_EQ_INT(config_set(&config, "bindings=", NULL), 0);
    CHECK_STR(config.bindings, "");
    CHECK_EQ_INT(config_set(&config, "identities=/" X250 "xxxx", NULL), 0);
    CHECK_EQ_INT(strlen(config.identities), CONFIG_TEXT - 1);
}

TEST(refused)
{
    static const char *const rows[][2] = {
        {"", "is no 'name = value'"},
        {"attest", "'attest' is no 'name = value'"},
        {"=x", "there is no option ''"},
        {"Attest=auto", "there is no option 'Attest'"},
        {"attest =magic", "it takes one of: auto lsm cgroup"},
        {"attest=", "it takes one of: auto lsm cgroup"},
        {"attest=auto lsm", "it takes one of"},
        {"attest=aut", "it takes one of"},
        {"arena_backing=swap", "it takes one of: auto memfd_secret mlock"},
        {"log_level=2", "it takes one of: error warn info debug"},
        {"socket_dir=run", "an absolute path of at most 255 bytes"},
        {"socket_dir=", "an absolute path"},
        {"identities=/" X250 "xxxxx", "an absolute path"},
        {"kubelet_roots=/" X250 "xxxxx", "absolute cgroup paths"},
        {"arena_size=64", "a size from 8192K to 8388608K"},
        {"arena_size=lots", "a size from"},
        {"max_secrets=1K", "a number from 1 to 100000"},
        {"max_secrets=-1", "a number from"},
        {"idle_timeout=5", "a time from 1000ms to 86400s"},
        {"idle_timeout=99999999999999999999h", "a time from"},
        {"audit_required=maybe", "yes or no"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config config;
        struct error error = {""};
        config_defaults(&config);
        CHECK_EQ_INT(config_set(&config, rows[i][0], &error), -EINVAL);
        if (!strstr(error.text, rows[i][1]))
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i][0], error.text);
    }
}

static int load(struct config *config, const char *text, struct error *error)
{
    scratch_new();
    return config_load(config, scratch_file("conf", text), error);
}

TEST(files)
{
    struct config config, defaults;
    struct error error = {""};
    config_defaults(&config);
    config_defaults(&defaults);
    CHECK_EQ_INT(load(&config, "# nothing\n\n", &error), 0);
    CHECK_MEM(&config, &defaults, sizeof config);
    CHECK_EQ_INT(load(&config, "attest = lsm # why\r\n\n  max_secrets=5\nattest = cgroup", &error),
                 0);
    CHECK_STR(config.attest, "cgroup"); /* the last line counts */
    CHECK_EQ_INT(config.max_secrets, 5);
}

TEST(bad_files)
{
    static const char *const rows[][2] = {
        {"x\n", "conf: line 1: 'x' is no"},
        {"\n# a\n  colour = red\n", "conf: line 3: there is no option 'colour'"},
        {"attest = lsm\nattest = x", "conf: line 2: attest = 'x' is not allowed"},
        {"max_secrets = 5 6\n", "conf: line 1: max_secrets = '5 6' is not allowed"},
    };
    struct error error = {""};
    struct config config;
    for (size_t i = 0; i < COUNT(rows); i++) {
        config_defaults(&config);
        CHECK_EQ_INT(load(&config, rows[i][0], &error), -EINVAL);
        if (!strstr(error.text, rows[i][1]))
            check_fail(__FILE__, __LINE__, "'%s': %s", rows[i][0], error.text);
    }
    CHECK_EQ_INT(config_load(&config, scratch_path("missing"), &error), -ENOENT);
}

/* What is printed for people is a file that says the defaults, and nothing is left out of it. */
TEST(printed_file_is_the_defaults)
{
    struct config defaults, loaded;
    struct error error = {""};
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    config_print(file);
    CHECK(fclose(file) == 0);
    config_defaults(&defaults);
    memset(&loaded, 0, sizeof loaded);
    if (load(&loaded, text, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    CHECK_MEM(&loaded, &defaults, sizeof loaded);
    CHECK(strstr(text, "# takes one of: auto lsm cgroup\nattest = auto\n") != NULL);
    free(text);
}

/* The limits of limits.h that say they are defaults. */
TEST(defaults)
{
    struct config config;
    config_defaults(&config);
    CHECK(config.arena_size == LIMIT_ARENA_DEFAULT);
    CHECK_EQ_INT(config.max_secrets, LIMIT_SECRETS);
    CHECK_EQ_INT(config.max_connections, LIMIT_CONNECTIONS);
    CHECK_EQ_INT(config.max_connections_per_pod, LIMIT_CONNECTIONS_PER_POD);
    CHECK_EQ_INT(config.header_timeout, LIMIT_HEADER_MS);
    CHECK_EQ_INT(config.body_timeout, LIMIT_BODY_MS);
    CHECK_EQ_INT(config.write_timeout, LIMIT_WRITE_MS);
    CHECK_EQ_INT(config.idle_timeout, LIMIT_IDLE_MS);
    CHECK_EQ_INT(config.identity_wait, LIMIT_IDENTITY_WAIT_MS);
    CHECK_EQ_INT(config.drain_timeout, LIMIT_DRAIN_MS);
    CHECK_EQ_INT(config.canary_interval, LIMIT_CANARY_MS);
    CHECK_EQ_INT(config.audit_segment, LIMIT_AUDIT_SEGMENT);
    CHECK_EQ_INT(config.audit_keep, LIMIT_AUDIT_KEEP);
    CHECK_EQ_INT(config.audit_required, 1);
    CHECK_STR(config.attest, "auto");
}

CHECK_MAIN
