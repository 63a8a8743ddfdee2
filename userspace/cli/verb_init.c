/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/span.h"
#include "base/str.h"
#include "cli/arguments.h"
#include "cli/follow.h"
#include "cli/say.h"
#include "client/channel.h"
#include "client/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TIMEOUT_MS 300000

/* Milliseconds to wait after the secret is there, as the original's init container has it. */
#define WAIT_VARIABLE "VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT"
#define WAIT_MOST 86400000u

/* The value has a member NAME. */
static bool has_member(const vsecm_secret *secret, const char *name)
{
    struct members members = members_of(secret->data, secret->length);
    struct member member;
    bool found = false;
    int r;
    while ((r = members_next(&members, &member)) > 0)
        found = found || members_equal(member.name, name);
    return found && r == 0;
}

/* The first member that is asked for and not there; NULL: all are. */
static const char *first_missing(const struct arguments *arguments, const vsecm_secret *secret)
{
    const struct arguments_delivery *delivery = &arguments->delivery;
    for (size_t i = 0; i < delivery->member_count; i++)
        if (!has_member(secret, delivery->members[i]))
            return delivery->members[i];
    return NULL;
}

/* *MISSING: what there is to be said when the time is over. True when nothing is. */
static bool is_ready(const struct arguments *arguments, struct follow *follow, char missing[320])
{
    vsecm_event event;
    if (!follow_next(follow, &event))
        return false;
    snprintf(missing, 320, "there is no secret");
    const char *member =
        event.absence == VSECM_PRESENT ? first_missing(arguments, &event.secret) : NULL;
    bool ready = event.absence == VSECM_PRESENT && !member;
    if (member)
        snprintf(missing, 320, "the secret has no member \"%.255s\"", member);
    vsecm_event_clear(&event);
    return ready;
}

static void sleep_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&left, NULL);
}

/* 0 with *ret set, or another exit status, said. */
static enum verb_exit wait_before_exit(uint64_t *ret)
{
    const char *text = getenv(WAIT_VARIABLE);
    *ret = 0;
    if (text && text[0] && str_u64(span_of(text), WAIT_MOST, ret))
        return say_failure(VERB_USAGE, WAIT_VARIABLE " must be milliseconds, at most %u",
                           WAIT_MOST);
    return VERB_OK;
}

static enum verb_exit wait_for_it(const struct arguments *arguments, struct follow *follow)
{
    uint64_t timeout = arguments->delivery.wait_ms;
    int64_t end = channel_now() + (timeout ? (int64_t)timeout : TIMEOUT_MS);
    char missing[320] = "there is no secret";
    while (!is_ready(arguments, follow, missing)) {
        int64_t left = end - channel_now();
        if (left <= 0)
            return follow_explain(follow, missing);
        follow_wait(follow, -1, left);
    }
    return VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct follow follow;
    uint64_t wait;
    enum verb_exit status = wait_before_exit(&wait);
    if (!status)
        status = follow_open(arguments, &follow);
    if (status)
        return status;
    status = wait_for_it(arguments, &follow);
    follow_close(&follow);
    if (!status)
        sleep_ms(wait);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_delivery_timeout,
    &arguments_delivery_member,
    NULL,
};

const struct verb verb_init = {
    .name = "init",
    .operands = "[--timeout TIME] [--member NAME]...",
    .summary = "Wait until the caller's secret is there",
    .help = "Ends with 0 as soon as the caller can read its secret, and that has every member.\n"
            "For an init container: what comes after it finds the secret at its first look.\n",
    .options = options,
    .run = run,
};
