/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sync_door.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sock.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "identity/place.h"
#include "kernel/attest.h"
#include "limits.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/audit_line.h"
#include "serve/service.h"
#include "serve/who.h"

#define BACKLOG 4     /* there is one vsecm-sync, and perhaps the one that takes its place */
#define SAY_MS 60000u /* between two lines of the log about refusals */
#define PATH_SIZE 320u

struct sync_door {
    struct loop_source source;
    struct sync_door_options options;
    struct who *who;
    char path[PATH_SIZE]; /* "": nothing is there */
    uint64_t said_ms;     /* when a refusal was logged; 0: never */
    uint64_t unsaid;      /* refusals since */
};

static void record(const struct sync_door *door, const struct subject *subject,
                   const struct decision *decision)
{
    char text[LIMIT_AUDIT_RECORD];
    struct writer w = writer_on(text, sizeof text);
    audit_line_subject(&w, subject);
    struct call call = {.subject = subject, .audit_subject = {text, w.used}};
    service_record(door->options.service, &call, "sync",
                   decision->verdict == VERDICT_ALLOW ? "allow" : "deny", decision->reason);
}

static void say_refusal(struct sync_door *door, const struct subject *subject, const char *why)
{
    uint64_t now = clock_mono_ms();
    door->unsaid++;
    if (door->said_ms && now - door->said_ms < SAY_MS)
        return;
    log_warn("somebody who is not our vsecm-sync was refused (pid %u, uid %u; %llu in all since "
             "this was said last): %s",
             subject->caller.pid, subject->caller.uid, (unsigned long long)door->unsaid, why);
    door->said_ms = now;
    door->unsaid = 0;
}

static void let_in(struct sync_door *door, int fd)
{
    int r = link_attach(door->options.link, fd);
    if (r < 0)
        log_error("vsecm-sync came, but cannot be talked to: %s", strerror(-r));
}

static void on_connection(struct loop_source *source, uint32_t events)
{
    struct sync_door *door =
        (struct sync_door *)((char *)source - offsetof(struct sync_door, source));
    struct place own;
    struct subject subject;
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    who_read(door->who, fd, DOOR_SYNC, &subject);
    place_read(attest_own_chain(door->options.attest), door->options.roots, &own);
    struct decision decision =
        access_decide_sync(&subject, &own, door->options.uid, door->options.service->working);
    record(door, &subject, &decision);
    if (decision.verdict == VERDICT_ALLOW) {
        let_in(door, fd);
    } else {
        say_refusal(door, &subject, decision.message);
        close(fd);
    }
    who_release(door->who, &subject);
}

static int listen_at(struct sync_door *door, struct error *error)
{
    const char *dir = door->options.dir;
    int r = sock_directory(dir, 0755, error);
    if (r < 0)
        return r;
    snprintf(door->path, sizeof door->path, "%s/" PROTOCOL_SYNC_NAME, dir);
    /* Anybody may knock: it is the kernel's record that decides. */
    int fd = sock_listen_unseen(door->path, 0666, BACKLOG, error);
    if (fd < 0) {
        door->path[0] = '\0';
        return fd;
    }
    door->source = (struct loop_source){.fd = fd, .ready = on_connection};
    r = attest_watch(door->options.attest, fd);
    if (r == 0)
        r = loop_add(door->options.loop, &door->source, EPOLLIN);
    if (r < 0)
        return error_errno(error, r, "cannot serve at %s", door->path);
    return sock_publish(door->path, error);
}

int sync_door_new(const struct sync_door_options *options, struct sync_door **ret,
                  struct error *error)
{
    struct sync_door *door = calloc(1, sizeof *door);
    if (!door)
        return error_set(error, -ENOMEM, "out of memory");
    door->options = *options;
    door->source.fd = -1;
    door->who = who_new(options->attest, options->roots, "");
    int r = door->who ? listen_at(door, error) : error_set(error, -ENOMEM, "out of memory");
    if (r < 0) {
        sync_door_free(door);
        return r;
    }
    *ret = door;
    return 0;
}

void sync_door_free(struct sync_door *door)
{
    if (!door)
        return;
    if (door->path[0])
        unlink(door->path);
    if (door->source.fd >= 0) {
        loop_remove(door->options.loop, &door->source);
        close(door->source.fd);
    }
    who_free(door->who);
    free(door);
}
