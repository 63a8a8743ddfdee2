/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/clock.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/encode.h"
#include "cli/output.h"
#include "cli/say.h"
#include "protocol.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* As often as the library wants to be called at least, with some room. */
#define TURN_MS 25000

static const char *const reasons[] = {
    [VSECM_PRESENT] = "",
    [VSECM_NO_SECRET] = REASON_NO_SECRET,
    [VSECM_NOT_YET] = REASON_NOT_YET,
    [VSECM_HAS_EXPIRED] = REASON_EXPIRED,
};

/* ---- one event ------------------------------------------------------------------------------- */

static void write_member(struct writer *writer, const char *name, const char *text)
{
    writer_text(writer, ",\"");
    writer_text(writer, name);
    writer_text(writer, "\":");
    writer_json(writer, text, strlen(text));
}

static void write_json(struct writer *writer, const void *argument)
{
    const vsecm_event *event = argument;
    const vsecm_secret *secret = &event->secret;
    bool present = event->absence == VSECM_PRESENT;
    writer_text(writer, "{\"event\":");
    writer_text(writer, present ? "\"" EVENT_SECRET "\"" : "\"" EVENT_ABSENT "\"");
    write_member(writer, "id", event->id);
    if (present) {
        writer_text(writer, ",\"version\":");
        writer_u64(writer, secret->version);
        write_member(writer, "created", secret->created);
        write_member(writer, "updated", secret->updated);
        writer_text(writer, ",");
        encode_value(writer, "data", secret->data, secret->length);
    } else {
        write_member(writer, "reason", reasons[event->absence]);
        write_member(writer, "message", event->message);
    }
    writer_text(writer, "}\n");
}

static enum verb_exit print_json(const vsecm_event *event)
{
    struct encode encoded;
    if (encode_with(write_json, event, &encoded))
        return say_failure(VERB_REFUSED, "out of memory");
    enum verb_exit status = output_bytes(encoded.data, encoded.length);
    encode_clear(&encoded);
    return status;
}

/* Nothing but values on standard output: a script reads them line by line. */
static enum verb_exit print_value(const vsecm_event *event)
{
    if (event->absence != VSECM_PRESENT) {
        say_notice(event->message);
        return VERB_OK;
    }
    enum verb_exit status = output_bytes(event->secret.data, event->secret.length);
    return status ? status : output_bytes("\n", 1);
}

static void write_line(struct writer *writer, const vsecm_event *event)
{
    char now[CLOCK_RFC3339];
    clock_format_seconds(clock_wall_us(), now);
    writer_text(writer, now);
    if (event->absence == VSECM_PRESENT) {
        writer_text(writer, " secret version ");
        writer_u64(writer, event->secret.version);
        writer_text(writer, " updated ");
        writer_text(writer, event->secret.updated);
    } else {
        writer_text(writer, " absent ");
        writer_text(writer, reasons[event->absence]);
    }
    writer_text(writer, " id ");
    writer_text(writer, event->id);
    writer_text(writer, event->message[0] ? ": " : "");
    writer_text(writer, event->message);
    writer_text(writer, "\n");
}

static enum verb_exit print_line(const vsecm_event *event)
{
    char line[512];
    struct writer writer = writer_on(line, sizeof line);
    write_line(&writer, event);
    return output_bytes(line, writer.used);
}

static enum verb_exit print(const struct arguments *arguments, const vsecm_event *event)
{
    if (arguments->json)
        return print_json(event);
    return arguments->values ? print_value(event) : print_line(event);
}

/* ---- the watch ------------------------------------------------------------------------------- */

/* The daemon may be away for long: whoever looks on should know, once for each reason. */
static void say_trouble(const vsecm_watch *watch, char said[512])
{
    const char *message = vsecm_watch_message(watch);
    if (strcmp(message, said) == 0)
        return;
    snprintf(said, 512, "%s", message);
    if (message[0])
        say_notice(message);
}

static enum verb_exit fail(const vsecm_watch *watch, vsecm_result result)
{
    const char *message = vsecm_watch_message(watch);
    if (result == VSECM_FORBIDDEN)
        return say_failure(VERB_REFUSED, "%s; `vsecm whoami` says who the daemon takes you for",
                           message);
    return say_failure(VERB_REFUSED, "%s", message[0] ? message : vsecm_strerror(result));
}

/* Until something may have happened. False: a signal says that it is enough. */
static bool wait_for_news(const vsecm_watch *watch, int signals)
{
    struct pollfd pollers[] = {
        {.fd = vsecm_watch_fd(watch), .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    poll(pollers, 2, TURN_MS);
    return !(pollers[1].revents & POLLIN);
}

static enum verb_exit follow(const struct arguments *arguments, vsecm_watch *watch, int signals)
{
    char said[512] = "";
    enum verb_exit status = VERB_OK;
    while (!status && wait_for_news(watch, signals)) {
        vsecm_event event;
        vsecm_result result = vsecm_watch_next(watch, 0, &event);
        if (result == VSECM_TIMEOUT) {
            say_trouble(watch, said);
            continue;
        }
        if (result)
            return fail(watch, result);
        status = print(arguments, &event);
        vsecm_event_clear(&event);
        if (arguments->once)
            break;
    }
    return status;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static enum verb_exit run(const struct arguments *arguments)
{
    vsecm_watch *watch = NULL;
    if (arguments->json && arguments->values)
        return say_failure(VERB_USAGE, "-o json has the values; leave out --values");
    vsecm_result result = vsecm_watch_open(arguments->socket, arguments->last_id, &watch);
    if (result == VSECM_INVALID)
        return say_failure(VERB_USAGE, "--last-id is no id of an event: up to 63 characters "
                                       "without blanks");
    if (result)
        return say_failure(VERB_REFUSED, "cannot watch: %s", strerror(errno));
    int signals = open_signals();
    enum verb_exit status = signals < 0
                                ? say_failure(VERB_REFUSED, "cannot watch: %s", strerror(errno))
                                : follow(arguments, watch, signals);
    if (signals >= 0)
        close(signals);
    vsecm_watch_close(watch);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_once, &arguments_last_id, &arguments_values, &arguments_output, NULL,
};

const struct verb verb_watch = {
    .name = "watch",
    .operands = "[--once] [--last-id ID] [--values | -o json]",
    .summary = "Print a line now, and again whenever the caller's own secret changes",
    .help = "Without --values or -o json no line has a value. A daemon that is away is waited for, "
            "and what\n"
            "changed meanwhile is one line. Ends with --once, or by SIGINT or SIGTERM.\n"
            "With -o json, a line is an object of event, id, and as `vsecm get` has them data,\n"
            "created, updated and version; or of event, id, reason and message.\n",
    .options = options,
    .run = run,
};
