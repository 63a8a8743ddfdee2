/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/route.h"

#include "base/writer.h"
#include "limits.h"
#include "protocol.h"
#include "serve/backups.h"
#include "serve/keys.h"
#include "serve/keystone.h"
#include "serve/listing.h"
#include "serve/push.h"
#include "serve/restores.h"
#include "serve/sentinel.h"
#include "serve/status.h"
#include "serve/versions.h"
#include "serve/workload.h"

/* clang-format off */
static const struct route routes[] = {
    /* method   path                  tail access           body        sealed operation       handler */
    {"GET",    PATH_WORKLOAD_SECRET,  0,   ACCESS_WORKLOAD, 0,          0,     "get",          workload_secret},
    {"GET",    PATH_VALUE,            0,   ACCESS_WORKLOAD, 0,          0,     "value",        workload_value},
    {"GET",    PATH_VALUE,            1,   ACCESS_WORKLOAD, 0,          0,     "member",       workload_member},
    {"GET",    PATH_WATCH,            0,   ACCESS_WORKLOAD, 0,          0,     "watch",        push_watch},
    {"GET",    PATH_PAGE,             0,   ACCESS_WORKLOAD, 0,          0,     "page",         push_page},
    {"GET",    PATH_WHOAMI,           0,   ACCESS_ANYONE,   0,          1,     "whoami",       workload_whoami},
    {"GET",    PATH_RECIPIENT,        0,   ACCESS_ANYONE,   0,          0,     "recipient",    keys_recipient},
    {"GET",    PATH_SENTINEL_SECRETS, 0,   ACCESS_ADMIN,    0,          0,     "list",         listing_get},
    {"POST",   PATH_SENTINEL_SECRETS, 0,   ACCESS_ADMIN,    LIMIT_BODY, 0,     "put",          sentinel_put},
    {"DELETE", PATH_SENTINEL_SECRETS, 0,   ACCESS_ADMIN,    LIMIT_BODY, 0,     "delete",       sentinel_delete},
    {"GET",    PATH_KEYSTONE,         0,   ACCESS_ADMIN,    0,          0,     "keystone",     keystone_get},
    {"POST",   PATH_KEYS,             0,   ACCESS_ADMIN,    LIMIT_KEYS, 1,     "unseal",       keys_unseal},
    {"GET",    PATH_STATUS,           0,   ACCESS_ADMIN,    0,          1,     "status",       status_show},
    {"GET",    PATH_HISTORY,          0,   ACCESS_ADMIN,    0,          0,     "history",      versions_list},
    {"GET",    PATH_ADMIN_VALUE,      0,   ACCESS_ADMIN,    0,          0,     "reveal",       versions_value},
    {"POST",   PATH_ROLLBACK,         0,   ACCESS_ADMIN,    LIMIT_KEYS, 0,     "rollback",     versions_rollback},
    {"GET",    PATH_BACKUP,           0,   ACCESS_ADMIN,    0,          0,     "backup",       backups_get},
    {"POST",   PATH_RESTORE,          0,   ACCESS_ADMIN,    LIMIT_PIECE, 0,    "upload",       restores_receive},
    {"POST",   PATH_RESTORE_APPLY,    0,   ACCESS_ADMIN,    LIMIT_BODY, 0,     "restore",      restores_apply},
    {"POST",   PATH_REKEY,            0,   ACCESS_ADMIN,    LIMIT_KEYS, 0,     "rekey",        keys_rekey},
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
