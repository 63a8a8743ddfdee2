/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peer.h"

#include "base/sock.h"
#include "bench/child.h"
#include "bench/peer_config.h"
#include "bench/pin.h"
#include "bench/scratch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_CONFIG_MAX 8192u

int peer_find(const char *program, char *ret, size_t size, struct error *error)
{
    const char *path = getenv("PATH");

    if (strchr(program, '/')) {
        snprintf(ret, size, "%s", program);
        return access(ret, X_OK) ? error_errno(error, -errno, "%s", program) : 0;
    }
    for (; path && *path; path += strspn(path, ":")) {
        size_t length = strcspn(path, ":");
        int n = snprintf(ret, size, "%.*s/%s", (int)length, path, program);
        if (n < (int)size && access(ret, X_OK) == 0)
            return 0;
        path += length;
    }
    return error_set(error, -ENOENT, "there is no %s in $PATH", program);
}

static void exec_peer(const struct peer_server *server, const char *path,
                      const char *const arguments[])
{
    /* Should we be killed, it must get to stop what it has started. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* What it starts later, processes and threads, stays on that processor too. */
    if (scratch_take_output(server->dir) || pin_process(getpid(), server->stage->server_cpu) ||
        chdir(server->dir))
        _exit(126);
    execv(path, (char *const *)arguments);
    dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

int peer_spawn(struct peer_server *server, const char *program, const char *const arguments[],
               struct error *error)
{
    char path[512];
    int r = peer_find(program, path, sizeof(path), error);

    if (r)
        return r;
    if (server->processes == PEER_PROCESSES_MAX)
        return error_set(error, -E2BIG, "more than %u processes", PEER_PROCESSES_MAX);
    pid_t pid = child_fork();
    if (pid == 0)
        exec_peer(server, path, arguments);
    if (pid < 0)
        return error_errno(error, (int)pid, "fork");
    server->process[server->processes++] = pid;
    return 0;
}

/* The length, or -errno; -EFBIG: it does not fit. Whoever may write there may change us too. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return -errno;
    size_t length = fread(text, 1, size, file);
    int bad = ferror(file);
    fclose(file);
    return bad ? -EIO : length == size ? -EFBIG : (ssize_t)length;
}

static int write_text(const char *path, const struct writer *text)
{
    FILE *file = fopen(path, "wxe");

    if (!file)
        return -errno;
    int bad = fwrite(text->data, 1, text->used, file) != text->used;
    return fclose(file) || bad ? -EIO : 0;
}

static int fill_in(const struct peer_server *server, struct span text, struct writer *w,
                   struct error *error)
{
    char port[16], cpu[16];
    const struct peer_config_name names[] = {{"DIR", server->dir},
                                             {"SOCKET", server->path},
                                             {"PORT", port},
                                             {"CPU", cpu},
                                             {"VALUE", server->value}};

    snprintf(port, sizeof(port), "%u", server->port);
    snprintf(cpu, sizeof(cpu), "%d", server->stage->server_cpu);
    return peer_config_fill(text, names, sizeof(names) / sizeof(names[0]), w, error);
}

int peer_configure(const struct peer_server *server, char ret[static PEER_PATH],
                   struct error *error)
{
    char from[512], text[PEER_CONFIG_MAX], filled[PEER_CONFIG_MAX];
    struct writer w = writer_on(filled, sizeof(filled));
    struct error why = {{0}};

    snprintf(from, sizeof(from), "%s/%s", server->stage->peers_dir, server->peer->config);
    snprintf(ret, PEER_PATH, "%.40s/%.60s", server->dir, server->peer->config);
    ssize_t length = read_text(from, text, sizeof(text));
    if (length < 0)
        return error_errno(error, (int)length, "%s", from);
    int r = fill_in(server, (struct span){text, (size_t)length}, &w, &why);
    if (r)
        return error_set(error, r, "%s: %s", from, why.text);
    r = write_text(ret, &w);
    return r ? error_errno(error, r, "%s", ret) : 0;
}

unsigned peer_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port = 0;

    if (fd < 0)
        return 0;
    if (bind(fd, (struct sockaddr *)&address, length) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &length) == 0)
        port = ntohs(address.sin_port);
    close(fd);
    return port;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

int peer_exchange(int fd, const char *request, size_t request_length, const char *until,
                  char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    ssize_t sent = send(fd, request, request_length, MSG_NOSIGNAL);

    if (sent != (ssize_t)request_length)
        return error_errno(error, sent < 0 ? -errno : -EIO, "send");
    for (*length = 0; !ends_with(reply, *length, until);) {
        ssize_t got = recv(fd, reply + *length, PEER_REPLY_MAX - 1 - *length, 0);
        if (got < 0)
            return error_errno(error, -errno, "recv");
        if (got == 0)
            return error_set(error, -EBADMSG, "the reply ended or did not fit: %.*s", (int)*length,
                             reply);
        *length += (size_t)got;
    }
    reply[*length] = '\0';
    return 0;
}

int peer_ask(const struct peer_server *server, const char *request, const char *until,
             char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    int fd = sock_connect(server->path);

    if (fd < 0)
        return error_errno(error, fd, "cannot connect to %s", server->path);
    int r = peer_exchange(fd, request, strlen(request), until, reply, length, error);
    close(fd);
    return r;
}

bool peer_ended(struct peer_server *server, struct error *error)
{
    for (size_t i = 0; i < server->processes; i++) {
        int status;
        if (server->process[i] <= 0 ||
            waitpid(server->process[i], &status, WNOHANG) != server->process[i])
            continue;
        server->process[i] = 0;
        error_add(error, "it ended with wait status %#x", (unsigned)status);
        scratch_add_log(server->dir, server->peer->id, error);
        return true;
    }
    return false;
}

int peer_listens(struct peer_server *server, struct error *error)
{
    int fd = sock_connect(server->path);

    (void)error;
    if (fd < 0)
        return -EAGAIN;
    close(fd);
    return 0;
}
