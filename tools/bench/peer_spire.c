/* SPDX-License-Identifier: BSD-2-Clause */
/* SPIRE: an agent, and the server it gets identities from (spiffe.io/docs/latest/deploying). */
#include "bench/peer_built.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/capture.h"
#include "bench/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPIRE_NODE "spiffe://bench.test/node"
#define SPIRE_READY_MS 30000u
#define SPIRE_POLL_US 20000u

static const struct peer spire_server = {.id = "spire-server", .config = "spire-server.conf"};

struct spire {
    struct load_go go; /* first */
    char target[PEER_PATH + 8];
    char admin[PEER_PATH]; /* the server's socket */
    char token[64];        /* the agent joins with */
};

/* As peer_configure(), of the other program. */
static int configure_server(const struct peer_server *server, char ret[static PEER_PATH],
                            struct error *error)
{
    struct peer_server other = *server;

    other.peer = &spire_server;
    return peer_configure(&other, ret, error);
}

static int start_server(struct peer_server *server, const struct spire *spire, struct error *error)
{
    char config[PEER_PATH];
    const char *const arguments[] = {"spire-server", "run", "-config", config, NULL};
    uint64_t until = clock_mono_ns() + SPIRE_READY_MS * 1000000ull;
    int fd, r = configure_server(server, config, error);

    if (r == 0)
        r = peer_spawn(server, arguments[0], arguments, error);
    if (r)
        return r;
    while ((fd = sock_connect(spire->admin)) < 0) {
        if (stop_wanted())
            return error_set(error, -EINTR, "stopped");
        if (peer_ended(server, error))
            return -ECHILD;
        if (clock_mono_ns() > until)
            return error_set(error, -ETIMEDOUT, "spire-server is not ready after %u ms",
                             SPIRE_READY_MS);
        usleep(SPIRE_POLL_US);
    }
    close(fd);
    return 0;
}

/* Have the server do something: ARGUMENTS are without its socket. What it says is in SAID. */
static int command(const struct spire *spire, const char *const arguments[], char *said,
                   size_t size, struct error *error)
{
    char program[512];
    const char *all[16] = {program, arguments[0], arguments[1], "-socketPath", spire->admin};
    size_t count = 5;
    int r = peer_find("spire-server", program, sizeof(program), error);

    if (r)
        return r;
    for (size_t i = 2; arguments[i] && count < sizeof(all) / sizeof(all[0]) - 1; i++)
        all[count++] = arguments[i];
    said[0] = '\0';
    ssize_t length = capture_output(all, true, said, size, error);
    if (length == -EPIPE)
        error_add(error, "spire-server %s %s: %.500s", arguments[0], arguments[1], said);
    return length < 0 ? (int)length : 0;
}

static int take_token(struct spire *spire, struct error *error)
{
    static const char *const arguments[] = {"token", "generate", "-spiffeID", SPIRE_NODE, NULL};
    char said[1024];
    int r = command(spire, arguments, said, sizeof(said), error);

    if (r == 0 && sscanf(said, "Token: %63[0-9a-f-]", spire->token) != 1)
        r = error_set(error, -EBADMSG, "spire-server gave no token: %.200s", said);
    return r;
}

/* A process of root is the workload whose name holds the value. */
static int make_entry(const struct peer_server *server, const struct spire *spire,
                      struct error *error)
{
    char id[PEER_VALUE + 64], said[4096];
    const char *const arguments[] = {"entry", "create",    "-parentID",  SPIRE_NODE, "-spiffeID",
                                     id,      "-selector", "unix:uid:0", NULL};

    snprintf(id, sizeof(id), "spiffe://bench.test/%.*s", (int)PEER_VALUE, server->value);
    return command(spire, arguments, said, sizeof(said), error);
}

static int start_agent(struct peer_server *server, const struct spire *spire, struct error *error)
{
    char config[PEER_PATH];
    const char *const arguments[] = {"spire-agent", "run",        "-config", config,
                                     "-joinToken",  spire->token, NULL};
    int r = peer_configure(server, config, error);

    return r ? r : peer_spawn(server, arguments[0], arguments, error);
}

static int start(struct peer_server *server, struct error *error)
{
    struct spire *spire = calloc(1, sizeof(*spire));

    if (!spire)
        return error_errno(error, -ENOMEM, "spire");
    server->own = spire;
    snprintf(spire->target, sizeof(spire->target), "unix:%s", server->path);
    snprintf(spire->admin, sizeof(spire->admin), "%s/server.sock", server->dir);
    spire->go = (struct load_go){"spire", server->value, server->dir, spire->target};
    int r = start_server(server, spire, error);
    if (r == 0)
        r = take_token(spire, error);
    if (r == 0)
        r = make_entry(server, spire, error);
    return r ? r : start_agent(server, spire, error);
}

static const struct peer_row rows[] = {
    {"spire-fetch", "SPIRE X.509-SVID, new each time", load_go_connect, load_go_echo_connect, 1, 30,
     300,
     "The agent attests by uid alone. Its recommended use is a stream that is kept open, where a "
     "read is one of the client's own memory. The client is go-spiffe; the echo's is in Go too."},
};

const struct peer peer_spire = {
    .id = "spire",
    .program = "spire-agent",
    .version = "--version",
    .config = "spire-agent.conf",
    .start = start,
    .ready = peer_listens,
    .prepare = peer_built_prepare,
    .tell_version = peer_built_version,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
