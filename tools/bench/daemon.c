/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/daemon.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/child.h"
#include "bench/http.h"
#include "bench/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON_READY_MS 10000u
#define DAEMON_GRACE_MS 5000u
#define DAEMON_POLL_US 500u

/* Directories of the daemon below its own, as options and as names. */
static const char *const daemon_directories[][2] = {
    {"socket_dir", "public"},
    {"private_dir", "private"},
    {"audit", "audit"},
};

static int write_file(const struct daemon *daemon, const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", daemon->dir, name);
    FILE *file = fopen(path, "wxe");
    if (!file)
        return -errno;
    int bad = fputs(text, file) < 0;
    return fclose(file) || bad ? -EIO : 0;
}

static int write_config(const struct daemon *daemon, const struct daemon_options *options,
                        const struct pod *pod)
{
    char text[1024];
    int length = snprintf(text, sizeof(text),
                          "attest = %s\ncgroup_root = %s\nidentities = %s/identities\n"
                          "state_dir = %s\nstate_mount = no\n",
                          options->attest, pod->root, daemon->dir, daemon->state);

    for (size_t i = 0; i < sizeof(daemon_directories) / sizeof(daemon_directories[0]); i++) {
        if (length >= (int)sizeof(text))
            return -ENAMETOOLONG;
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%s = %s/%s\n",
                           daemon_directories[i][0], daemon->dir, daemon_directories[i][1]);
    }
    if (length >= (int)sizeof(text))
        return -ENAMETOOLONG;
    int r = write_file(daemon, "config", text);
    if (r)
        return r;
    snprintf(text, sizeof(text),
             "pod %s namespace=" DAEMON_NAMESPACE " service-account=" DAEMON_WORKLOAD
             " pod=" DAEMON_WORKLOAD "-0\n",
             pod->uid);
    return write_file(daemon, "identities", text);
}

static int make_directories(struct daemon *daemon)
{
    char path[128];

    snprintf(daemon->dir, sizeof(daemon->dir), "/tmp/vsecm-bench.XXXXXX");
    if (!mkdtemp(daemon->dir)) {
        daemon->dir[0] = '\0';
        return -errno;
    }
    for (size_t i = 0; i < sizeof(daemon_directories) / sizeof(daemon_directories[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", daemon->dir, daemon_directories[i][1]);
        if (mkdir(path, 0700))
            return -errno;
    }
    snprintf(daemon->socket, sizeof(daemon->socket), "%s/public/vsecm.sock", daemon->dir);
    snprintf(daemon->admin, sizeof(daemon->admin), "%s/private/admin.sock", daemon->dir);
    return 0;
}

static void exec_daemon(const struct daemon *daemon, const char *program)
{
    char config[128], log[128];

    snprintf(config, sizeof(config), "%s/config", daemon->dir);
    snprintf(log, sizeof(log), "%s/log", daemon->dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        _exit(126);
    execl(program, program, "--config", config, (char *)NULL);
    dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

/* Add the end of the daemon's own words, which go away with its directory. */
static void add_log(const struct daemon *daemon, struct error *error)
{
    char path[128], text[600] = "";

    snprintf(path, sizeof(path), "%s/log", daemon->dir);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fseek(file, -(long)(sizeof(text) - 1), SEEK_END))
            rewind(file);
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
    }
    error_add(error, "vsecmd said: %s", text[0] ? text : "nothing");
}

bool daemon_ended(struct daemon *daemon, struct error *error)
{
    int status;

    if (daemon->pid <= 0 || waitpid(daemon->pid, &status, WNOHANG) != daemon->pid)
        return false;
    daemon->pid = 0;
    if (WIFSIGNALED(status))
        error_add(error, "vsecmd was killed by signal %d", WTERMSIG(status));
    else
        error_add(error, "vsecmd ended with status %d", WEXITSTATUS(status));
    add_log(daemon, error);
    return true;
}

static int answers(const char *path)
{
    int fd = sock_connect(path);

    if (fd < 0)
        return 0;
    close(fd);
    return 1;
}

static int wait_ready(struct daemon *daemon, uint64_t started_ns, struct error *error)
{
    uint64_t until = started_ns + DAEMON_READY_MS * 1000000ull;

    while (!answers(daemon->admin) || !answers(daemon->socket)) {
        if (stop_wanted())
            return error_set(error, -EINTR, "stopped");
        if (daemon_ended(daemon, error))
            return -ECHILD;
        if (clock_mono_ns() > until) {
            error_set(error, 0, "vsecmd did not become ready in %u ms", DAEMON_READY_MS);
            add_log(daemon, error);
            return -ETIMEDOUT;
        }
        usleep(DAEMON_POLL_US);
    }
    daemon->ready_ns = clock_mono_ns() - started_ns;
    return 0;
}

static int launch(struct daemon *daemon, const char *program, struct error *error)
{
    uint64_t started = clock_mono_ns();

    daemon->pid = child_fork();
    if (daemon->pid == 0)
        exec_daemon(daemon, program);
    if (daemon->pid < 0)
        return error_errno(error, (int)daemon->pid, "fork");
    return wait_ready(daemon, started, error);
}

int daemon_start(struct daemon *daemon, const struct daemon_options *options, const struct pod *pod,
                 struct error *error)
{
    int r = state_make(options->on_disk, daemon->state, error);

    if (r)
        return r;
    r = make_directories(daemon);
    if (r == 0)
        r = write_config(daemon, options, pod);
    if (r)
        return error_errno(error, r, "cannot set vsecmd's files up under /tmp");
    return launch(daemon, options->program, error);
}

int daemon_restart(struct daemon *daemon, const struct daemon_options *options, struct error *error)
{
    child_stop(daemon->pid, DAEMON_GRACE_MS);
    return launch(daemon, options->program, error);
}

int daemon_put(int fd, const char *workload, const char *value, struct error *error)
{
    return http_put(fd, DAEMON_NAMESPACE, workload, value, error);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_all(char *dir)
{
    if (dir[0])
        nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    dir[0] = '\0';
}

void daemon_stop(struct daemon *daemon)
{
    child_stop(daemon->pid, DAEMON_GRACE_MS);
    daemon->pid = 0;
    remove_all(daemon->dir);
    remove_all(daemon->state);
}
