/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/span.h"
#include "crypto/arena.h"
#include "limits.h"
#include "wire/channel.h"

#define SWEEP_MS 1000u

struct watcher {
    struct watcher *next;
    enum wire_kind kind;
    link_observer *observer;
    void *context;
};

/* What was asked and is not answered yet. */
struct asked {
    uint64_t number; /* 0: free */
    enum wire_kind kind;
    uint64_t due_ms;
    link_answer *answer;
    void *context;
};

struct link {
    struct loop *loop;
    struct arena *arena;
    struct channel_memory memory;
    struct channel *channel;
    struct watcher *watchers;
    struct asked asked[LIMIT_LINK_ASKED];
    size_t under_way;
    uint64_t last_number;
    struct loop_timer sweep;
    int is_welcome; /* the other end has said who it is */
    int is_up;
    uint64_t since_ms;
    char why[LIMIT_WIRE_TEXT + 1];
};

/* ---- state -------------------------------------------------------------------------------------
 */

static void set_state(struct link *link, int is_up, struct span why)
{
    if (is_up != link->is_up)
        link->since_ms = clock_mono_ms();
    link->is_up = is_up;
    snprintf(link->why, sizeof link->why, "%.*s", (int)why.length, why.data);
}

int link_is_up(const struct link *link)
{
    return link->is_up;
}

const char *link_why(const struct link *link)
{
    return link->why;
}

uint64_t link_since_ms(const struct link *link)
{
    return link->since_ms;
}

uint64_t link_unreached_s(const struct link *link)
{
    return link->is_up ? 0 : (clock_mono_ms() - link->since_ms) / 1000;
}

/* ---- observers ---------------------------------------------------------------------------------
 */

int link_observe(struct link *link, enum wire_kind kind, link_observer *observer, void *context)
{
    struct watcher *watcher = malloc(sizeof *watcher);
    if (!watcher)
        return -ENOMEM;
    *watcher = (struct watcher){NULL, kind, observer, context};
    struct watcher **end = &link->watchers;
    while (*end)
        end = &(*end)->next;
    *end = watcher;
    return 0;
}

static void tell_observers(struct link *link, const struct wire_message *message)
{
    for (struct watcher *w = link->watchers; w; w = w->next)
        if (w->kind == message->kind)
            w->observer(w->context, message);
}

/* ---- answers -----------------------------------------------------------------------------------
 */

static struct asked *find_asked(struct link *link, uint64_t number)
{
    for (size_t i = 0; number && i < LIMIT_LINK_ASKED; i++)
        if (link->asked[i].number == number)
            return &link->asked[i];
    return NULL;
}

static void end_asked(struct link *link, struct asked *asked, const struct wire_message *message)
{
    struct asked ended = *asked;
    *asked = (struct asked){0};
    link->under_way--;
    ended.answer(ended.context, message);
}

static void end_unreachable(struct link *link, struct asked *asked, const char *why)
{
    struct wire_message result = {.kind = WIRE_RESULT, .number = asked->number};
    result.field[RESULT_CODE] = SPAN_LITERAL("unreachable");
    result.field[RESULT_MESSAGE] = span_of(why);
    end_asked(link, asked, &result);
}

/* Everything that is under way now; what is asked meanwhile is not. */
static void end_all(struct link *link, const char *why)
{
    uint64_t last = link->last_number;
    for (size_t i = 0; i < LIMIT_LINK_ASKED; i++)
        if (link->asked[i].number && link->asked[i].number <= last)
            end_unreachable(link, &link->asked[i], why);
}

static void on_sweep(struct loop_timer *timer)
{
    struct link *link = (struct link *)((char *)timer - offsetof(struct link, sweep));
    uint64_t now = clock_mono_ms();
    for (size_t i = 0; i < LIMIT_LINK_ASKED; i++)
        if (link->asked[i].number && link->asked[i].due_ms <= now)
            end_unreachable(link, &link->asked[i], "vsecm-sync did not answer in time");
    loop_set_timer(link->loop, &link->sweep, SWEEP_MS);
}

/* ---- the connection ----------------------------------------------------------------------------
 */

static void lose(struct link *link, const char *why)
{
    const struct wire_message lost = {.kind = WIRE_NONE};
    channel_free(link->channel);
    link->channel = NULL;
    link->is_welcome = 0;
    set_state(link, 0, span_of(why));
    end_all(link, why);
    tell_observers(link, &lost);
}

static void on_closed(void *context, const char *why)
{
    char text[LIMIT_WIRE_TEXT];
    snprintf(text, sizeof text, "vsecm-sync is not there: %s", why);
    lose(context, text);
}

static void greet(struct link *link, const struct wire_message *hello)
{
    struct wire_message welcome = {.kind = WIRE_WELCOME};
    welcome.field[0] = SPAN_LITERAL(WIRE_ABI);
    if (!span_is(hello->field[HELLO_ABI], WIRE_ABI)) {
        lose(link, "vsecm-sync is of another version than vsecmd: both must be of one image");
        return;
    }
    link->is_welcome = 1;
    set_state(link, 0, SPAN_LITERAL("vsecm-sync has not reached the API server yet"));
    channel_send(link->channel, &welcome);
    tell_observers(link, hello);
}

/* Of what has an answer of its own. Whoever asked relies on it: a row in between ends nothing. */
static const struct {
    enum wire_kind asked, answer;
} answers[] = {{WIRE_GET, WIRE_SECRET},
               {WIRE_HISTORY, WIRE_VERSION},
               {WIRE_TOKEN_GET, WIRE_TOKEN},
               {WIRE_TOKEN_REVIEW, WIRE_REVIEW}};

static int may_answer(const struct asked *asked, enum wire_kind kind)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i].asked == asked->kind && answers[i].answer == kind)
            return 1;
    return kind == WIRE_RESULT;
}

static void on_message(void *context, const struct wire_message *message)
{
    struct link *link = context;
    struct asked *asked = find_asked(link, message->number);
    if (message->kind == WIRE_HELLO) {
        greet(link, message);
        return;
    }
    if (!link->is_welcome) {
        lose(link, "vsecm-sync did not say who it is");
        return;
    }
    if (asked && !may_answer(asked, message->kind)) {
        lose(link, "vsecm-sync answered what was not asked");
        return;
    }
    if (message->kind == WIRE_API)
        set_state(link, message->field[API_IS_UP].length != 0, message->field[API_REASON]);
    if (!message->number)
        tell_observers(link, message);
    else if (asked && message->kind == WIRE_VERSION)
        asked->answer(asked->context, message);
    else if (asked)
        end_asked(link, asked, message);
}

int link_attach(struct link *link, int fd)
{
    const struct channel_options options = {.side = WIRE_CORE,
                                            .memory = &link->memory,
                                            .message = on_message,
                                            .closed = on_closed,
                                            .context = link};
    if (link->channel)
        lose(link, "another vsecm-sync came");
    return channel_new(link->loop, fd, &options, &link->channel);
}

int link_tell(struct link *link, const struct wire_message *message)
{
    return link->is_welcome ? channel_send(link->channel, message) : -ENOTCONN;
}

int link_ask(struct link *link, struct wire_message *message, link_answer *answer, void *context)
{
    struct asked *asked = link->asked;
    if (!link->is_welcome)
        return -ENOTCONN;
    if (link->under_way == LIMIT_LINK_ASKED)
        return -EBUSY;
    while (asked->number)
        asked++;
    message->number = ++link->last_number;
    int r = channel_send(link->channel, message);
    if (r < 0)
        return r;
    *asked = (struct asked){message->number, message->kind, clock_mono_ms() + LIMIT_LINK_MS, answer,
                            context};
    link->under_way++;
    return 0;
}

/* ---- the link ----------------------------------------------------------------------------------
 */

static void *secret_alloc(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void secret_free(void *context, void *memory, size_t size)
{
    (void)size;
    arena_free(context, memory);
}

struct link *link_new(struct loop *loop, struct arena *arena)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->loop = loop;
    link->arena = arena;
    link->memory = (struct channel_memory){secret_alloc, secret_free, arena};
    link->sweep.fire = on_sweep;
    set_state(link, 0, SPAN_LITERAL("vsecm-sync has not come yet"));
    link->since_ms = clock_mono_ms();
    loop_set_timer(loop, &link->sweep, SWEEP_MS);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    loop_cancel_timer(link->loop, &link->sweep);
    channel_free(link->channel);
    link->channel = NULL;
    link->is_welcome = 0;
    end_all(link, "the daemon is stopping");
    for (struct watcher *next; link->watchers; link->watchers = next) {
        next = link->watchers->next;
        free(link->watchers);
    }
    free(link);
}
