/* SPDX-License-Identifier: BSD-2-Clause */
/* The library is compiled with hidden symbols; the public ones are those of this header. */
#pragma GCC visibility push(default)
#include "vsecm/vsecm.h"
#pragma GCC visibility pop

#include "client/channel.h"
#include "client/failure.h"
#include "client/link.h"
#include "client/locked.h"
#include "client/page_view.h"
#include "client/response.h"
#include "client/stamp.h"
#include "limits.h"
#include "protocol.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * What a read gives is made when something has happened, and given until the next thing does: as
 * long as `live` is a page whose sequence is `seen`, that is kept, and no time runs out.
 */
struct vsecm_page {
    const struct page_head *live; /* the view's, while `secret` and `result` are what it says */
    uint32_t seen;
    int64_t expires_us; /* INT64_MAX: never */
    vsecm_secret secret;
    vsecm_result result;

    uint64_t generation; /* counts what reads could have given, from 1 */
    uint64_t given;      /* the generation that the last read gave */
    struct page_view view;
    struct link *link;
    struct response response;
    int fd;        /* a page that came with the beginning of an answer; -1 */
    bool attached; /* the link's answer has come, with `view` */
    pid_t owner;   /* of the link: after fork() a child makes its own */
    char path[128];
    char message[512];
};

static __attribute__((format(printf, 3, 4))) vsecm_result fail(vsecm_page *page,
                                                               vsecm_result result,
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(page->message, sizeof page->message, format, args);
    va_end(args);
    return result;
}

/* ---- what a read gives ----------------------------------------------------------------------- */

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* a tick late at most; 6 ns instead of 25 */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* From now on there is no value to be read, for RESULT. */
static void set_absent(vsecm_page *page, vsecm_result result)
{
    page->expires_us = INT64_MAX;
    if (page->result == result)
        return;
    vsecm_secret_clear(&page->secret);
    page->result = result;
    page->generation++;
}

static bool is_same(const vsecm_page *page, const vsecm_secret *secret)
{
    return page->result == VSECM_OK && page->secret.version == secret->version &&
           page->secret.length == secret->length &&
           memcmp(page->secret.data, secret->data, secret->length) == 0 &&
           strcmp(page->secret.created, secret->created) == 0 &&
           strcmp(page->secret.updated, secret->updated) == 0;
}

/* Takes the copy's value over. One that is the same as before stays where it was. */
static void set_value(vsecm_page *page, struct page_copy *copy)
{
    vsecm_secret secret = {
        .data = copy->value,
        .length = copy->head.length,
        .version = copy->head.version,
        .internal = {copy->value, (void *)(uintptr_t)copy->room},
    };
    stamp_write(copy->head.created_us, &secret.created);
    stamp_write(copy->head.updated_us, &secret.updated);
    *copy = (struct page_copy){.head = copy->head};
    page->expires_us = copy->head.expires_us;
    if (is_same(page, &secret)) {
        vsecm_secret_clear(&secret);
        return;
    }
    vsecm_secret_clear(&page->secret);
    page->secret = secret;
    page->result = VSECM_OK;
    page->generation++;
}

static const struct {
    vsecm_result result;
    const char *message;
} absences[] = {
    [PAGE_REASON_NONE] = {VSECM_NOT_FOUND, "there is no secret"},
    [PAGE_REASON_NO_SECRET] = {VSECM_NOT_FOUND, "there is no secret"},
    [PAGE_REASON_NOT_YET] = {VSECM_NOT_FOUND, "the secret is not valid yet"},
    [PAGE_REASON_EXPIRED] = {VSECM_EXPIRED, "the secret has expired"},
    [PAGE_REASON_WITHHELD] = {VSECM_UNAVAILABLE, "the daemon withholds the secret at present"},
};

static void take_absence(vsecm_page *page, uint32_t reason)
{
    size_t i = reason < sizeof absences / sizeof *absences ? reason : PAGE_REASON_NONE;
    fail(page, absences[i].result, "%s", absences[i].message);
    set_absent(page, absences[i].result);
}

/* Not in line: its stack would cost every read another nanosecond. */
static __attribute__((noinline)) bool is_over(const vsecm_page *page)
{
    return clock_us() >= page->expires_us;
}

static void check_time(vsecm_page *page)
{
    if (page->expires_us != INT64_MAX && is_over(page))
        take_absence(page, PAGE_REASON_EXPIRED);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* It is kept no longer; what it said stays. The next is asked for by another connection. */
static void lose(vsecm_page *page, const char *why)
{
    page->live = NULL;
    page->attached = false;
    link_drop(page->link);
    fail(page, VSECM_OK, "%s", why);
}

static void take_copy(vsecm_page *page, struct page_copy *copy)
{
    switch ((enum page_state)copy->head.state) {
    case PAGE_VALUE:
        page->message[0] = '\0';
        set_value(page, copy);
        break;
    case PAGE_ABSENT: take_absence(page, copy->head.reason); break;
    case PAGE_MOVED:
        page->live = NULL;
        page->attached = false;
        link_again(page->link);
        return;
    case PAGE_REVOKED:
        lose(page, "the caller is no longer who it was");
        set_absent(page, VSECM_FORBIDDEN);
        return;
    }
    page->live = page->view.head;
    page->seen = copy->head.sequence;
}

static void fail_copy(vsecm_page *page, int r, const char *wrong)
{
    page->live = NULL;
    if (r == -EPROTO) {
        lose(page, wrong);
        set_absent(page, VSECM_PROTOCOL);
    } else {
        fail(page, VSECM_OK, "%s",
             r == -EAGAIN ? "the daemon has stopped within a change" : strerror(-r));
    }
}

/* Copy what the page says if that is something new. Returns whether it has moved. */
static bool look(vsecm_page *page)
{
    const struct page_head *head = page->view.head;
    struct page_copy copy = {.value = NULL};
    const char *wrong;
    if (page->live && page_view_sequence(head) == page->seen && page_view_is_kept(head))
        return false;
    int r = page_view_copy(&page->view, &copy, &wrong);
    if (r)
        fail_copy(page, r, wrong);
    else
        take_copy(page, &copy);
    if (page->attached && !page_view_is_kept(head))
        lose(page, "the daemon has gone");
    bool moved = !r && copy.head.state == PAGE_MOVED;
    page_view_clear(&copy);
    return moved;
}

/* What the daemon keeps, it keeps for a connection: without one it is not kept for us. */
static void check_link(vsecm_page *page)
{
    char byte;
    if (link_is_up(page->link) && link_receive(page->link, &byte, 1, NULL) != -EAGAIN)
        lose(page, "the daemon went away");
}

/* ---- the connection -------------------------------------------------------------------------- */

static void forget_answer(vsecm_page *page)
{
    response_reset(&page->response);
    if (page->fd >= 0)
        close(page->fd);
    page->fd = -1;
}

static vsecm_result refused(vsecm_page *page)
{
    const struct response *response = &page->response;
    vsecm_result result = failure_of_answer(&response->head, response->buffer + response->body,
                                            page->message, sizeof page->message);
    if (result == VSECM_NOT_FOUND)
        return fail(page, VSECM_PROTOCOL, "the daemon knows no shared page; it is an older one");
    return result;
}

static vsecm_result take_page(vsecm_page *page)
{
    struct page_view view;
    const char *wrong;
    if (page->response.head.endless)
        return fail(page, VSECM_PROTOCOL, "the answer does not say its length");
    if (page->response.head.status != 200)
        return refused(page);
    if (page->fd < 0)
        return fail(page, VSECM_PROTOCOL, "the answer came without a page");
    int r = page_view_map(&view, page->fd, &wrong);
    page->fd = -1;
    if (r == -EPROTO)
        return fail(page, VSECM_PROTOCOL, "the page %s", wrong);
    if (r)
        return fail(page, VSECM_NO_MEMORY, "the page could not be mapped: %s", strerror(-r));
    page_view_unmap(&page->view);
    page->view = view;
    page->live = NULL;
    page->attached = true;
    link_good(page->link);
    link_rest(page->link);
    return VSECM_OK;
}

/* VSECM_TIMEOUT: more must come. */
static vsecm_result take_answer(vsecm_page *page)
{
    int fd;
    int r = response_receive(&page->response, page->link, &fd);
    if (fd >= 0) {
        if (page->fd >= 0)
            close(page->fd);
        page->fd = fd;
    }
    if (r == 0 || r == -EAGAIN)
        return VSECM_TIMEOUT;
    if (r == -EPROTO)
        return fail(page, VSECM_PROTOCOL, "the answer %s", page->response.wrong);
    if (r < 0)
        return fail(page, VSECM_UNREACHABLE, "the daemon went away");
    return take_page(page);
}

/* All that can be done now towards a page that is kept. VSECM_TIMEOUT: nothing has come of it. */
static vsecm_result attach(vsecm_page *page)
{
    int r = link_step(page->link, "GET " PATH_PAGE " HTTP/1.1\r\nHost: vsecm\r\n\r\n");
    if (r)
        forget_answer(page);
    if (r < 0) {
        errno = -r;
        fail(page, VSECM_UNREACHABLE, "%s",
             r == -ETIMEDOUT ? "the daemon does not answer" : strerror(-r));
        return failure_of_errno(r);
    }
    if (!link_is_up(page->link))
        return VSECM_TIMEOUT;
    vsecm_result result = take_answer(page);
    if (result == VSECM_TIMEOUT)
        return result;
    unsigned rest = result == VSECM_TOO_MANY ? page->response.head.retry_after_s : 0;
    forget_answer(page);
    if (result != VSECM_OK)
        link_drop_for(page->link, rest);
    /* Whoever is refused may not go on with what it was told when it was not. */
    if (result == VSECM_FORBIDDEN)
        set_absent(page, result);
    return result;
}

/* A child of fork() shares what the link is made of with its parent, who needs it. */
static void own_link(vsecm_page *page)
{
    struct link *link = NULL;
    if (page->owner == getpid() || link_open(&link, page->path, CHANNEL_TIMEOUT_MS))
        return;
    forget_answer(page);
    link_close(page->link);
    page->link = link;
    page->owner = getpid();
}

/* Wait for the page that takes the place of one that moved: its daemon is there and has it ready.
 */
static void follow_move(vsecm_page *page)
{
    int64_t deadline = channel_now() + LIMIT_MOVE_MS;
    while (attach(page) == VSECM_TIMEOUT && channel_now() < deadline)
        link_wait(page->link, deadline);
}

/* Take note of all that has happened. */
static void refresh(vsecm_page *page)
{
    own_link(page);
    if (page->attached && look(page))
        follow_move(page);
    else if (page->attached)
        check_link(page);
    if (!page->attached)
        attach(page);
    if (page->attached)
        look(page);
    check_time(page);
}

/* ---- the public functions -------------------------------------------------------------------- */

vsecm_result vsecm_page_read(vsecm_page *page, const vsecm_secret **ret)
{
    if (!page || !ret)
        return VSECM_INVALID;
    const struct page_head *live = page->live;
    if (!live || page_view_sequence(live) != page->seen || !page_view_is_kept(live) ||
        (page->expires_us != INT64_MAX && is_over(page)))
        refresh(page);
    page->given = page->generation;
    if (page->result == VSECM_OK)
        *ret = &page->secret;
    return page->result;
}

/* Until the writer has been at the page, or MS milliseconds are over. */
static void wait_for_writer(const vsecm_page *page, int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    syscall(SYS_futex, &page->live->sequence, FUTEX_WAIT, page->seen, &time, NULL, 0);
}

/* Until something may have happened: nobody wakes whoever waits when a daemon dies, or time does.
 */
static void wait_a_while(vsecm_page *page, int64_t deadline)
{
    int64_t now = channel_now(), until = now + LIMIT_PAGE_SLICE_MS;
    if (deadline >= 0 && deadline < until)
        until = deadline;
    if (page->expires_us != INT64_MAX) {
        int64_t left = (page->expires_us - clock_us()) / 1000 + 1;
        if (now + left < until)
            until = now + (left > 0 ? left : 1);
    }
    if (!page->live)
        link_wait(page->link, until);
    else if (until > now)
        wait_for_writer(page, until - now);
}

vsecm_result vsecm_page_wait(vsecm_page *page, int timeout_ms)
{
    if (!page)
        return VSECM_INVALID;
    int64_t deadline = timeout_ms < 0 ? -1 : channel_now() + timeout_ms;
    for (;;) {
        refresh(page);
        if (page->generation != page->given)
            return VSECM_OK;
        if (deadline >= 0 && channel_now() >= deadline)
            return VSECM_TIMEOUT;
        wait_a_while(page, deadline);
    }
}

int vsecm_page_stale(const vsecm_page *page)
{
    return page && (!page->live || !page_view_is_kept(page->live));
}

const char *vsecm_page_message(const vsecm_page *page)
{
    return page ? page->message : "";
}

/* The first page, whose absence is the caller's to know. */
static vsecm_result attach_first(vsecm_page *page)
{
    int64_t deadline = channel_now() + CHANNEL_TIMEOUT_MS;
    vsecm_result result = attach(page);
    while (result == VSECM_TIMEOUT && channel_now() < deadline) {
        link_wait(page->link, deadline);
        result = attach(page);
    }
    if (result == VSECM_OK)
        refresh(page);
    return result == VSECM_TIMEOUT ? VSECM_UNAVAILABLE : result;
}

vsecm_result vsecm_page_open(const char *path, vsecm_page **ret)
{
    if (!ret)
        return VSECM_INVALID;
    vsecm_page *page = calloc(1, sizeof *page);
    if (!page)
        return VSECM_NO_MEMORY;
    page->fd = -1;
    page->generation = 1;
    page->owner = getpid();
    page->expires_us = INT64_MAX;
    page->result = VSECM_UNAVAILABLE;
    path = path ? path : channel_default_path();
    int r = link_open(&page->link, path, CHANNEL_TIMEOUT_MS);
    if (!r)
        r = response_open(&page->response);
    errno = -r;
    vsecm_result result = r == -ENOMEM ? VSECM_NO_MEMORY : VSECM_UNREACHABLE;
    if (!r) {
        snprintf(page->path, sizeof page->path, "%s", path);
        result = attach_first(page);
    }
    if (result == VSECM_OK) {
        *ret = page;
        return result;
    }
    int why = errno;
    vsecm_page_close(page);
    errno = why;
    return result;
}

void vsecm_page_close(vsecm_page *page)
{
    if (!page)
        return;
    vsecm_secret_clear(&page->secret);
    page_view_unmap(&page->view);
    if (page->response.buffer)
        forget_answer(page);
    response_close(&page->response);
    link_close(page->link);
    free(page);
}
