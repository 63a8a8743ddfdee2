/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/init_run.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/change.h"
#include "cli/init_file.h"
#include "cli/retry.h"
#include "cli/safe_put.h"
#include "cli/say.h"
#include "cli/target.h"
#include "cli/value.h"
#include "client/answer.h"
#include "crypto/random.h"
#include "limits.h"
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/opt/vsecm-sentinel/init/data"
#define KEYSTONE_VALUE "keystone-init"
#define ANSWER_LIMIT 4096u

struct run {
    const struct arguments *arguments;
    struct backoff backoff;
    uint64_t wait_before_ms;
    uint64_t wait_after_ms;
    struct value text; /* the file */
    int64_t now_us;    /* when it was found good */
    char keystone[LIMIT_KEY + 1];
    bool is_ready; /* the keystone is there */
};

/* ---- trying again ---------------------------------------------------------------------------- */

/* One request; *HEAD is of what it was refused with, its status 0: there was no answer. */
typedef enum verb_exit step(struct run *run, const void *argument, struct head *head);

/* A daemon that is starting, full or busy may do it later; what it calls wrong stays wrong. */
static bool may_pass(enum verb_exit status, int http)
{
    return status == VERB_UNREACHABLE ||
           (status == VERB_REFUSED && (!http || http == 429 || (http >= 500 && http != 501)));
}

static enum verb_exit retry(struct run *run, step *take, const void *argument)
{
    for (uint64_t failure = 0;; failure++) {
        struct head head = {.status = 0};
        uint32_t random;
        enum verb_exit status = take(run, argument, &head);
        if (!status || !may_pass(status, head.status) || failure == run->backoff.retries)
            return status;
        random_bytes(&random, sizeof random);
        uint64_t wait = backoff_wait_ms(&run->backoff, failure, random);
        uint64_t least = head.status == 429 ? (uint64_t)head.retry_after_s * 1000 : 0;
        retry_sleep(wait > least ? wait : least);
    }
}

/* ---- the keystone ---------------------------------------------------------------------------- */

static enum verb_exit ask_keystone(struct run *run, const void *argument, struct head *head)
{
    const struct exchange_request request = {
        .method = "GET", .target = PATH_KEYSTONE, .limit = ANSWER_LIMIT};
    struct exchange_answer answer;
    char word[16];
    (void)argument;
    enum verb_exit status = call_admin(run->arguments, &request, &answer);
    *head = answer.head;
    if (status)
        return status;
    answer_text(answer.body, answer.head.length, "status", word, sizeof word);
    answer_text(answer.body, answer.head.length, "key", run->keystone, sizeof run->keystone);
    exchange_clear(&answer);
    run->is_ready = strcmp(word, "ready") == 0;
    if (!run->is_ready && strcmp(word, "pending") != 0)
        return say_failure(VERB_REFUSED, "the answer says nothing of the keystone");
    return VERB_OK;
}

static enum verb_exit store_keystone(struct run *run, const void *argument, struct head *head)
{
    const struct arguments arguments = {.socket = run->arguments->socket};
    struct error error = {""};
    struct exchange_answer answer;
    struct target target;
    (void)argument;
    if (target_key(run->keystone, &target, &error))
        return say_failure(VERB_USAGE, "the keystone's key: %s", error.text);
    enum verb_exit status =
        safe_put(&arguments, &target, span_of(KEYSTONE_VALUE), (struct span){"", 0}, &answer);
    *head = answer.head;
    if (!status)
        exchange_clear(&answer);
    return status;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static size_t read_names(struct span list, struct span *ret)
{
    size_t count = 0;
    while (init_file_next_name(&list, &ret[count]))
        count++;
    return count;
}

static void read_target(const struct init_block *block, struct target *ret)
{
    ret->workload_count = read_names(block->workloads, ret->workloads);
    ret->namespace_count = read_names(block->namespaces, ret->namespaces);
    if (!ret->namespace_count)
        ret->namespaces[ret->namespace_count++] = span_of(PROTOCOL_DEFAULT_NAMESPACE);
}

/* SPAN as a C string at RET, or NULL where it is empty. It fits: init_file has checked. */
static const char *text_of(struct span span, char *ret, size_t size)
{
    struct writer w = writer_on(ret, size - 1);
    writer_span(&w, span);
    ret[w.used] = '\0';
    return span.length ? ret : NULL;
}

/* What a deletion finds gone is as it should be: an earlier try may have done it. */
static enum verb_exit remove_secrets(const struct arguments *arguments, const struct target *target,
                                     struct exchange_answer *answer)
{
    enum verb_exit status = change_submit(arguments, target, NULL, (struct span){"", 0}, answer);
    return status == VERB_REFUSED && answer->head.status == 404 ? VERB_OK : status;
}

static enum verb_exit store_secret(const struct arguments *arguments, const struct target *target,
                                   const struct init_block *block, struct exchange_answer *answer)
{
    struct span pattern;
    if (!block->encrypted && safe_put_is_pattern(block->secret, &pattern))
        return safe_put_generated(arguments, target, pattern, block->template, answer);
    return safe_put(arguments, target, block->secret, block->template, answer);
}

static enum verb_exit run_block(struct run *run, const void *argument, struct head *head)
{
    const struct init_block *block = argument;
    char format[8], not_before[INIT_FILE_TIME + 1], expires[INIT_FILE_TIME + 1];
    const struct arguments arguments = {
        .socket = run->arguments->socket,
        .encrypted = block->encrypted,
        .format = text_of(block->format, format, sizeof format),
        .not_before = text_of(block->not_before, not_before, sizeof not_before),
        .expires = text_of(block->expires, expires, sizeof expires),
    };
    struct target target;
    struct exchange_answer answer = {.body = NULL};
    enum verb_exit status;
    read_target(block, &target);
    if (block->keys.length)
        status = safe_put_keys(run->arguments, block->keys, &answer);
    else if (block->removes)
        status = remove_secrets(&arguments, &target, &answer);
    else
        status = store_secret(&arguments, &target, block, &answer);
    *head = answer.head;
    exchange_clear(&answer);
    return status;
}

static struct init_file begin_file(const struct run *run)
{
    return (struct init_file){.rest = {run->text.data, run->text.length}};
}

/* All blocks that bring keys, or all others. */
static enum verb_exit run_blocks(struct run *run, bool keys)
{
    struct init_file file = begin_file(run);
    struct init_block block;
    struct error error = {""};
    enum verb_exit status = VERB_OK;
    int r = 0;
    while (!status && (r = init_file_next(&file, run->now_us, &block, &error)) > 0 &&
           !block.exits) {
        unsigned line = block.line;
        if (keys != (block.keys.length > 0))
            continue;
        if (block.sleeps)
            retry_sleep(block.sleep_ms);
        else
            status = retry(run, run_block, &block);
        if (status)
            say_failure(status, "the block from line %u on was not done, nor what follows it",
                        line);
    }
    return r < 0 ? say_failure(VERB_REFUSED, "%s", error.text) : status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum verb_exit read_environment(struct run *run)
{
    struct error error = {""};
    if (retry_read(&run->backoff, &error) ||
        retry_read_ms("VSECM_SENTINEL_INIT_COMMAND_WAIT_BEFORE_EXEC", 0, &run->wait_before_ms,
                      &error) ||
        retry_read_ms("VSECM_SENTINEL_INIT_COMMAND_WAIT_AFTER_INIT_COMPLETE", 0,
                      &run->wait_after_ms, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    return VERB_OK;
}

static const char *path_or_default(const char *path)
{
    if (!path)
        path = secure_getenv("VSECM_SENTINEL_INIT_COMMAND_PATH");
    return path && *path ? path : DEFAULT_PATH;
}

bool init_run_has_file(const char *path)
{
    return access(path_or_default(path), F_OK) == 0 || errno != ENOENT;
}

static enum verb_exit read_file(struct run *run, const char *path)
{
    struct error error = {""};
    path = path_or_default(path);
    if (value_read_kept(path, LIMIT_INIT_FILE, &run->text, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    run->now_us = clock_wall_us();
    if (!init_file_check((struct span){run->text.data, run->text.length}, run->now_us, &error))
        return VERB_OK;
    value_clear(&run->text);
    return say_failure(VERB_USAGE, "%s: %s; nothing was done", path, error.text);
}

static enum verb_exit run_file(struct run *run)
{
    retry_sleep(run->wait_before_ms);
    enum verb_exit status = run_blocks(run, true);
    if (!status)
        status = retry(run, ask_keystone, NULL);
    if (status || run->is_ready) {
        if (!status)
            puts("the keystone is ready; nothing was done");
        return status;
    }
    status = run_blocks(run, false);
    if (!status)
        status = retry(run, store_keystone, NULL);
    if (status)
        return status;
    retry_sleep(run->wait_after_ms);
    puts("the init commands have run; the keystone is ready");
    return VERB_OK;
}

enum verb_exit init_run(const struct arguments *arguments, const char *path)
{
    struct run run = {.arguments = arguments};
    enum verb_exit status = read_environment(&run);
    if (!status)
        status = read_file(&run, path);
    if (status)
        return status;
    status = run_file(&run);
    value_clear(&run.text);
    return status;
}
