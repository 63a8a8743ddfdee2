/* SPDX-License-Identifier: BSD-2-Clause */
/* The server of api_server.go in a child process, which does not outlive the test. */
#ifndef VSECM_TESTS_UNIT_API_SERVER_H
#define VSECM_TESTS_UNIT_API_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/error.h"
#include "base/loop.h"
#include "sync/api.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

static struct {
    pid_t pid;
    int input; /* it runs until this is closed */
    char url[64], elsewhere[64], old[64];
    char ca[128], other[128], cert[128], key[128], token[128], accept[128];
    struct loop *loop;
    struct loop_timer limit;
    int is_late;
} api_server;

static inline void api_server_path(char ret[128], const char *name)
{
    snprintf(ret, 128, "%s/%s", scratch_directory, name);
}

/* The program stands beside this test's own. */
static inline _Noreturn void api_server_exec(int input, int output, const char *mode)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    char *name = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    if (!name)
        _exit(1);
    snprintf(name, 32, "/api_server");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(input, 0);
    dup2(output, 1);
    execl(path, path, scratch_directory, mode, (char *)NULL);
    _exit(127);
}

static inline void api_server_stop(void)
{
    if (!api_server.pid)
        return;
    close(api_server.input);
    kill(api_server.pid, SIGKILL);
    waitpid(api_server.pid, NULL, 0);
    api_server.pid = 0;
}

/* Start it with MODE "http2" or "http1", unless it runs. */
static inline void api_server_start(const char *mode)
{
    int in[2], out[2], ports[3];
    if (api_server.pid)
        return;
    scratch_new();
    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    api_server.pid = fork();
    CHECK(api_server.pid >= 0);
    if (api_server.pid == 0)
        api_server_exec(in[0], out[1], mode);
    close(in[0]);
    close(out[1]);
    api_server.input = in[1];
    atexit(api_server_stop);
    FILE *said = fdopen(out[0], "r");
    CHECK(said && fscanf(said, "%d %d %d", &ports[0], &ports[1], &ports[2]) == 3);
    fclose(said);
    char *const urls[] = {api_server.url, api_server.elsewhere, api_server.old};
    for (int i = 0; i < 3; i++)
        snprintf(urls[i], sizeof api_server.url, "https://127.0.0.1:%d", ports[i]);
    api_server_path(api_server.ca, "ca.pem");
    api_server_path(api_server.other, "other.pem");
    api_server_path(api_server.cert, "client.pem");
    api_server_path(api_server.key, "client.key");
    api_server_path(api_server.token, "token");
    api_server_path(api_server.accept, "accept");
}

static inline void api_server_late(struct loop_timer *timer)
{
    (void)timer;
    api_server.is_late = 1;
    loop_stop(api_server.loop);
}

/* Run LOOP until it is stopped; for at most MS. Non-zero when it was stopped in time. */
static inline int api_server_run(struct loop *loop, unsigned ms)
{
    api_server.loop = loop;
    api_server.is_late = 0;
    api_server.limit.fire = api_server_late;
    loop_set_timer(loop, &api_server.limit, ms);
    CHECK_EQ_INT(loop_run(loop), 0);
    loop_cancel_timer(loop, &api_server.limit);
    return !api_server.is_late;
}

/* A client of it; URL and CA may be others. */
static inline struct api *api_server_client(struct loop *loop, const char *url, const char *ca,
                                            const char *token)
{
    struct api *api = NULL;
    struct error error = {""};
    struct api_options options = {.loop = loop, .url = url, .ca = ca, .token = token};
    CHECK_EQ_INT(api_new(&options, &api, &error), 0);
    return api;
}

#endif
