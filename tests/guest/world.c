/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "decoy.h"
#include "victim.h"

#define CONFIG "/etc/vsecm/vsecmd.conf"
#define IDENTITIES "/etc/vsecm/identities"
#define LOG "/run/vsecmd.log"
#define START_TRIES 3000 /* a minute: a guest without KVM, with attackers in it, is slow */
#define START_PAUSE_MS 20

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t length = strlen(text);

    if (fd < 0)
        return false;
    bool well = write(fd, text, length) == (ssize_t)length;
    return close(fd) == 0 && well;
}

static bool make_dirs(const char *path, mode_t mode)
{
    char part[PATH_MAX];

    for (const char *slash = path + 1;; slash++) {
        slash = strchrnul(slash, '/');
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return false;
        if (!*slash)
            return chmod(path, mode) == 0;
    }
}

static const char *const dirs[] = {
    WORLD_VICTIM, WORLD_OWNER, WORLD_OTHER, WORLD_STRANGER, "/etc/vsecm", "/var/log",
};

/* What a container is given of its cgroup when the runtime delegates it. */
static bool delegate(const char *cgroup)
{
    char procs[PATH_MAX];

    snprintf(procs, sizeof procs, "%s/cgroup.procs", cgroup);
    return chown(cgroup, WORLD_NOBODY, WORLD_NOBODY) == 0 &&
           chown(procs, WORLD_NOBODY, WORLD_NOBODY) == 0;
}

bool world_prepare(void)
{
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (!make_dirs(dirs[i], 0755))
            return printf("# %s: %s\n", dirs[i], strerror(errno)), false;
    if (!make_dirs(WORLD_FILES, 0777) || !make_dirs(WORLD_FAKES, 0777) ||
        !make_dirs("/mnt", 0755) || !write_text(WORLD_HOSTS_FILE, "of the host"))
        return false;
    /* Where the kernel would stop an attack by a switch, it is off: the guards are what is tested.
     */
    write_text("/proc/sys/kernel/yama/ptrace_scope", "0");
    write_text("/proc/sys/kernel/perf_event_paranoid", "-1");
    write_text("/proc/sys/kernel/kptr_restrict", "0");
    write_text("/proc/sys/fs/protected_hardlinks", "0");
    return delegate(WORLD_OTHER) &&
           write_text(IDENTITIES, "pod 00000000-0000-4000-8000-00000000000a namespace=app "
                                  "service-account=victim pod=victim-0\n"
                                  "pod 00000000-0000-4000-8000-00000000000b namespace=app "
                                  "service-account=other pod=other-0\n");
}

static bool write_config(const struct world *world)
{
    char text[1024];

    snprintf(text, sizeof text,
             "identities = %s\nattest = lsm\nguards = %s\nhelper_dir = none\n"
             "cgroup_root = %s\naudit = /var/log/vsecm\n",
             IDENTITIES, world->guarded ? "required" : "no", WORLD_CGROUPS);
    return write_text(CONFIG, text);
}

bool world_join(const char *cgroup)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool well = write(fd, "0", 1) == 1;
    close(fd);
    return well;
}

bool world_become(enum who who)
{
    if (who == WHO_ROOT)
        return true;
    return setgroups(0, NULL) == 0 && setgid(WORLD_NOBODY) == 0 && setuid(WORLD_NOBODY) == 0 &&
           prctl(PR_SET_DUMPABLE, 1) == 0;
}

static void become_daemon(const char *program)
{
    int log = open(LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execl(program, "vsecmd", "--config", CONFIG, (char *)NULL);
    _exit(127);
}

static bool put(const char *workload, const char *value)
{
    char body[256], head[512], reply[1024];
    int fd = client_connect(WORLD_ADMIN);

    if (fd < 0)
        return false;
    snprintf(body, sizeof body,
             "{\"workloads\":[\"%s\"],\"namespaces\":[\"app\"],\"value\":\"%s\"}", workload, value);
    snprintf(head, sizeof head,
             "POST /sentinel/v1/secrets HTTP/1.1\r\nHost: vsecm\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    int status = client_ask(fd, head, reply, sizeof reply, NULL);
    close(fd);
    if (status != 200)
        printf("# put: %d %s\n", status, status < 0 ? strerror(-status) : reply);
    return status == 200;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void show_log(void)
{
    char line[512];
    FILE *log = fopen(LOG, "re");

    while (log && fgets(line, sizeof line, log))
        printf("# vsecmd: %s", line);
    if (log)
        fclose(log);
}

bool world_start_daemon(struct world *world)
{
    if (!write_config(world))
        return false;
    world->daemon = fork();
    if (world->daemon == 0)
        become_daemon(world->daemon_program);
    for (int i = 0; i < START_TRIES; i++) {
        int fd = client_connect(WORLD_ADMIN);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (waitpid(world->daemon, NULL, WNOHANG) == world->daemon)
            break;
        pause_ms(START_PAUSE_MS);
    }
    show_log();
    return false;
}

bool world_renew_victims(struct world *world)
{
    for (enum who who = 0; who < WHO_COUNT; who++) {
        victim_stop(&world->plain[who]);
        victim_stop(&world->shielded[who]);
        if (!victim_start(who, false, &world->plain[who]) ||
            !victim_start(who, true, &world->shielded[who]))
            return show_log(), false;
    }
    return true;
}

bool world_start(struct world *world)
{
    if (!world_start_daemon(world))
        return printf("# the daemon does not start\n"), false;
    if (!put("victim", WORLD_VALUE) || !put("other", WORLD_OTHER_VALUE))
        return show_log(), printf("# nothing can be stored\n"), false;
    return world_renew_victims(world);
}

static void end_daemon(struct world *world, int number)
{
    if (world->daemon > 0) {
        kill(world->daemon, SIGCONT);
        kill(world->daemon, number);
        waitpid(world->daemon, NULL, 0);
    }
    world->daemon = 0;
}

bool world_restart(struct world *world)
{
    end_daemon(world, SIGKILL);
    decoy_sweep();
    return world_start_daemon(world);
}

void world_stop(struct world *world)
{
    for (enum who who = 0; who < WHO_COUNT; who++) {
        victim_stop(&world->plain[who]);
        victim_stop(&world->shielded[who]);
    }
    end_daemon(world, SIGTERM);
    decoy_sweep();
}

static bool lives(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

bool world_answers(const struct world *world)
{
    char body[256];

    if (!lives(world->daemon))
        return false;
    int fd = client_connect(WORLD_SOCKET);
    if (fd < 0)
        return false;
    int status = client_get(fd, "/v1/whoami", body, sizeof body);
    close(fd);
    return status == 200;
}

bool world_is_whole(const struct world *world)
{
    for (enum who who = 0; who < WHO_COUNT; who++)
        if (!lives(world->plain[who].pid) || !lives(world->shielded[who].pid))
            return false;
    return world_answers(world);
}

/* "hook":{"why":number,...} pairs within the member "denied" of the status. */
static void read_denied(const char *at, struct world_denials *ret)
{
    char hook[20] = "";

    for (int depth = 0; *at; at++) {
        depth += (*at == '{') - (*at == '}');
        if (depth == 0 && *at == '}')
            return;
        char name[20];
        unsigned long long number;
        if (*at != '"' || sscanf(at, "\"%19[^\"]\":", name) != 1)
            continue;
        at += strlen(name) + 2;
        if (at[1] == '{') {
            snprintf(hook, sizeof hook, "%s", name);
        } else if (sscanf(at, ":%llu", &number) == 1 && ret->count < WORLD_DENIALS) {
            snprintf(ret->list[ret->count].name, sizeof ret->list[0].name, "%s/%s", hook, name);
            ret->list[ret->count++].number = number;
        }
    }
}

bool world_denials(struct world_denials *ret)
{
    static char body[16384];
    int fd = client_connect(WORLD_ADMIN);
    int status = fd < 0 ? fd : client_get(fd, "/v1/admin/status", body, sizeof body);

    if (fd >= 0)
        close(fd);
    ret->count = 0;
    const char *denied = status == 200 ? strstr(body, "\"denied\":{") : NULL;
    if (denied)
        read_denied(denied + strlen("\"denied\":"), ret);
    else
        printf("# the status is not told: %d (%s) %.200s\n", status,
               status < 0 ? strerror(-status) : "of HTTP", status < 0 ? "" : body);
    return denied != NULL;
}

const char *world_grown(const struct world_denials *before, const struct world_denials *after,
                        char *buffer, size_t size)
{
    size_t used = 0;

    for (unsigned i = 0; i < after->count; i++) {
        unsigned long long was = 0;
        for (unsigned j = 0; j < before->count; j++)
            if (!strcmp(before->list[j].name, after->list[i].name))
                was = before->list[j].number;
        if (after->list[i].number > was && used < size)
            used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? " " : "",
                                     after->list[i].name);
    }
    return used ? buffer : NULL;
}
