/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/route.h"

#include "base/writer.h"
#include "limits.h"
#include "protocol.h"
#include "serve/backups.h"
#include "serve/keys.h"
#include "serve/keystone.h"
#include "serve/listing.h"
#include "serve/nodes.h"
#include "serve/protect.h"
#include "serve/push.h"
#include "serve/restores.h"
#include "serve/sentinel.h"
#include "serve/status.h"
#include "serve/versions.h"
#include "serve/workload.h"

#define BACKUP "`kubectl get vsecmsecrets -A -o yaml` is a backup, sealed to the cluster's root key"
#define RESTORE "`kubectl apply` brings back what `kubectl get vsecmsecrets -A -o yaml` gave"

/* clang-format off */
static const struct route routes[] = {
    /* method   path                  tail access           body        files sealed operation       handler */
    {"GET",    PATH_WORKLOAD_SECRET,  0,   ACCESS_WORKLOAD, 0,          0,    0,     "get",          workload_secret, NULL},
    {"GET",    PATH_VALUE,            0,   ACCESS_WORKLOAD, 0,          0,    0,     "value",        workload_value, NULL},
    {"GET",    PATH_VALUE,            1,   ACCESS_WORKLOAD, 0,          0,    0,     "member",       workload_member, NULL},
    {"GET",    PATH_WATCH,            0,   ACCESS_WORKLOAD, 0,          0,    0,     "watch",        push_watch, NULL},
    {"GET",    PATH_PAGE,             0,   ACCESS_WORKLOAD, 0,          0,    0,     "page",         push_page, NULL},
    {"POST",   PATH_SHIELD,           0,   ACCESS_WORKLOAD, LIMIT_GUARD_BODY, 0, 0,   "shield",       protect_shield, NULL},
    {"POST",   PATH_GUARD,            0,   ACCESS_WORKLOAD, LIMIT_GUARD_BODY, LIMIT_GUARD_FILES, 0, "guard", protect_files, NULL},
    {"GET",    PATH_WHOAMI,           0,   ACCESS_ANYONE,   0,          0,    1,     "whoami",       workload_whoami, NULL},
    {"GET",    PATH_RECIPIENT,        0,   ACCESS_ANYONE,   0,          0,    0,     "recipient",    keys_recipient, NULL},
    {"GET",    PATH_SENTINEL_SECRETS, 0,   ACCESS_ADMIN,    0,          0,    0,     "list",         listing_get, NULL},
    {"POST",   PATH_SENTINEL_SECRETS, 0,   ACCESS_ADMIN,    LIMIT_BODY, 0,    0,     "put",          sentinel_put, NULL},
    {"DELETE", PATH_SENTINEL_SECRETS, 0,   ACCESS_ADMIN,    LIMIT_BODY, 0,    0,     "delete",       sentinel_delete, NULL},
    {"GET",    PATH_KEYSTONE,         0,   ACCESS_ADMIN,    0,          0,    0,     "keystone",     keystone_get, NULL},
    {"POST",   PATH_KEYS,             0,   ACCESS_ADMIN,    LIMIT_KEYS, 0,    1,     "unseal",       keys_unseal, NULL},
    {"GET",    PATH_STATUS,           0,   ACCESS_ADMIN,    0,          0,    1,     "status",       status_show, NULL},
    {"GET",    PATH_HISTORY,          0,   ACCESS_ADMIN,    0,          0,    0,     "history",      versions_list, NULL},
    {"GET",    PATH_ADMIN_VALUE,      0,   ACCESS_ADMIN,    0,          0,    0,     "reveal",       versions_value, NULL},
    {"POST",   PATH_ROLLBACK,         0,   ACCESS_ADMIN,    LIMIT_KEYS, 0,    0,     "rollback",     versions_rollback, NULL},
    {"GET",    PATH_BACKUP,           0,   ACCESS_ADMIN,    0,          0,    0,     "backup",       backups_get, BACKUP},
    {"POST",   PATH_RESTORE,          0,   ACCESS_ADMIN,    LIMIT_PIECE, 0,    0,    "upload",       restores_receive, RESTORE},
    {"POST",   PATH_RESTORE_APPLY,    0,   ACCESS_ADMIN,    LIMIT_BODY, 0,    0,     "restore",      restores_apply, RESTORE},
    {"POST",   PATH_REKEY,            0,   ACCESS_ADMIN,    LIMIT_KEYS, 0,    0,     "rekey",        keys_rekey, NULL},
    {"GET",    PATH_NODES,            0,   ACCESS_ADMIN,    0,          0,    1,     "nodes",        nodes_list, NULL},
    {"POST",   PATH_NODES,            0,   ACCESS_ADMIN,    LIMIT_KEYS, 0,    1,     "node",         nodes_change, NULL},
};
/* clang-format on */

#define ROUTES (sizeof routes / sizeof routes[0])

static int path_matches(const struct route *route, struct span path, struct span *tail)
{
    struct span own = span_of(route->path);
    *tail = (struct span){NULL, 0};
    if (!route->takes_tail)
        return span_equal(path, own);
    if (path.length <= own.length + 1 || memcmp(path.data, own.data, own.length) != 0 ||
        path.data[own.length] != '/')
        return 0;
    *tail = (struct span){path.data + own.length + 1, path.length - own.length - 1};
    return !memchr(tail->data, '/', tail->length);
}

const struct route *route_find(struct span method, struct span path, struct span *tail,
                               char allowed[ROUTE_METHODS])
{
    struct writer w = writer_on(allowed, ROUTE_METHODS - 1);
    for (size_t i = 0; i < ROUTES; i++) {
        if (!path_matches(&routes[i], path, tail))
            continue;
        if (span_is(method, routes[i].method))
            return &routes[i];
        writer_text(&w, w.used ? ", " : "");
        writer_text(&w, routes[i].method);
    }
    allowed[w.used] = '\0';
    return NULL;
}

const struct route *route_at(size_t index)
{
    return index < ROUTES ? &routes[index] : NULL;
}
