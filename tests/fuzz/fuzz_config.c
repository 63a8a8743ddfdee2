/* SPDX-License-Identifier: BSD-2-Clause */
/* The three files that people write; the first byte says which one the rest is. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/config.h"
#include "identity/binding.h"
#include "identity/fields.h"
#include "identity/registry.h"
#include "identity/source_static.h"
#include "tests/fuzz/fuzz.h"

static int load_config(const char *path, struct error *error)
{
    struct config config;
    config_defaults(&config);
    int r = config_load(&config, path, error);
    if (r == 0)
        MUST(memchr(config.identities, '\0', sizeof config.identities) && config.max_secrets &&
             config.audit_keep && config.arena_size);
    return r;
}

static int load_bindings(const char *path, struct error *error)
{
    struct bindings *bindings = NULL;
    static struct fields nobody;
    int r = binding_load(path, &bindings, error);
    MUST((r == 0) == (bindings != NULL));
    if (r == 0)
        binding_workload(bindings, &nobody);
    binding_free(bindings);
    return r;
}

static int load_identities(const char *path, struct error *error)
{
    struct bindings *none = NULL;
    struct registry *registry = NULL;
    MUST(binding_load(NULL, &none, error) == 0);
    int r = source_static_load(path, none, &registry, error);
    MUST((r == 0) == (registry != NULL));
    registry_free(registry);
    binding_free(none);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const loads[])(const char *path, struct error *error) = {
        load_config, load_bindings, load_identities};
    if (size == 0)
        return 0;
    char path[64];
    struct error error = {""};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd >= 0 && fchmod(fd, 0600) < 0)
        return 0;
    MUST(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int r = loads[data[0] % 3](path, &error);
    MUST(r <= 0 && (r == 0) == (error.text[0] == '\0'));
    MUST(r == 0 || strstr(error.text, path));
    close(fd);
    return 0;
}
