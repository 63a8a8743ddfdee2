/* SPDX-License-Identifier: BSD-2-Clause */
/* The library is compiled with hidden symbols; the public ones are those of this header. */
#pragma GCC visibility push(default)
#include "vsecm/vsecm.h"
#pragma GCC visibility pop

#include "client/answer.h"
#include "client/channel.h"
#include "client/exchange.h"
#include "client/failure.h"
#include "client/locked.h"
#include "client/percent.h"
#include "limits.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct vsecm_client {
    struct exchange exchange;
    unsigned retry_after_s;
    char message[512];
};

static const char *const texts[] = {
    [VSECM_OK] = "success",
    [VSECM_NOT_FOUND] = "no such secret",
    [VSECM_FORBIDDEN] = "the daemon knows no workload that this caller is",
    [VSECM_UNAVAILABLE] = "the daemon cannot serve now",
    [VSECM_UNREACHABLE] = "no daemon answers at the socket",
    [VSECM_PROTOCOL] = "the daemon's answer makes no sense",
    [VSECM_NO_MEMORY] = "out of memory",
    [VSECM_INVALID] = "invalid argument",
    [VSECM_TIMEOUT] = "nothing happened in time",
    [VSECM_EXPIRED] = "the secret has expired",
    [VSECM_TOO_MANY] = "too many requests of this pod",
    [VSECM_UNSUPPORTED] = "the daemon has no such protection on this node",
    [VSECM_CONFLICT] = "it is another workload's already",
};

const char *vsecm_strerror(vsecm_result result)
{
    size_t i = (size_t)result;
    return i < sizeof texts / sizeof *texts ? texts[i] : "unknown result";
}

const char *vsecm_message(const vsecm_client *client)
{
    return client ? client->message : "";
}

unsigned vsecm_retry_after(const vsecm_client *client)
{
    return client ? client->retry_after_s : 0;
}

static __attribute__((format(printf, 3, 4))) vsecm_result fail(vsecm_client *client,
                                                               vsecm_result result,
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(client->message, sizeof client->message, format, args);
    va_end(args);
    return result;
}

/* ---- failures -------------------------------------------------------------------------------- */

static vsecm_result failed_run(vsecm_client *client, int r)
{
    vsecm_result result = failure_of_errno(r);
    if (result == VSECM_PROTOCOL)
        return fail(client, result, "the answer %s", client->exchange.wrong);
    return fail(client, result, "%s: %s", client->exchange.path, strerror(-r));
}

/* ---- requests -------------------------------------------------------------------------------- */

/* On VSECM_OK *ret has status 200 and is the caller's. */
static vsecm_result send_request(vsecm_client *client, const struct exchange_request *request,
                                 struct exchange_answer *ret)
{
    client->message[0] = '\0';
    client->retry_after_s = 0;
    int r = exchange_run(&client->exchange, request, ret);
    if (r)
        return failed_run(client, r);
    if (ret->head.status == 200)
        return VSECM_OK;
    vsecm_result result =
        failure_of_answer(&ret->head, ret->body, client->message, sizeof client->message);
    if (result == VSECM_TOO_MANY)
        client->retry_after_s = ret->head.retry_after_s ? ret->head.retry_after_s : 1;
    exchange_clear(ret);
    return result;
}

static vsecm_result run(vsecm_client *client, const char *target, struct exchange_answer *ret)
{
    const struct exchange_request request = {
        .method = "GET",
        .target = target,
        .limit = LIMIT_VALUE,
    };
    return send_request(client, &request, ret);
}

static vsecm_result get(vsecm_client *client, const char *target, vsecm_secret *ret)
{
    struct exchange_answer answer = {.body = NULL};
    vsecm_result result = run(client, target, &answer);
    if (result)
        return result;
    const struct head *head = &answer.head;
    if (!head->version || !head->created[0] || !head->updated[0]) {
        exchange_clear(&answer);
        return fail(client, VSECM_PROTOCOL, "the answer has no version or no times");
    }
    vsecm_secret secret = {
        .data = answer.body, /* now owned by the secret */
        .length = head->length,
        .version = head->version,
        .internal = {answer.body, (void *)(uintptr_t)(head->length + 1)},
    };
    memcpy(secret.created, head->created, sizeof secret.created);
    memcpy(secret.updated, head->updated, sizeof secret.updated);
    *ret = secret;
    return VSECM_OK;
}

vsecm_result vsecm_get(vsecm_client *client, vsecm_secret *ret)
{
    if (!client || !ret)
        return VSECM_INVALID;
    return get(client, PATH_VALUE, ret);
}

vsecm_result vsecm_get_member(vsecm_client *client, const char *member, vsecm_secret *ret)
{
    if (!client || !member || !ret)
        return VSECM_INVALID;
    char target[LIMIT_TARGET];
    if (!member[0] || percent_encode(PATH_VALUE "/", member, target, sizeof target))
        return fail(client, VSECM_INVALID, "a member's name is empty or too long");
    return get(client, target, ret);
}

vsecm_result vsecm_whoami(vsecm_client *client, vsecm_identity *ret)
{
    if (!client || !ret)
        return VSECM_INVALID;
    struct exchange_answer answer = {.body = NULL};
    vsecm_result result = run(client, PATH_WHOAMI, &answer);
    if (result)
        return result;
    vsecm_identity identity;
    if (answer_identity(answer.body, answer.head.length, &identity))
        *ret = identity;
    else
        result = fail(client, VSECM_PROTOCOL, "the answer is no identity");
    exchange_clear(&answer);
    return result;
}

/* ---- guards ---------------------------------------------------------------------------------- */

/* VSECM_OK only when the answer has member NAME, and that is WORD. */
static vsecm_result ask_guard(vsecm_client *client, const struct exchange_request *request,
                              const char *name, const char *word)
{
    struct exchange_answer answer = {.body = NULL};
    vsecm_result result = send_request(client, request, &answer);
    if (result == VSECM_NOT_FOUND)
        return fail(client, VSECM_UNSUPPORTED, "the daemon knows no guards; it is an older one");
    if (result)
        return result;
    if (!answer_is(answer.body, answer.head.length, name, word))
        result = fail(client, VSECM_PROTOCOL, "the answer does not say \"%s\":%s", name, word);
    exchange_clear(&answer);
    return result;
}

/*
 * A core file would be this process's memory, in somebody else's hands. A limit of 1 is the
 * kernel's word for none at all, where core_pattern is a pipe as well, for which 0 is no limit
 * (fs/coredump.c); the guards keep others from changing it. Where it was 0 for good it stays that.
 */
static void make_no_core(void)
{
    const struct rlimit none = {.rlim_cur = 1, .rlim_max = 1};
    setrlimit(RLIMIT_CORE, &none);
}

vsecm_result vsecm_shield(vsecm_client *client, int children)
{
    if (!client)
        return VSECM_INVALID;
    const char *body = children ? "{\"children\":true}" : "";
    const struct exchange_request request = {
        .method = "POST",
        .target = PATH_SHIELD,
        .body = body,
        .length = strlen(body),
        .repeats = true,
        .limit = LIMIT_HEADER,
    };
    vsecm_result result = ask_guard(client, &request, "shielded", "true");
    if (!result)
        make_no_core();
    return result;
}

_Static_assert(VSECM_GUARD_MAX == LIMIT_GUARD_FILES, "the library promises what the daemon takes");

vsecm_result vsecm_guard(vsecm_client *client, const int *fds, size_t count)
{
    char files[32], word[24];
    if (!client || !fds || !count || count > VSECM_GUARD_MAX)
        return VSECM_INVALID;
    for (size_t i = 0; i < count; i++)
        if (fcntl(fds[i], F_GETFD) < 0)
            return fail(client, VSECM_INVALID, "descriptor %d is not open", fds[i]);
    snprintf(files, sizeof files, "{\"files\":%zu}", count);
    snprintf(word, sizeof word, "%zu", count);
    const struct exchange_request request = {
        .method = "POST",
        .target = PATH_GUARD,
        .body = files,
        .length = strlen(files),
        .files = fds,
        .file_count = count,
        .repeats = true,
        .limit = LIMIT_HEADER,
    };
    return ask_guard(client, &request, "guarded", word);
}

/* ---- wiping ---------------------------------------------------------------------------------- */

void vsecm_secret_clear(vsecm_secret *secret)
{
    if (!secret)
        return;
    locked_free(secret->internal[0], (size_t)(uintptr_t)secret->internal[1]);
    *secret = (vsecm_secret){.data = NULL};
}

/* ---- opening and closing --------------------------------------------------------------------- */

vsecm_result vsecm_connect(const char *path, vsecm_client **ret)
{
    if (!ret)
        return VSECM_INVALID;
    vsecm_client *client = calloc(1, sizeof *client);
    if (!client)
        return VSECM_NO_MEMORY;
    int r =
        exchange_open(&client->exchange, path ? path : channel_default_path(), CHANNEL_TIMEOUT_MS);
    if (r) {
        free(client);
        errno = -r;
        return r == -ENOMEM ? VSECM_NO_MEMORY : VSECM_UNREACHABLE;
    }
    *ret = client;
    return VSECM_OK;
}

void vsecm_close(vsecm_client *client)
{
    if (!client)
        return;
    exchange_close(&client->exchange);
    free(client);
}
