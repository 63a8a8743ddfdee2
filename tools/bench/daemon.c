/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/daemon.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/child.h"
#include "bench/http.h"
#include "bench/scratch.h"
#include "bench/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON_READY_MS 60000u /* in a guest without KVM every program is loaded slowly */
#define DAEMON_GRACE_MS 5000u
#define DAEMON_POLL_US 500u

/* Directories of the daemon below its own, as options and as names. */
static const char *const daemon_directories[][2] = {
    {"socket_dir", "public"},
    {"private_dir", "private"},
    {"audit", "audit"},
};

static FILE *open_file(const struct daemon *daemon, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", daemon->dir, name);
    return fopen(path, "wxe");
}

static int close_file(FILE *file)
{
    bool bad = ferror(file) != 0;
    return fclose(file) || bad ? -EIO : 0;
}

static int write_config(const struct daemon *daemon, const struct daemon_options *options,
                        const struct pod *pod)
{
    FILE *file = open_file(daemon, "config");

    if (!file)
        return -errno;
    fprintf(file,
            "attest = %s\ncgroup_root = %s\nidentities = %s/identities\n"
            "state_dir = %s\nstate_mount = no\n"
            "guards = %s\npin_dir = none\n%s%s",
            options->attest, pod->root, daemon->dir, daemon->state,
            options->guards ? options->guards : "auto",
            options->is_limited ? "" : "requests_per_second = 0\n",
            options->config ? options->config : "");
    for (size_t i = 0; i < sizeof(daemon_directories) / sizeof(daemon_directories[0]); i++)
        fprintf(file, "%s = %s/%s\n", daemon_directories[i][0], daemon->dir,
                daemon_directories[i][1]);
    return close_file(file);
}

static void name_pod(FILE *file, const struct pod *pod, unsigned i)
{
    fprintf(file, "pod %s namespace=" DAEMON_NAMESPACE " service-account=w%u pod=w%u-0\n", pod->uid,
            i, i);
}

static int write_identities(const struct daemon *daemon, const struct daemon_options *options,
                            const struct pod *pod)
{
    FILE *file = open_file(daemon, "identities");

    if (!file)
        return -errno;
    name_pod(file, pod, 0);
    for (unsigned i = 0; i < options->other_count; i++)
        name_pod(file, &options->others[i], i + 1);
    return close_file(file);
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
    char config[128];

    snprintf(config, sizeof(config), "%s/config", daemon->dir);
    if (scratch_take_output(daemon->dir))
        _exit(126);
    execl(program, program, "--config", config, (char *)NULL);
    dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
    _exit(127);
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
    scratch_add_log(daemon->dir, "vsecmd", error);
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
            scratch_add_log(daemon->dir, "vsecmd", error);
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
    if (r == 0)
        r = write_identities(daemon, options, pod);
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

void daemon_stop(struct daemon *daemon)
{
    child_stop(daemon->pid, DAEMON_GRACE_MS);
    daemon->pid = 0;
    scratch_remove(daemon->dir);
    scratch_remove(daemon->state);
}
