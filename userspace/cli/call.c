/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/call.h"

#include "cli/arguments.h"
#include "cli/say.h"
#include "client/answer.h"
#include "client/channel.h"
#include "protocol.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As whom the command line calls. */
enum role { ADMIN = 1, WORKLOAD = 2, BOTH = ADMIN | WORKLOAD, ANYBODY = 4 };

/* What to do about a refusal. */
static const struct {
    int status;
    enum role role;
    const char *hint;
} hints[] = {
    {403, ADMIN, "administrators are root of the node and the Sentinel's pod"},
    {403, WORKLOAD, "`vsecm whoami` says who the daemon takes you for"},
    {404, ADMIN, "`vsecm list` says what there is"},
    {404, WORKLOAD, "an administrator stores values with `vsecm put`"},
    {403, ANYBODY, "name a recipient with -r"},
    {404, ANYBODY, "this daemon has no key of its own; name a recipient with -r"},
    {503, BOTH, "try again in a moment"},
    {507, BOTH, "delete secrets that are not needed, or raise arena_size of vsecmd"},
};

static const struct {
    int error;
    const char *hint;
} unreachable_hints[] = {
    {ENOENT, "is vsecmd running? A pod must mount the directory " PROTOCOL_PUBLIC_DIR},
    {ECONNREFUSED, "vsecmd is not running"},
    {EACCES, "the admin socket is for root of the node only"},
    {ETIMEDOUT, "vsecmd runs, but did not answer in time"},
};

static enum verb_exit say_unreachable(const char *path, enum role role, int r)
{
    const char *instead = role == ANYBODY ? "; or name a recipient with -r" : "";
    const char *hint = "is vsecmd running?";
    for (size_t i = 0; i < sizeof unreachable_hints / sizeof *unreachable_hints; i++)
        if (unreachable_hints[i].error == -r)
            hint = unreachable_hints[i].hint;
    return say_failure(VERB_UNREACHABLE, "%s: %s; %s%s", path, strerror(-r), hint, instead);
}

static enum verb_exit say_failed_run(const struct exchange *exchange, enum role role, int r)
{
    if (r == -EPROTO || r == -EMSGSIZE)
        return say_failure(VERB_REFUSED, "%s: the answer %s", exchange->path, exchange->wrong);
    if (r == -ENOMEM)
        return say_failure(VERB_REFUSED, "out of memory");
    return say_unreachable(exchange->path, role, r);
}

static enum verb_exit say_refusal(enum role role, const struct exchange_answer *answer)
{
    char message[1024];
    const char *hint = NULL;
    int status = answer->head.status;
    answer_error(answer->body, answer->head.length, message, sizeof message);
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].status == status && hints[i].role & role)
            hint = hints[i].hint;
    if (!message[0])
        return say_failure(VERB_REFUSED, "the daemon refused with status %d", status);
    return say_failure(VERB_REFUSED, "%s%s%s", message, hint ? "; " : "", hint ? hint : "");
}

static enum verb_exit run(const char *path, enum role role, const struct exchange_request *request,
                          struct exchange_answer *ret)
{
    struct exchange exchange;
    struct exchange_answer answer;
    int r = exchange_open(&exchange, path, CHANNEL_TIMEOUT_MS);
    if (r)
        return say_unreachable(path, role, r);
    enum verb_exit status = VERB_OK;
    r = exchange_run(&exchange, request, &answer);
    if (r) {
        status = say_failed_run(&exchange, role, r);
    } else if (answer.head.status >= 300) {
        status = say_refusal(role, &answer);
        exchange_clear(&answer);
    } else {
        *ret = answer;
    }
    exchange_close(&exchange);
    return status;
}

static const char *from_environment(const char *name)
{
    const char *path = secure_getenv(name);
    return path && path[0] ? path : NULL;
}

static const char *public_path(void)
{
    return access(VSECM_DEFAULT_SOCKET, F_OK) == 0 ? VSECM_DEFAULT_SOCKET : PROTOCOL_SOCKET;
}

enum verb_exit call_admin(const struct arguments *arguments, const struct exchange_request *request,
                          struct exchange_answer *ret)
{
    const char *path = arguments->socket;
    if (!path)
        path = from_environment("VSECM_ADMIN_SOCKET");
    /* EACCES too means that it is there; then that is what should be said. */
    if (!path && (access(PROTOCOL_ADMIN_SOCKET, F_OK) == 0 || errno == EACCES))
        path = PROTOCOL_ADMIN_SOCKET;
    return run(path ? path : public_path(), ADMIN, request, ret);
}

enum verb_exit call_anybody(const struct arguments *arguments,
                            const struct exchange_request *request, struct exchange_answer *ret)
{
    const char *path = arguments->socket;
    if (!path)
        path = from_environment("VSECM_SOCKET");
    if (!path && access(PROTOCOL_ADMIN_SOCKET, W_OK) == 0)
        path = PROTOCOL_ADMIN_SOCKET;
    return run(path ? path : public_path(), ANYBODY, request, ret);
}

enum verb_exit call_workload(const struct arguments *arguments,
                             const struct exchange_request *request, struct exchange_answer *ret)
{
    const char *path = arguments->socket;
    if (!path)
        path = from_environment("VSECM_SOCKET");
    return run(path ? path : public_path(), WORKLOAD, request, ret);
}
