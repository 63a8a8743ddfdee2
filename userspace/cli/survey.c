/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/survey.h"

#include "client/channel.h"
#include "client/exchange.h"
#include "limits.h"
#include "node/needs.h"
#include "node/node.h"
#include "node/pinned.h"
#include "node/protections.h"
#include "protocol.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Bytes of the longest status. */
#define STATUS_LIMIT (64u * 1024u)

/* Versions that are told of; each upgrade across an ABI may leave one. */
#define VERSIONS 16

/* ---- rows ---------------------------------------------------------------------------------- */

struct tiers {
    unsigned broken;  /* those that cannot work */
    char why[2][512]; /* what each lacks: lsm, cgroup */
};

static void note_lack(struct tiers *tiers, const struct node_row *row)
{
    tiers->broken |= row->needed;
    for (unsigned i = 0; i < 2; i++) {
        size_t used = strlen(tiers->why[i]);
        if (row->needed & 1u << i)
            snprintf(tiers->why[i] + used, sizeof tiers->why[i] - used, "%s%s", used ? ", " : "",
                     row->missing);
    }
}

static void add_row(struct survey *survey, const struct node *node, const struct node_row *row,
                    struct tiers *tiers)
{
    static const char *const states[] = {
        [NODE_PRESENT] = "present", [NODE_MISSING] = "missing", [NODE_UNKNOWN] = "unknown"};
    char seen[NODE_SEEN] = "";
    enum node_state state = row->look(node, seen);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", row->name);
    cJSON_AddStringToObject(json, "state", states[state]);
    cJSON_AddStringToObject(json, "seen", seen);
    if (state != NODE_PRESENT) {
        survey->is_whole = false;
        cJSON_AddStringToObject(json, "missing", row->missing);
        cJSON_AddStringToObject(json, "means", row->means);
        cJSON_AddStringToObject(json, "get", row->get);
    }
    if (state == NODE_MISSING && row->needed)
        note_lack(tiers, row);
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(survey->report, "rows"), json);
}

static void add_rows(struct survey *survey, const struct node *node)
{
    const struct node_row *(*const tables[])(size_t * count) = {needs_rows, protections_rows};
    struct tiers tiers = {0};
    cJSON_AddArrayToObject(survey->report, "rows");
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        size_t count;
        const struct node_row *rows = tables[t](&count);
        for (size_t i = 0; i < count; i++)
            add_row(survey, node, &rows[i], &tiers);
    }
    const char *tier = !(tiers.broken & NODE_LSM)      ? "lsm"
                       : !(tiers.broken & NODE_CGROUP) ? "cgroup"
                                                       : "none";
    char why[1100];
    snprintf(why, sizeof why, "lsm: %s; cgroup: %s",
             tiers.why[0][0] ? tiers.why[0] : "has all it needs",
             tiers.why[1][0] ? tiers.why[1] : "has all it needs");
    survey->can_start = tier[0] != 'n';
    cJSON_AddStringToObject(survey->report, "tier", tier);
    cJSON_AddStringToObject(survey->report, "why", why);
}

/* ---- what is pinned ------------------------------------------------------------------------ */

static void add_pinned(struct survey *survey, const struct node *node)
{
    struct pinned pinned[VERSIONS];
    size_t count = 0;
    int r = pinned_list(node->pin_dir, pinned, VERSIONS, &count);
    cJSON *list = cJSON_AddArrayToObject(survey->report, "pinned");
    for (size_t i = 0; r == 0 && i < count; i++) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddNumberToObject(json, "abi", pinned[i].abi);
        cJSON_AddNumberToObject(json, "links", pinned[i].links);
        cJSON_AddNumberToObject(json, "maps", pinned[i].maps);
        cJSON_AddItemToArray(list, json);
    }
    if (r < 0 && r != -ENOENT && r != -ENOTSUP)
        cJSON_AddStringToObject(survey->report, "pinnedUnknown", strerror(-r));
}

/* ---- the daemon that runs ------------------------------------------------------------------ */

/* "yes", "no", or why that is not known. Nothing is made, and the lock is not kept. */
static const char *is_running(const struct node *node)
{
    char path[2 * LIMIT_PATH];
    snprintf(path, sizeof path, "%s/lock", node->private_dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? "no" : strerror(errno);
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    return is_held ? "yes" : "no";
}

/* Its own word on what it does: members of its status, as they come. */
static int ask(const char *socket, cJSON *ret)
{
    static const char *const members[] = {"attestation", "guards", "protections"};
    const struct exchange_request request = {
        .method = "GET", .target = PATH_STATUS, .limit = STATUS_LIMIT};
    struct exchange exchange;
    struct exchange_answer answer;
    int r = exchange_open(&exchange, socket, CHANNEL_TIMEOUT_MS);
    if (r < 0)
        return r;
    r = exchange_run(&exchange, &request, &answer);
    if (r == 0) {
        cJSON *status = answer.head.status == 200
                            ? cJSON_ParseWithLength(answer.body, answer.head.length)
                            : NULL;
        r = status ? 0 : -EACCES;
        for (size_t i = 0; status && i < sizeof members / sizeof *members; i++) {
            cJSON *member = cJSON_DetachItemFromObjectCaseSensitive(status, members[i]);
            if (member)
                cJSON_AddItemToObject(ret, members[i], member);
        }
        cJSON_Delete(status);
        exchange_clear(&answer);
    }
    exchange_close(&exchange);
    return r;
}

static void add_daemon(struct survey *survey, const struct node *node, const char *socket)
{
    const char *running = is_running(node);
    cJSON *json = cJSON_AddObjectToObject(survey->report, "daemon");
    cJSON_AddStringToObject(json, "running", running);
    if (strcmp(running, "no") == 0)
        return;
    int r = ask(socket, json);
    if (r < 0)
        cJSON_AddStringToObject(json, "status", strerror(-r));
}

/* ---- together ------------------------------------------------------------------------------ */

void survey_node(const struct node *node, const char *socket, struct survey *ret)
{
    *ret = (struct survey){.report = cJSON_CreateObject(), .is_whole = true};
    cJSON_AddStringToObject(ret->report, "kernel", node->release);
    add_rows(ret, node);
    add_pinned(ret, node);
    add_daemon(ret, node, socket);
}

void survey_done(struct survey *survey)
{
    cJSON_Delete(survey->report);
}
