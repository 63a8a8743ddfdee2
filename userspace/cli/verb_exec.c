/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/child.h"
#include "cli/delivery.h"
#include "cli/follow.h"
#include "cli/guard.h"
#include "cli/say.h"
#include "client/channel.h"

#include <errno.h>

#define WAIT_MS 30000
#define GRACE_MS 10000

/* One run of the verb, from the first look for a secret to the program's end. */
struct run {
    const struct arguments *arguments;
    struct guard guard;
    struct delivery delivery;
    struct follow follow;
    struct signals signals;
    struct child child;
    int64_t give_up_at; /* while there was no secret yet */
    bool started;
    bool renewing; /* when it ends it is started anew */
    bool ending;   /* somebody has asked for its end: nothing starts it again */
    bool over;     /* `status` is what to exit with */
    int status;
};

static void finish(struct run *run, int status)
{
    run->over = true;
    run->status = status;
}

static void start(struct run *run)
{
    struct error error = {""};
    struct child_plan plan =
        delivery_plan(&run->delivery, run->arguments->socket, run->arguments->command);
    int r = child_start(&run->child, &plan, &run->signals, &error);
    delivery_spent(&run->delivery);
    run->started = true;
    run->renewing = false;
    if (!r)
        return;
    say_failure(VERB_REFUSED, "%s", error.text);
    finish(run, run->child.status);
}

/* ---- signals --------------------------------------------------------------------------------- */

static bool asks_for_end(int number)
{
    return number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP;
}

static void take_end(struct run *run)
{
    if (run->renewing && !run->ending)
        start(run);
    else
        finish(run, run->status ? run->status : run->child.status);
}

static void take_signal(struct run *run, int number, bool sent)
{
    if (number == SIGCHLD) {
        if (child_reap(&run->child))
            take_end(run);
        return;
    }
    if (!run->child.pid) {
        if (asks_for_end(number))
            finish(run, 128 + number);
        return;
    }
    /* Whatever else a program makes of it: SIGTERM means its end, as the others do to one that is
     * being stopped. */
    if (number == SIGTERM || (run->renewing && asks_for_end(number)))
        run->ending = true;
    if (sent)
        child_signal(&run->child, number);
}

static void take_signals(struct run *run)
{
    int number;
    bool sent;
    while (!run->over && (number = signals_next(&run->signals, &sent)))
        take_signal(run, number, sent);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void stop(struct run *run)
{
    uint64_t grace = run->arguments->delivery.grace_ms;
    child_stop(&run->child, grace ? (int64_t)grace : GRACE_MS);
}

static void take_change(struct run *run)
{
    switch (run->delivery.on_change) {
    case DELIVERY_RESTART:
        run->renewing = true;
        stop(run);
        return;
    case DELIVERY_SIGNAL: child_signal(&run->child, run->arguments->delivery.signal); return;
    case DELIVERY_NOTHING: return;
    }
}

static void take_secret(struct run *run, const vsecm_secret *secret)
{
    struct error error = {""};
    int r = delivery_prepare(&run->delivery, secret->data, secret->length, &error);
    if (r && !run->started)
        finish(run, (int)say_failure(VERB_REFUSED, "%s", error.text));
    else if (r)
        say_failure(VERB_OK, "%s; the program goes on with what it has", error.text);
    else if (!run->started)
        start(run);
    else if (!run->ending)
        take_change(run);
    /* Only a start that is due needs it. */
    if (!run->renewing)
        delivery_spent(&run->delivery);
}

static bool stops_on_delete(const struct run *run)
{
    const char *what = run->arguments->delivery.on_delete;
    return what && what[0] == 's';
}

static void take_absence(struct run *run, const char *message)
{
    struct error error = {""};
    if (!run->started)
        return;
    if (delivery_withdraw(&run->delivery, &error))
        say_failure(VERB_OK, "%s", error.text);
    if (stops_on_delete(run)) {
        run->status = (int)say_failure(VERB_REFUSED, "%s; stopping the program", message);
        run->ending = true;
        stop(run);
        return;
    }
    say_failure(VERB_OK, "%s; the program goes on", message);
    if (run->delivery.on_change == DELIVERY_SIGNAL)
        child_signal(&run->child, run->arguments->delivery.signal);
}

static void take_events(struct run *run)
{
    vsecm_event event;
    while (!run->over && follow_next(&run->follow, &event)) {
        if (event.absence == VSECM_PRESENT)
            take_secret(run, &event.secret);
        else
            take_absence(run, event.message);
        vsecm_event_clear(&event);
    }
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Milliseconds until something is due; negative: nothing is. */
static int64_t due_in(struct run *run)
{
    if (run->started)
        return child_check(&run->child);
    int64_t left = run->give_up_at - channel_now();
    if (left <= 0)
        finish(run, (int)follow_explain(&run->follow, "there is no secret to start with"));
    return left;
}

static int loop(struct run *run)
{
    while (!run->over) {
        take_signals(run);
        take_events(run);
        int64_t due = run->over ? 0 : due_in(run);
        if (!run->over)
            follow_wait(&run->follow, run->signals.fd, due);
    }
    return run->status;
}

static enum verb_exit run_all(struct run *run)
{
    enum verb_exit status = follow_open(run->arguments, &run->follow);
    if (status)
        return status;
    if (signals_open(&run->signals)) {
        status = say_failure(VERB_REFUSED, "cannot take signals");
    } else {
        status = (enum verb_exit)loop(run);
        signals_close(&run->signals);
    }
    follow_close(&run->follow);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    uint64_t wait = arguments->delivery.wait_ms;
    struct run run = {
        .arguments = arguments,
        .guard = {.socket = arguments->socket},
        .give_up_at = channel_now() + (wait ? (int64_t)wait : WAIT_MS),
    };
    if (!arguments->command)
        return say_failure(VERB_USAGE, "no command given; it stands behind --");
    int r = delivery_open(&arguments->delivery, &run.guard, &run.delivery, &error);
    if (r)
        return say_failure(r == -EINVAL ? VERB_USAGE : VERB_REFUSED, "%s", error.text);
    enum verb_exit status = run_all(&run);
    delivery_close(&run.delivery);
    guard_close(&run.guard);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_delivery_env,
    &arguments_delivery_env_name,
    &arguments_delivery_prefix,
    &arguments_delivery_skip_bad_names,
    &arguments_delivery_allow_name,
    &arguments_delivery_fd,
    &arguments_delivery_file,
    &arguments_delivery_mode,
    &arguments_delivery_allow_disk,
    &arguments_delivery_restart,
    &arguments_delivery_grace,
    &arguments_delivery_signal,
    &arguments_delivery_no_restart,
    &arguments_delivery_keep_or_stop,
    &arguments_delivery_wait,
    &arguments_delivery_shield,
    &arguments_delivery_shield_children,
    &arguments_delivery_guard,
    NULL,
};

const struct verb verb_exec = {
    .name = "exec",
    .operands = "[--env | --fd | --file PATH] [--restart | --signal NAME] -- CMD [ARG]...",
    .summary = "Run a program with the caller's secret, and anew when it changes",
    .help = "The program ends as if it ran alone: signals reach it, and its exit status is ours.\n"
            "Ours are 126 when it cannot be started, 127 when there is no such program, and those\n"
            "of every verb when there is no secret for it, or no shield.\n",
    .options = options,
    .command = true,
    .run = run,
};
