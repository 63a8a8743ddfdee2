/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/core.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/span.h"
#include "base/str.h"
#include "sync/locked.h"
#include "vsecm/vsecm.h"
#include "wire/channel.h"

#define RETRY_MIN_MS 100u
#define RETRY_MAX_MS 5000u
#define WELCOME_MS 10000u /* a core that accepts and says nothing is another one's socket */

struct core {
    struct core_options options;
    struct channel *channel;
    struct loop_timer timer; /* the next attempt, or that of the welcome */
    unsigned retry_ms;
    int is_welcome;
    int was_told; /* that it is not there */
};

/* ---- losing it ---------------------------------------------------------------------------------
 */

static void try_later(struct core *core)
{
    loop_set_timer(core->options.loop, &core->timer, core->retry_ms);
    core->retry_ms = core->retry_ms * 2 < RETRY_MAX_MS ? core->retry_ms * 2 : RETRY_MAX_MS;
}

static void lose(struct core *core, const char *why)
{
    channel_free(core->channel);
    core->channel = NULL;
    core->is_welcome = 0;
    if (!core->was_told)
        core->options.lost(core->options.context, why);
    core->was_told = 1;
    try_later(core);
}

static void on_closed(void *context, const char *why)
{
    lose(context, why);
}

/* ---- meeting it --------------------------------------------------------------------------------
 */

static void welcome(struct core *core, const struct wire_message *message)
{
    if (!span_is(message->field[0], WIRE_ABI)) {
        lose(core, "it is of another version: both must be of one image");
        return;
    }
    loop_cancel_timer(core->options.loop, &core->timer);
    core->is_welcome = 1;
    core->was_told = 0;
    core->retry_ms = RETRY_MIN_MS;
    core->options.met(core->options.context);
}

static void on_message(void *context, const struct wire_message *message)
{
    struct core *core = context;
    if (core->is_welcome)
        core->options.message(core->options.context, message);
    else if (message->kind == WIRE_WELCOME)
        welcome(core, message);
    else
        lose(core, "it did not say welcome");
}

/* A core whose queue of connections is full is not waited for: -EAGAIN. */
static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (str_copy(address.sun_path, sizeof address.sun_path, span_of(path)) < 0)
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int r = -errno;
    close(fd);
    return r;
}

static void meet(struct core *core)
{
    const struct channel_options options = {.side = WIRE_SYNC,
                                            .memory = &locked_memory,
                                            .message = on_message,
                                            .closed = on_closed,
                                            .context = core};
    struct wire_message hello = {.kind = WIRE_HELLO};
    int fd = dial(core->options.path);
    int r = fd < 0 ? fd : channel_new(core->options.loop, fd, &options, &core->channel);
    if (r < 0) {
        core->channel = NULL;
        lose(core, strerror(-r));
        return;
    }
    hello.field[HELLO_ABI] = SPAN_LITERAL(WIRE_ABI);
    hello.field[HELLO_NODE] = span_of(core->options.node);
    hello.field[HELLO_VERSION] = SPAN_LITERAL(VSECM_VERSION);
    channel_send(core->channel, &hello);
    loop_set_timer(core->options.loop, &core->timer, WELCOME_MS);
}

static void on_timer(struct loop_timer *timer)
{
    struct core *core = (struct core *)((char *)timer - offsetof(struct core, timer));
    if (core->channel)
        lose(core,
             core->is_welcome ? "it does not take what it asked for" : "it does not say anything");
    else
        meet(core);
}

/* ---- the core ----------------------------------------------------------------------------------
 */

struct core *core_new(const struct core_options *options)
{
    struct core *core = calloc(1, sizeof *core);
    if (!core)
        return NULL;
    core->options = *options;
    core->timer.fire = on_timer;
    core->retry_ms = RETRY_MIN_MS;
    loop_set_timer(options->loop, &core->timer, 0);
    return core;
}

int core_is_there(const struct core *core)
{
    return core->is_welcome;
}

int core_send(struct core *core, const struct wire_message *message)
{
    return core->is_welcome ? channel_send(core->channel, message) : -ENOTCONN;
}

size_t core_queued(const struct core *core)
{
    return core->channel ? channel_queued(core->channel) : 0;
}

void core_give_up(struct core *core)
{
    if (core->channel)
        loop_set_timer(core->options.loop, &core->timer, 0);
}

void core_free(struct core *core)
{
    if (!core)
        return;
    loop_cancel_timer(core->options.loop, &core->timer);
    channel_free(core->channel);
    free(core);
}
