/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/loop.h"
#include "limits.h"
#include "sync/api.h"
#include "sync/feed.h"
#include "sync/names.h"
#include "sync/paths.h"

struct trial {
    struct loop *loop;
    struct api *api;
    const char *node;
    unsigned next; /* of the feeds */
    unsigned refused;
};

static void ask(struct trial *trial);

static void on_done(void *context, const struct api_end *end)
{
    struct trial *trial = context;
    int is_good = end->status >= 200 && end->status < 300;
    printf("%-9s %s%s\n", feed_name((enum feed_kind)trial->next),
           is_good ? "ok" : "no: ", is_good ? "" : end->why);
    trial->refused += !is_good;
    trial->next++;
    ask(trial);
}

static void ask(struct trial *trial)
{
    char path[PATHS_SIZE];
    const struct api_request request = {
        .method = "GET", .path = path, .max = LIMIT_SYNC_ANSWER, .done = on_done, .context = trial};
    if (trial->next == FEED_KINDS) {
        loop_stop(trial->loop);
        return;
    }
    enum feed_kind kind = (enum feed_kind)trial->next;
    snprintf(path, sizeof path, "%s?limit=1%s%s", feed_path(kind),
             kind == FEED_PODS ? "&fieldSelector=spec.nodeName%3D" : "",
             kind == FEED_PODS ? trial->node : "");
    int r = api_call(trial->api, &request, NULL);
    if (r == 0)
        return;
    printf("%-9s no: %s\n", feed_name(kind), strerror(-r));
    trial->refused++;
    loop_stop(trial->loop);
}

int trial_run(struct loop *loop, struct api *api, const char *node)
{
    struct trial trial = {.loop = loop, .api = api, .node = node};
    ask(&trial);
    if (trial.refused)
        return -EACCES;
    int r = loop_run(loop);
    return r < 0 ? r : trial.refused ? -EACCES : 0;
}
