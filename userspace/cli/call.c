/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/call.h"

#include "cli/arguments.h"
#include "cli/say.h"
#include "client/answer.h"
#include "client/channel.h"
#include "protocol.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As whom the command line calls. */
enum role { ADMIN = 1, WORKLOAD = 2, BOTH = ADMIN | WORKLOAD, ANYBODY = 4 };

/* What to do about a refusal: the first line that fits. */
static const struct {
    int status;
    const char *code; /* NULL: any */
    const char *path; /* of the request, without its query; NULL: any */
    enum role role;
    const char *hint; /* NULL: its message says it all */
} hints[] = {
    {400, NULL, PATH_RESTORE_APPLY, ADMIN, "one that is for another key needs -i KEYFILE"},
    {403, NULL, PATH_KEYS, ADMIN, NULL},
    {403, NULL, PATH_ADMIN_VALUE, ADMIN, NULL},
    {403, NULL, PATH_BACKUP, ADMIN, NULL},
    {403, NULL, NULL, ADMIN, "administrators are root of the node and the Sentinel's pod"},
    {403, NULL, NULL, ANYBODY, "name a recipient with -r"},
    {404, NULL, NULL, ANYBODY, "this daemon has no key of its own; name a recipient with -r"},
    {403, NULL, NULL, WORKLOAD, "`vsecm whoami` says who the daemon takes you for"},
    {404, NULL, PATH_RESTORE_APPLY, ADMIN, "without keys `vsecm restore --dry-run` lists all"},
    {404, NULL, PATH_ROLLBACK, ADMIN, "`vsecm list` and `vsecm history` say what there is"},
    {404, NULL, PATH_ADMIN_VALUE, ADMIN, "`vsecm list` and `vsecm history` say what there is"},
    {404, NULL, NULL, ADMIN, "`vsecm list` says what there is"},
    {404, NULL, NULL, WORKLOAD, "an administrator stores values with `vsecm put`"},
    {409, NULL, PATH_SENTINEL_SECRETS, ADMIN, "`vsecm list` says what there is now"},
    {409, NULL, PATH_ROLLBACK, ADMIN, "`vsecm history` says what there is now"},
    {409, NULL, PATH_RESTORE, ADMIN, "is another restore under way? Start again"},
    {429, NULL, NULL, BOTH | ANYBODY, "try again in a moment"},
    {503, ERROR_SEALED, NULL, BOTH, NULL},
    {503, ERROR_SEALED, NULL, ANYBODY, "name a recipient with -r"},
    {503, NULL, NULL, BOTH, "try again in a moment"},
    {507, NULL, NULL, BOTH, "delete secrets that are not needed, or raise arena_size of vsecmd"},
};

/* What goes through the whole store first, and the milliseconds it may take on a slow disk. */
static const char *const long_paths[] = {
    PATH_KEYS,
    PATH_REKEY,
    PATH_BACKUP,
    PATH_RESTORE_APPLY,
};
#define LONG_TIMEOUT_MS 600000

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
    if (r == -ECANCELED)
        return VERB_REFUSED; /* the sink has said why */
    if (r == -EPROTO || r == -EMSGSIZE)
        return say_failure(VERB_REFUSED, "%s: the answer %s", exchange->path, exchange->wrong);
    if (r == -ENOMEM)
        return say_failure(VERB_REFUSED, "out of memory");
    return say_unreachable(exchange->path, role, r);
}

static bool is_path(const char *target, const char *path)
{
    size_t length = strcspn(target, "?");
    return strlen(path) == length && memcmp(target, path, length) == 0;
}

/* Milliseconds to wait for an answer. */
static int timeout_for(const struct exchange_request *request)
{
    for (size_t i = 0; i < sizeof long_paths / sizeof *long_paths; i++)
        if (is_path(request->target, long_paths[i]))
            return LONG_TIMEOUT_MS;
    return CHANNEL_TIMEOUT_MS;
}

static const char *hint_for(enum role role, const struct exchange_request *request, int status,
                            const char *code)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].status == status && hints[i].role & role &&
            (!hints[i].code || strcmp(hints[i].code, code) == 0) &&
            (!hints[i].path || is_path(request->target, hints[i].path)))
            return hints[i].hint;
    return NULL;
}

static enum verb_exit say_refusal(enum role role, const struct exchange_request *request,
                                  const struct exchange_answer *answer)
{
    char message[1024], code[32];
    const struct head *head = &answer->head;
    answer_text(answer->body, head->length, "message", message, sizeof message);
    answer_text(answer->body, head->length, "error", code, sizeof code);
    if (!message[0])
        return say_failure(VERB_REFUSED, "the daemon refused with status %d", head->status);
    if (head->status == 429 && head->retry_after_s)
        return say_failure(VERB_REFUSED, "%s; try again in %u s", message, head->retry_after_s);
    const char *hint = hint_for(role, request, head->status, code);
    return say_failure(VERB_REFUSED, "%s%s%s", message, hint ? "; " : "", hint ? hint : "");
}

static enum verb_exit run(const char *path, enum role role, const struct exchange_request *request,
                          struct exchange_answer *ret)
{
    struct exchange exchange;
    struct exchange_answer answer;
    *ret = (struct exchange_answer){.body = NULL};
    int r = exchange_open(&exchange, path, timeout_for(request));
    if (r)
        return say_unreachable(path, role, r);
    enum verb_exit status = VERB_OK;
    r = exchange_run(&exchange, request, &answer);
    if (r) {
        status = say_failed_run(&exchange, role, r);
    } else if (answer.head.status >= 300) {
        status = say_refusal(role, request, &answer);
        ret->head = answer.head;
        exchange_clear(&answer);
    } else {
        if (answer.head.notice[0])
            say_notice(answer.head.notice);
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
