/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/guard.h"

#include "base/error.h"
#include "cli/retry.h"
#include "client/channel.h"

#include <errno.h>
#include <string.h>

/* How long a busy daemon is asked again. A pod that is to end is given 30 s. */
#define PATIENCE_MS 5000
#define PAUSE_MS 100 /* without a daemon: one that is started anew is there that soon */

/* What is asked for; FD -1: the process. */
struct wish {
    const char *what; /* it is, for errors */
    int fd;
    bool children;
};

static vsecm_result ask(struct guard *guard, const struct wish *wish, struct error *error)
{
    if (!guard->client) {
        vsecm_result result = vsecm_connect(guard->socket, &guard->client);
        if (result) {
            error_set(error, 0, "%s: %s (%s)", wish->what, vsecm_strerror(result), strerror(errno));
            return result;
        }
    }
    vsecm_result result = wish->fd < 0 ? vsecm_shield(guard->client, wish->children)
                                       : vsecm_guard(guard->client, &wish->fd, 1);
    const char *said = vsecm_message(guard->client);
    if (result)
        error_set(error, 0, "%s: %s", wish->what, said[0] ? said : vsecm_strerror(result));
    return result;
}

/* Milliseconds until it may go better; 0: it is as it is. */
static int64_t pause_after(const struct guard *guard, vsecm_result result)
{
    if (result == VSECM_TOO_MANY)
        return (int64_t)vsecm_retry_after(guard->client) * 1000;
    return result == VSECM_UNREACHABLE ? PAUSE_MS : 0;
}

static int code_of(vsecm_result result)
{
    switch (result) {
    case VSECM_OK: return 0;
    case VSECM_UNSUPPORTED: return -EOPNOTSUPP;
    case VSECM_UNREACHABLE: return -ECONNREFUSED;
    case VSECM_TOO_MANY: return -EUSERS;
    default: return -EPERM;
    }
}

static int ask_patiently(struct guard *guard, const struct wish *wish, struct error *error)
{
    const int64_t end = channel_now() + PATIENCE_MS;
    for (;;) {
        vsecm_result result = ask(guard, wish, error);
        int64_t pause = pause_after(guard, result);
        if (!pause || channel_now() + pause > end)
            return code_of(result);
        retry_sleep((uint64_t)pause);
    }
}

int guard_file(struct guard *guard, int fd, struct error *error)
{
    const struct wish wish = {.what = "the file cannot be guarded", .fd = fd};
    return ask_patiently(guard, &wish, error);
}

int guard_process(struct guard *guard, bool children, struct error *error)
{
    const struct wish wish = {"the program cannot be shielded", -1, children};
    return ask_patiently(guard, &wish, error);
}

void guard_close(struct guard *guard)
{
    vsecm_close(guard->client);
    guard->client = NULL;
}
