/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/follow.h"

#include "cli/arguments.h"
#include "cli/say.h"
#include "client/channel.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PAUSE_MS 1000 /* after a refusal: a pod may become known */
#define WAIT_MS 15000 /* vsecm_watch_next() is to be called every 30 s */

enum verb_exit follow_open(const struct arguments *arguments, struct follow *ret)
{
    *ret = (struct follow){.socket = arguments->socket, .result = VSECM_UNREACHABLE};
    vsecm_result result = vsecm_watch_open(arguments->socket, NULL, &ret->watch);
    if (result == VSECM_INVALID)
        return say_failure(VERB_USAGE, "the path of the socket is too long");
    return result ? say_failure(VERB_REFUSED, "%s", vsecm_strerror(result)) : VERB_OK;
}

void follow_wait(const struct follow *follow, int signal_fd, int64_t timeout_ms)
{
    int64_t pause = follow->again_at - channel_now();
    int64_t wait = pause > 0 ? pause : WAIT_MS;
    if (timeout_ms >= 0 && timeout_ms < wait)
        wait = timeout_ms;
    struct pollfd ready[] = {
        {.fd = signal_fd, .events = POLLIN},
        {.fd = pause > 0 ? -1 : vsecm_watch_fd(follow->watch), .events = POLLIN},
    };
    poll(ready, 2, (int)wait);
}

bool follow_next(struct follow *follow, vsecm_event *ret)
{
    if (channel_now() < follow->again_at)
        return false;
    vsecm_event event;
    follow->result = vsecm_watch_next(follow->watch, 0, &event);
    if (follow->result == VSECM_OK) {
        if (strcmp(event.id, follow->id) == 0) {
            vsecm_event_clear(&event);
            return false;
        }
        memcpy(follow->id, event.id, sizeof follow->id);
        snprintf(follow->why, sizeof follow->why, "%s", event.absence ? event.message : "");
        *ret = event;
        return true;
    }
    if (follow->result != VSECM_TIMEOUT)
        follow->again_at = channel_now() + PAUSE_MS;
    const char *why = vsecm_watch_message(follow->watch);
    if (why[0])
        snprintf(follow->why, sizeof follow->why, "%s", why);
    return false;
}

/* Say as whom we asked, to TEXT. False when no daemon answers. */
static bool whoami(const struct follow *follow, char *text, size_t size)
{
    vsecm_client *client;
    vsecm_identity identity;
    if (vsecm_connect(follow->socket, &client))
        return false;
    vsecm_result result = vsecm_whoami(client, &identity);
    vsecm_close(client);
    if (result)
        return false;
    if (identity.workload[0] && !identity.reason[0])
        snprintf(text, size, "%s/%s", identity.namespace_, identity.workload);
    else
        snprintf(text, size, "nobody it knows: %s", identity.reason);
    return true;
}

enum verb_exit follow_explain(const struct follow *follow, const char *what)
{
    char who[sizeof follow->why + 32];
    const char *why = follow->why[0] ? follow->why : vsecm_strerror(follow->result);
    if (whoami(follow, who, sizeof who))
        return say_failure(VERB_REFUSED, "%s: %s; the daemon was asked as %s", what, why, who);
    return say_failure(VERB_UNREACHABLE,
                       "%s: no daemon answers; is vsecmd running? A pod must "
                       "mount the directory of its socket",
                       what);
}

void follow_close(struct follow *follow)
{
    vsecm_watch_close(follow->watch);
    follow->watch = NULL;
}
