/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load_go.h"

#include "bench/capture.h"
#include "bench/child.h"
#include "bench/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GO_READY "ready\n"
#define GO_END "end\n"
#define GO_LINE 21u    /* bytes of a number and its newline, at most */
#define GO_WORDS 4096u /* bytes of whatever else it says */
#define GO_ARGUMENTS 20u

/* The program while it runs; what it says, errors too, is gathered. */
struct client {
    const char *const *arguments;
    pid_t pid;
    int to, from;
    char *text;
    size_t size, used;
};

static int read_number(const char **text, uint64_t *ret)
{
    char *end;

    if (**text < '0' || **text > '9')
        return -EBADMSG;
    errno = 0;
    *ret = strtoull(*text, &end, 10);
    if (errno || *end != '\n')
        return -EBADMSG;
    *text = end + 1;
    return 0;
}

int load_go_read(struct load *load, const char *text, struct error *error)
{
    uint64_t ns;

    for (unsigned line = 0; line <= load->requests; line++) {
        if (read_number(&text, &ns) || (line == 0 && ns == 0))
            return error_set(error, -EBADMSG,
                             "line %u of " LOAD_GO_PROGRAM " is no number of nanoseconds: %.*s",
                             line + 1, (int)strcspn(text, "\n"), text);
        if (line == 0)
            load->elapsed_ns = ns;
        else
            hist_add(&load->latency, ns);
    }
    if (strcmp(text, GO_END) != 0)
        return error_set(error, -EBADMSG, LOAD_GO_PROGRAM " does not end after %u requests: %.99s",
                         load->requests, text);
    return 0;
}

static void exec_client(const struct client *client, int in, int out)
{
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0 || setenv("GOMAXPROCS", "1", 1) || setenv("GOGC", "100", 1))
        _exit(126);
    execv(client->arguments[0], (char *const *)client->arguments);
    _exit(127);
}

static int start(struct client *client, struct error *error)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC))
        return error_errno(error, -errno, "pipe");
    if (pipe2(out, O_CLOEXEC)) {
        int r = -errno;
        close(in[0]);
        close(in[1]);
        return error_errno(error, r, "pipe");
    }
    client->pid = child_fork();
    if (client->pid == 0)
        exec_client(client, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    client->to = in[1];
    client->from = out[0];
    return client->pid < 0 ? error_errno(error, (int)client->pid, "fork") : 0;
}

/* More of what it says: its bytes, 0 at the end, -errno with ERROR filled. */
static ssize_t hear(struct client *client, struct error *error)
{
    if (client->used == client->size - 1)
        return error_set(error, -EMSGSIZE, LOAD_GO_PROGRAM " says more than %zu bytes",
                         client->size);
    ssize_t got = read(client->from, client->text + client->used, client->size - 1 - client->used);
    if (got < 0)
        return error_errno(error, -errno, LOAD_GO_PROGRAM);
    client->used += (size_t)got;
    client->text[client->used] = '\0';
    return got;
}

static int wait_ready(struct client *client, struct error *error)
{
    while (strcmp(client->text, GO_READY) != 0) {
        ssize_t got = hear(client, error);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return error_set(error, -EPIPE, LOAD_GO_PROGRAM " says: %.500s", client->text);
    }
    return 0;
}

/* It records them itself, and tells in the end. */
static int ask_in_go(struct load *load, void *shared, unsigned count, struct error *error)
{
    struct client *client = shared;

    (void)load;
    client->used = 0;
    client->text[0] = '\0';
    if (dprintf(client->to, "%u\n", count) < 0)
        return error_errno(error, -errno, LOAD_GO_PROGRAM);
    return wait_ready(client, error);
}

/* Its own clock says how long the timed part took: ours has its words in it. */
static int take_times(struct client *client, struct load *load, struct error *error)
{
    ssize_t got;

    close(client->to);
    client->to = -1;
    while ((got = hear(client, error)) > 0)
        ;
    return got < 0 ? (int)got : load_go_read(load, client->text + strlen(GO_READY), error);
}

static int run(struct load *load, const char *const arguments[], struct error *error)
{
    struct client client = {.arguments = arguments,
                            .to = -1,
                            .from = -1,
                            .size = GO_WORDS + (size_t)load->requests * GO_LINE};

    client.text = calloc(1, client.size);
    if (!client.text)
        return error_errno(error, -ENOMEM, LOAD_GO_PROGRAM);
    int r = start(&client, error);
    if (r == 0)
        r = wait_ready(&client, error);
    if (r == 0)
        r = load_run(load, ask_in_go, &client, error);
    if (r == 0)
        r = take_times(&client, load, error);
    if (client.to >= 0)
        close(client.to);
    if (client.from >= 0)
        close(client.from);
    if (r)
        child_stop(client.pid, 0);
    int status = r ? 0 : child_wait(client.pid);
    free(client.text);
    return status ? error_set(error, -EPIPE, LOAD_GO_PROGRAM " failed (wait status %#x)",
                              (unsigned)status)
                  : r;
}

/* "PROGRAM ask KIND" with what each way of asking has in common; the rest are OWN, NULL last. */
static int ask(struct load *load, const char *kind, const char *target, const char *const own[],
               struct error *error)
{
    char program[512];
    const char *arguments[GO_ARGUMENTS] = {program, "ask", kind, "-target", target};
    size_t count = 5;
    int r = peer_find(LOAD_GO_PROGRAM, program, sizeof(program), error);

    while (*own && count < GO_ARGUMENTS - 1)
        arguments[count++] = *own++;
    return r ? r : run(load, arguments, error);
}

int load_go_many(void *shared, struct error *error)
{
    struct load *load = shared;
    const struct load_go *go = load->context;
    char connections[16];
    const char *const own[] = {"-value",       go->value,   "-dir", go->dir,
                               "-connections", connections, NULL};

    snprintf(connections, sizeof(connections), "%u", load->connections);
    return ask(load, go->kind, go->target, own, error);
}

int load_go_connect(void *shared, struct error *error)
{
    struct load *load = shared;
    const struct load_go *go = load->context;
    const char *const own[] = {"-value", go->value, "-dir", go->dir, "-fresh", NULL};

    return ask(load, go->kind, go->target, own, error);
}

static int ask_echo(struct load *load, const char *last, struct error *error)
{
    char target[sizeof(load->path) + 8], request[512], reply[16];
    const char *const own[] = {"-value", request, "-reply", reply, last, NULL};

    if (load->request_length >= sizeof(request))
        return error_set(error, -EMSGSIZE, "a request of %zu bytes", load->request_length);
    snprintf(target, sizeof(target), "unix:%s", load->path);
    snprintf(request, sizeof(request), "%.*s", (int)load->request_length, load->request);
    snprintf(reply, sizeof(reply), "%zu", load->reply_length);
    return ask(load, "echo", target, own, error);
}

int load_go_echo(void *load, struct error *error)
{
    return ask_echo(load, "-fresh=false", error);
}

int load_go_echo_connect(void *load, struct error *error)
{
    return ask_echo(load, "-fresh", error);
}

ssize_t load_go_keep(const struct load_go *go, char *reply, size_t size, struct error *error)
{
    char program[512];
    const char *const arguments[] = {program,  "keep",    go->kind, "-target", go->target,
                                     "-value", go->value, "-dir",   go->dir,   NULL};
    int r = peer_find(LOAD_GO_PROGRAM, program, sizeof(program), error);

    if (r)
        return r;
    reply[0] = '\0';
    ssize_t length = capture_output(arguments, true, reply, size, error);
    if (length == -EPIPE)
        error_add(error, LOAD_GO_PROGRAM " says: %.500s", reply);
    return length;
}
