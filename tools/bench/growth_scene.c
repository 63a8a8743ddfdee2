/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/growth_scene.h"

#include "base/sock.h"
#include "bench/fill.h"
#include "bench/http.h"
#include "bench/job.h"
#include "bench/pin.h"
#include "bench/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCENE_VALUE 64u
#define SCENE_AROUND 4096u /* of a reply: what is not the value */
#define SCENE_CONFIG                        \
    "arena_size = 256M\n" /* for 100,000 */ \
    "max_connections_per_pod = 4096\n"      \
    "audit_keep = 4\n" /* of 16 MiB each */

/* Shared with who reads it from within the pod. */
struct growth_large {
    char path[108];
    size_t value_bytes, room, length;
    char bytes[]; /* the value with its NUL, then the reply */
};

static int start(struct growth_scene *scene, const struct pod *pod, struct error *error)
{
    struct daemon_options options = *scene->stage->daemon;

    options.config = SCENE_CONFIG;
    if (scene->pods) {
        options.others = scene->pods + 1;
        options.other_count = scene->pod_count - 1;
    }
    int r = daemon_start(&scene->daemon, &options, pod, error);
    if (r)
        return r;
    r = pin_process(scene->daemon.pid, scene->stage->server_cpu);
    return r ? error_errno(error, r, "cannot pin vsecmd") : 0;
}

static int start_once(struct growth_scene *scene, struct error *error)
{
    scene->connections = 1;
    return scene->daemon.pid > 0 ? 0 : start(scene, scene->stage->pod, error);
}

static void take_reply(struct growth_scene *scene)
{
    scene->reply = scene->stage->probe->reply.bytes;
    scene->reply_length = scene->stage->probe->reply.length;
}

int growth_scene_secrets(struct growth_scene *scene, unsigned x, struct error *error)
{
    struct probe *probe = scene->stage->probe;
    int r = start_once(scene, error);

    if (r == 0)
        r = fill_daemon_from(&scene->daemon, scene->stored, x - scene->stored, SCENE_VALUE, probe,
                             error);
    if (r)
        return r;
    scene->stored = x;
    /* The pod's own is stored once more, for its value is another one than the last. */
    r = probe_prepare(probe, &scene->daemon, SCENE_VALUE, scene->stage->pod, error);
    take_reply(scene);
    return r;
}

int growth_scene_clients(struct growth_scene *scene, unsigned x, struct error *error)
{
    int r = start_once(scene, error);

    if (r == 0)
        r = probe_prepare(scene->stage->probe, &scene->daemon, SCENE_VALUE, scene->stage->pod,
                          error);
    take_reply(scene);
    scene->connections = x;
    return r;
}

/* ---- pods ---------------------------------------------------------------------------------- */

static void remove_pods(struct growth_scene *scene)
{
    for (unsigned i = scene->pod_count; i-- > 0;)
        pod_remove(&scene->pods[i]);
    scene->pod_count = 0;
}

static int make_pods(struct growth_scene *scene, unsigned count, struct error *error)
{
    struct pod *pods = reallocarray(scene->pods, count, sizeof(*pods));
    int r = 0;

    if (!pods)
        return error_errno(error, -ENOMEM, "%u pods", count);
    scene->pods = pods;
    for (unsigned i = scene->pod_count; i < count && r == 0; i++) {
        pods[i] = (struct pod){.made = 0};
        scene->pod_count++;
        r = pod_make(&pods[i], error);
    }
    return r;
}

/* Each has a secret of its own, which comes back to it alone; all replies are as long. */
static int give_secrets(struct growth_scene *scene, int fd, struct error *error)
{
    struct probe *probe = scene->stage->probe;
    char workload[32];
    int r = 0;

    for (unsigned i = 0; i < scene->pod_count && r == 0; i++) {
        snprintf(workload, sizeof(workload), "w%u", i);
        probe_make_value(probe->value, SCENE_VALUE, i);
        r = daemon_put(fd, workload, probe->value, error);
        if (r == 0)
            r = probe_verify(probe, &scene->daemon, &scene->pods[i], error);
        if (r == 0 && i > 0 && probe->reply.length != scene->reply_length)
            r = error_set(error, -EBADMSG, "the reply to pod %u has %zu bytes, that to others %zu",
                          i, probe->reply.length, scene->reply_length);
        if (r == 0 && stop_wanted())
            r = error_set(error, -EINTR, "stopped");
        take_reply(scene);
    }
    return r;
}

int growth_scene_pods(struct growth_scene *scene, unsigned x, struct error *error)
{
    daemon_stop(&scene->daemon);
    int r = make_pods(scene, x, error);
    if (r == 0)
        r = start(scene, &scene->pods[0], error);
    if (r)
        return r;
    int fd = sock_connect(scene->daemon.admin);
    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", scene->daemon.admin);
    r = give_secrets(scene, fd, error);
    close(fd);
    scene->connections = x;
    return r;
}

/* ---- values -------------------------------------------------------------------------------- */

static int fetch_large(void *shared, struct error *error)
{
    struct growth_large *large = shared;
    char *reply = large->bytes + large->value_bytes + 1;
    size_t head = 0;
    int fd = sock_connect(large->path);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", large->path);
    int r = http_exchange_in(fd, HTTP_GET_SECRET, strlen(HTTP_GET_SECRET), reply, large->room - 1,
                             &large->length, &head, error);
    close(fd);
    if (r == 0 && !strstr(reply + head, large->bytes))
        r = error_set(error, -EBADMSG, "a reply without the value of %zu bytes that was stored",
                      large->value_bytes);
    return r;
}

static void free_large(struct growth_scene *scene)
{
    job_free(scene->large, scene->large_size);
    scene->large = NULL;
}

static int make_large(struct growth_scene *scene, size_t value_bytes, struct error *error)
{
    size_t room = value_bytes + SCENE_AROUND;

    free_large(scene);
    scene->large_size = sizeof(*scene->large) + value_bytes + 1 + room;
    scene->large = job_alloc(scene->large_size);
    if (!scene->large)
        return error_errno(error, -ENOMEM, "a value of %zu bytes", value_bytes);
    scene->large->value_bytes = value_bytes;
    scene->large->room = room;
    snprintf(scene->large->path, sizeof(scene->large->path), "%s", scene->daemon.socket);
    probe_make_value(scene->large->bytes, value_bytes, (unsigned)value_bytes);
    return 0;
}

static int store_large(struct growth_scene *scene, struct error *error)
{
    int fd = sock_connect(scene->daemon.admin);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", scene->daemon.admin);
    int r = daemon_put(fd, DAEMON_WORKLOAD, scene->large->bytes, error);
    close(fd);
    return r;
}

int growth_scene_values(struct growth_scene *scene, unsigned x, struct error *error)
{
    int r = start_once(scene, error);

    if (r == 0)
        r = make_large(scene, x, error);
    if (r == 0)
        r = store_large(scene, error);
    if (r == 0)
        r = job_run(fetch_large, scene->large, JOB_ANY_CPU, scene->stage->pod, error);
    if (r)
        return r;
    scene->reply = scene->large->bytes + scene->large->value_bytes + 1;
    scene->reply_length = scene->large->length;
    return 0;
}

void growth_scene_end(struct growth_scene *scene)
{
    daemon_stop(&scene->daemon);
    remove_pods(scene);
    free(scene->pods);
    scene->pods = NULL;
    free_large(scene);
}
