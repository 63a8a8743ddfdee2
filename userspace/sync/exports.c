/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/exports.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/table.h"
#include "limits.h"
#include "sync/look.h"
#include "sync/names.h"
#include "sync/paths.h"
#include "sync/reflector.h"

#define NAME_SIZE (LIMIT_DNS_LABEL + 1u + LIMIT_DNS_SUBDOMAIN + 1u)
#define VERSION_SIZE (LIMIT_WIRE_RV + 1u)
#define OBJECT_MAX (512u * 1024u) /* annotations: 256 KiB at most, escaped */

struct known {
    char name[NAME_SIZE];         /* "namespace/name", its key in the table */
    char version[VERSION_SIZE];   /* that is as it should be; "": it is not there */
    char meanwhile[VERSION_SIZE]; /* seen while a write of ours was under way */
    uint64_t busy_until_ms;       /* a write of ours is under way; 0: none */
    int is_gone_meanwhile;
    int is_listed; /* in the list that is being read */
};

struct exports {
    struct exports_options options;
    struct reflector *reflector;
    struct table *known;
    int was_listed; /* once: what comes new now was made by somebody */
};

/* ---- what is known -----------------------------------------------------------------------------
 */

static int write_name(char ret[NAME_SIZE], struct span namespace, struct span name)
{
    int n = snprintf(ret, NAME_SIZE, "%.*s/%.*s", (int)namespace.length, namespace.data,
                     (int)name.length, name.data);
    return n > 0 && (unsigned)n < NAME_SIZE;
}

/* NULL: it is not known, and with IS_MADE there is no room for it. */
static struct known *find(struct exports *exports, struct span namespace, struct span name,
                          int is_made)
{
    char text[NAME_SIZE];
    if (!write_name(text, namespace, name))
        return NULL;
    struct known *known = table_find(exports->known, span_of(text));
    if (known || !is_made)
        return known;
    known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    memcpy(known->name, text, sizeof text);
    if (table_set(exports->known, span_of(known->name), known, NULL) == 0)
        return known;
    free(known);
    return NULL;
}

static void tell(struct exports *exports, const struct known *known)
{
    const char *slash = strchr(known->name, '/');
    struct span namespace = {known->name, (size_t)(slash - known->name)};
    exports->options.drifted(exports->options.context, namespace, span_of(slash + 1));
}

static int is_busy(const struct known *known)
{
    return known->busy_until_ms > clock_mono_ms();
}

/* ---- our own writes ----------------------------------------------------------------------------
 */

void exports_begin(struct exports *exports, struct span namespace, struct span name)
{
    struct known *known = find(exports, namespace, name, 1);
    if (!known)
        return;
    known->busy_until_ms = clock_mono_ms() + LIMIT_LINK_MS;
    known->meanwhile[0] = '\0';
    known->is_gone_meanwhile = 0;
}

/*
 * The watch may have shown our own write already, or one of somebody else: what it showed last
 * counts. A write of somebody else just before ours is told too, once: ours is done again then.
 */
void exports_end(struct exports *exports, struct span namespace, struct span name,
                 struct span resource_version, int is_gone)
{
    struct known *known = find(exports, namespace, name, 0);
    if (!known)
        return;
    known->busy_until_ms = 0;
    if (resource_version.length)
        str_copy(known->version, sizeof known->version, resource_version);
    else if (is_gone || known->is_gone_meanwhile)
        known->version[0] = '\0';
    if (known->meanwhile[0] && strcmp(known->meanwhile, known->version) != 0)
        tell(exports, known);
}

/* ---- the watch ---------------------------------------------------------------------------------
 */

static void on_reset(void *context)
{
    struct exports *exports = context;
    size_t at = 0;
    for (struct known *known; (known = table_next(exports->known, &at));)
        known->is_listed = 0;
}

static void on_object(void *context, const cJSON *object)
{
    struct exports *exports = context;
    struct span version = look_text(object, LOOK("metadata", "resourceVersion"));
    struct known *known = find(exports, look_text(object, LOOK("metadata", "namespace")),
                               look_text(object, LOOK("metadata", "name")), 1);
    if (!known || version.length >= VERSION_SIZE)
        return;
    int is_new = !known->version[0] && !exports->was_listed;
    known->is_listed = 1;
    if (span_is(version, known->version))
        return;
    if (is_busy(known)) {
        str_copy(known->meanwhile, sizeof known->meanwhile, version);
        return;
    }
    str_copy(known->version, sizeof known->version, version);
    if (!is_new)
        tell(exports, known);
}

static void lose(struct exports *exports, struct known *known)
{
    if (is_busy(known)) {
        known->is_gone_meanwhile = 1;
        return;
    }
    int was_there = known->version[0] != '\0';
    known->version[0] = '\0';
    if (was_there)
        tell(exports, known);
}

static void on_gone(void *context, const cJSON *object)
{
    struct exports *exports = context;
    struct known *known = find(exports, look_text(object, LOOK("metadata", "namespace")),
                               look_text(object, LOOK("metadata", "name")), 0);
    if (known)
        lose(exports, known);
}

static void on_synced(void *context)
{
    struct exports *exports = context;
    size_t at = 0;
    exports->was_listed = 1;
    for (struct known *known; (known = table_next(exports->known, &at));)
        if (!known->is_listed)
            lose(exports, known);
}

static void on_state(void *context, int is_up, const char *why)
{
    const struct exports *exports = context;
    exports->options.state(exports->options.context, is_up, why);
}

/* ---- exports -----------------------------------------------------------------------------------
 */

struct exports *exports_new(const struct exports_options *options)
{
    struct exports *exports = calloc(1, sizeof *exports);
    if (!exports)
        return NULL;
    exports->options = *options;
    const struct reflector_options watch = {
        .loop = options->loop,
        .api = options->api,
        .path = PATHS_ALL_SECRETS,
        .query = "labelSelector=app.kubernetes.io%2Fmanaged-by%3D" NAMES_MANAGER,
        .accept = REFLECTOR_METADATA,
        .max_object = OBJECT_MAX,
        .reset = on_reset,
        .object = on_object,
        .gone = on_gone,
        .synced = on_synced,
        .state = on_state,
        .context = exports,
    };
    exports->known = table_new(LIMIT_SYNC_EXPORTS);
    if (exports->known)
        exports->reflector = reflector_new(&watch);
    if (exports->reflector)
        return exports;
    exports_free(exports);
    return NULL;
}

void exports_free(struct exports *exports)
{
    if (!exports)
        return;
    size_t at = 0;
    reflector_free(exports->reflector);
    if (exports->known)
        for (struct known *known; (known = table_next(exports->known, &at));)
            free(known);
    table_free(exports->known);
    free(exports);
}
