/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/paths.h"

#include <errno.h>

#include "base/name.h"
#include "base/writer.h"

static const struct place {
    const char *group;
    const char *plural;
    int has_namespace;
} places[] = {
    [PATHS_VSECMSECRET] = {"/apis/vsecm.com/v1", "vsecmsecrets", 1},
    [PATHS_VSECMNODE] = {"/apis/vsecm.com/v1", "vsecmnodes", 0},
    [PATHS_VSECMKEY] = {"/apis/vsecm.com/v1", "vsecmkeys", 0},
    [PATHS_SECRET] = {"/api/v1", "secrets", 1},
    [PATHS_EVENT] = {"/api/v1", "events", 1},
    [PATHS_LEASE] = {"/apis/coordination.k8s.io/v1", "leases", 1},
};

int paths_write(char ret[PATHS_SIZE], enum paths_kind kind, struct span namespace, struct span name,
                const char *sub)
{
    const struct place *place = &places[kind];
    struct writer w = writer_on(ret, PATHS_SIZE);
    if (place->has_namespace && !name_is_label(namespace))
        return -EINVAL;
    if (name.length && !name_is_subdomain(name))
        return -EINVAL;
    writer_text(&w, place->group);
    if (place->has_namespace) {
        writer_literal(&w, "/namespaces/");
        writer_span(&w, namespace);
    }
    writer_literal(&w, "/");
    writer_text(&w, place->plural);
    if (name.length) {
        writer_literal(&w, "/");
        writer_span(&w, name);
    }
    writer_text(&w, sub);
    writer_bytes(&w, "", 1);
    return writer_ok(&w) ? 0 : -EINVAL;
}
