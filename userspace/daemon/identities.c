/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/identities.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "daemon/config.h"
#include "identity/binding.h"
#include "identity/registry.h"
#include "identity/source_static.h"

struct identities {
    struct bindings *bindings;
    struct registry *registry;
};

int identities_load(const struct config *config, struct identities **ret, struct error *error)
{
    struct identities *identities = calloc(1, sizeof *identities);
    if (!identities)
        return error_set(error, -ENOMEM, "out of memory");
    const char *bindings = config->bindings[0] ? config->bindings : NULL;
    int r = binding_load(bindings, &identities->bindings, error);
    if (r == 0)
        r = source_static_load(config->identities, identities->bindings, &identities->registry,
                               error);
    if (r < 0) {
        identities_free(identities);
        return r;
    }
    *ret = identities;
    return 0;
}

const struct registry *identities_registry(const struct identities *identities)
{
    return identities->registry;
}

size_t identities_count(const struct identities *identities)
{
    return registry_count(identities->registry);
}

void identities_free(struct identities *identities)
{
    if (!identities)
        return;
    registry_free(identities->registry);
    binding_free(identities->bindings);
    free(identities);
}
