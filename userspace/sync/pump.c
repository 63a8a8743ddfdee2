/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/pump.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/loop.h"

#define MOST_STREAMS 250L /* of one connection; what a server of Go's takes, and says so */
/* Where HTTP/2 is not spoken each watch has a connection of its own. */
#define MOST_CONNECTIONS 32L

struct pump {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer;
    struct plug *plugs;
    pump_done *done;
    void *context;
};

/* One socket of libcurl's. */
struct plug {
    struct loop_source source;
    struct pump *pump;
    struct plug *next;
};

static void tell_done(struct pump *pump)
{
    CURLMsg *message;
    int rest;
    while ((message = curl_multi_info_read(pump->multi, &rest)))
        if (message->msg == CURLMSG_DONE)
            pump->done(pump->context, message->easy_handle, message->data.result);
}

static void act(struct pump *pump, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(pump->multi, fd, events, &running);
    tell_done(pump);
}

/* ---- sockets ----------------------------------------------------------------------------------
 */

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct plug *plug = (struct plug *)((char *)source - offsetof(struct plug, source));
    int what = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    /* The plug may be gone when this returns. */
    act(plug->pump, source->fd, what);
}

static void unplug(struct pump *pump, struct plug *plug)
{
    for (struct plug **at = &pump->plugs; *at; at = &(*at)->next)
        if (*at == plug) {
            *at = plug->next;
            break;
        }
    loop_remove(pump->loop, &plug->source);
    free(plug);
}

static int plug_in(struct pump *pump, curl_socket_t fd, uint32_t events)
{
    struct plug *plug = calloc(1, sizeof *plug);
    if (!plug)
        return -1;
    *plug = (struct plug){.source = {.fd = fd, .ready = on_ready}, .pump = pump};
    if (loop_add(pump->loop, &plug->source, events) < 0) {
        free(plug);
        return -1;
    }
    plug->next = pump->plugs;
    pump->plugs = plug;
    curl_multi_assign(pump->multi, fd, plug);
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    (void)easy;
    struct pump *pump = context;
    struct plug *plug = socket_context;
    uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                      (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (what == CURL_POLL_REMOVE) {
        if (plug)
            unplug(pump, plug);
        return 0;
    }
    if (plug)
        return loop_modify(pump->loop, &plug->source, events) < 0 ? -1 : 0;
    return plug_in(pump, fd, events);
}

/* ---- time -------------------------------------------------------------------------------------
 */

static void on_timer(struct loop_timer *timer)
{
    struct pump *pump = (struct pump *)((char *)timer - offsetof(struct pump, timer));
    act(pump, CURL_SOCKET_TIMEOUT, 0);
}

static int on_time(CURLM *multi, long ms, void *context)
{
    (void)multi;
    struct pump *pump = context;
    if (ms < 0)
        loop_cancel_timer(pump->loop, &pump->timer);
    else
        loop_set_timer(pump->loop, &pump->timer, (uint64_t)ms);
    return 0;
}

/* ---- the pump ---------------------------------------------------------------------------------
 */

struct pump *pump_new(struct loop *loop, pump_done *done, void *context)
{
    struct pump *pump = calloc(1, sizeof *pump);
    CURLM *multi = curl_multi_init();
    if (!pump || !multi) {
        free(pump);
        curl_multi_cleanup(multi);
        return NULL;
    }
    *pump = (struct pump){.loop = loop,
                          .multi = multi,
                          .timer = {.fire = on_timer},
                          .done = done,
                          .context = context};
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pump);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_time);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pump);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, MOST_STREAMS);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, MOST_CONNECTIONS);
    return pump;
}

int pump_add(struct pump *pump, CURL *easy)
{
    return curl_multi_add_handle(pump->multi, easy) == CURLM_OK ? 0 : -EIO;
}

void pump_remove(struct pump *pump, CURL *easy)
{
    curl_multi_remove_handle(pump->multi, easy);
}

void pump_free(struct pump *pump)
{
    if (!pump)
        return;
    curl_multi_cleanup(pump->multi);
    while (pump->plugs)
        unplug(pump, pump->plugs);
    loop_cancel_timer(pump->loop, &pump->timer);
    free(pump);
}
