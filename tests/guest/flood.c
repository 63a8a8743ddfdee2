/* SPDX-License-Identifier: BSD-2-Clause */
#include "flood.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "kernel_abi.h"
#include "limits.h"
#include "world.h"

#define RING_DENIALS (2u * VSECM_RING_BYTES / sizeof(struct vsecm_denial)) /* twice what fits */
#define CONNECTS 65536u
#define CONNECT_MS 60000 /* of a guest's patience: it counts how many it came to */
#define READ_MS 10000    /* in which somebody else has its answer: a guest is slow */

static struct world world;

/* What processes of the flood tell. */
static struct counts {
    unsigned tries, open, refused, odd;
    bool done;
} * counts;

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* BODY in a process of CGROUP, as root. */
static pid_t run_in(const char *cgroup, void (*body)(void))
{
    pid_t pid = fork();

    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!world_join(cgroup))
        _exit(1);
    body();
    _exit(0);
}

static unsigned long long lost(void)
{
    static char body[16384];
    int fd = client_connect(WORLD_ADMIN);
    int status = fd < 0 ? fd : client_get(fd, "/v1/admin/status", body, sizeof body);
    const char *guards = status == 200 ? strstr(body, "\"guards\":{") : NULL;
    const char *at = guards ? strstr(guards, "\"lost\":") : NULL;

    if (fd >= 0)
        close(fd);
    return at ? strtoull(at + 7, NULL, 10) : 0;
}

/* ---- more denials than the ring of events has room for -----------------------------------------
 */

static void be_denied(void)
{
    for (unsigned i = 0; i < RING_DENIALS; i++) {
        int fd = open(world.plain[WHO_ROOT].path, O_RDONLY | O_CLOEXEC);
        counts->tries++;
        counts->open += fd >= 0;
        counts->refused += fd < 0 && errno == EACCES;
    }
}

static bool fill_ring(const char *kernel)
{
    static struct world_denials before, after;
    char grown[256];
    unsigned long long lost_before = lost();

    *counts = (struct counts){0};
    bool well = world_denials(&before);
    kill(world.daemon, SIGSTOP);
    waitpid(run_in(WORLD_OTHER, be_denied), NULL, 0);
    kill(world.daemon, SIGCONT);
    well = world_denials(&after) && well;
    unsigned long long lost_now = lost();
    const char *names = world_grown(&before, &after, grown, sizeof grown);
    well = well && counts->refused == RING_DENIALS && names && lost_now > lost_before;
    printf("%sok - ring-full on %s: %u attempts while nobody read events: %u denied, %u not; "
           "counted by %s, %llu events lost and counted\n",
           well ? "" : "not ", kernel, counts->tries, counts->refused, counts->open,
           names ? names : "nothing", lost_now - lost_before);
    return well;
}

/* ---- more connections than a pod may have
 * -------------------------------------------------------- */

static int open_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 && errno == EMFILE) {
        closefrom(3); /* and once more */
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    return fd;
}

/* A socket that was refused is tried with again: so a guest comes to that many. */
static void connect_on(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = WORLD_SOCKET};
    struct rlimit files = {8192, 8192};
    long end = now_ms() + CONNECT_MS;

    setrlimit(RLIMIT_NOFILE, &files);
    for (int fd = open_socket(); counts->tries < CONNECTS && now_ms() < end; counts->tries++) {
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
            counts->open++;
            fd = open_socket();
        } else {
            counts->refused++;
            counts->odd += errno != EACCES && errno != EAGAIN;
        }
    }
    counts->done = true;
}

static bool reads(void)
{
    char value[256];
    int fd = client_connect(WORLD_SOCKET);
    int status = fd < 0 ? fd : client_get(fd, "/v1/value", value, sizeof value);

    if (fd >= 0)
        close(fd);
    return status == 200 && !strcmp(value, WORLD_VALUE);
}

static unsigned *reader; /* reads, failures, longest ms */

static void read_beside(void)
{
    while (!counts->done) {
        long start = now_ms();
        reader[reads() ? 0 : 1]++;
        long ms = now_ms() - start;
        reader[2] = ms > (long)reader[2] ? (unsigned)ms : reader[2];
    }
}

static bool flood_connections(const char *kernel)
{
    static struct world_denials before, after;
    char grown[256];

    *counts = (struct counts){0};
    reader[0] = reader[1] = reader[2] = 0;
    bool well = world_denials(&before);
    long start = now_ms();
    pid_t flooder = run_in(WORLD_OTHER, connect_on), beside = run_in(WORLD_OWNER, read_beside);
    waitpid(flooder, NULL, 0);
    long ms = now_ms() - start;
    counts->done = true;
    waitpid(beside, NULL, 0);
    well = world_denials(&after) && well;
    const char *names = world_grown(&before, &after, grown, sizeof grown);
    bool is_barred = names && strstr(names, "connect/barred");
    well = well && reader[0] > 0 && !reader[1] && reader[2] <= READ_MS && is_barred && !counts->odd;
    printf("%sok - connection-flood on %s: %u connects by one pod in %ld ms, %u refused at once "
           "(%s); another pod read %u times, failed %u times, waited %u ms at most\n",
           well ? "" : "not ", kernel, counts->tries, ms, counts->refused, names ? names : "-",
           reader[0], reader[1], reader[2]);
    return well;
}

/* A bar ends by itself: whoever floods no more is served again. */
static void knock(void)
{
    int fd = client_connect(WORLD_SOCKET);

    counts->open = fd >= 0;
}

static bool end_bar(const char *kernel)
{
    long start = now_ms(), ms;

    *counts = (struct counts){0};
    do {
        usleep(200000);
        waitpid(run_in(WORLD_OTHER, knock), NULL, 0);
        ms = now_ms() - start;
    } while (!counts->open && ms < LIMIT_BAR_MAX_MS + READ_MS);
    printf("%sok - bar-ends on %s: the pod that flooded %s after %ld ms\n",
           counts->open ? "" : "not ", kernel, counts->open ? "connects again" : "IS BARRED", ms);
    return counts->open;
}

/* ---- as many shields as a pod may have
 * --------------------------------------------------------- */

#define LENT 128 /* at a time */

static int lent;

/* A process that connects, for another to ask on its connection, and ends. */
static int lend(void *unused)
{
    (void)unused;
    lent = client_connect(WORLD_SOCKET);
    return 0;
}

static int connect_by_dead(void)
{
    static char stack[65536];
    pid_t pid =
        clone(lend, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, NULL);

    waitpid(pid, NULL, 0);
    return lent;
}

/* Their shields stay: the guards were told of their end before, once the kernel has let them go. */
static void shield_the_dead(void)
{
    int list[LENT];

    while (counts->tries < 4 * LIMIT_SHIELDS_PER_POD && !counts->refused) {
        for (int i = 0; i < LENT; i++)
            list[i] = connect_by_dead();
        sleep(2);
        for (int i = 0; i < LENT; i++, counts->tries++) {
            int status = client_shield(list[i], 0);
            counts->open += status == 200;
            counts->refused += status == 507;
            close(list[i]);
        }
    }
}

static void ask_for_shield(void)
{
    int fd = client_connect(WORLD_SOCKET);

    counts->odd = fd < 0 ? 0 : (unsigned)client_shield(fd, 0);
}

static bool is_shielded(void)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/environ", world.shielded[WHO_ROOT].pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 && errno == EACCES;
}

/* One pod cannot use up what there is of shields, and what has one keeps it. */
static bool fill_shields(const char *kernel)
{
    *counts = (struct counts){0};
    long start = now_ms();
    waitpid(run_in(WORLD_OTHER, shield_the_dead), NULL, 0);
    long ms = now_ms() - start;
    waitpid(run_in(WORLD_OWNER, ask_for_shield), NULL, 0);
    bool stays = is_shielded();
    bool well =
        counts->open == LIMIT_SHIELDS_PER_POD && counts->refused && counts->odd == 200 && stays;
    printf(
        "%sok - shields-full on %s: one pod got %u of %u for processes that had ended, in %ld ms, "
        "and then %s; another that asks has status %u, and what was shielded %s\n",
        well ? "" : "not ", kernel, counts->open, VSECM_SHIELDS, ms,
        counts->refused ? "507" : "NO REFUSAL", counts->odd, stays ? "still is" : "IS NOT");
    return well;
}

/* ---- doctor --unload
 * ----------------------------------------------------------------------------- */

/* By root of another pod, who sees the node's files. */
static void unload(void)
{
    execl("/bin/vsecm", "vsecm", "doctor", "--unload", (char *)NULL);
}

static int unload_as_other(void)
{
    int status = -1;

    waitpid(run_in(WORLD_OTHER, unload), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool holds(void)
{
    *counts = (struct counts){0};
    waitpid(run_in(WORLD_OTHER, be_denied), NULL, 0);
    return counts->tries && counts->refused == counts->tries;
}

/* Refused while a daemon runs. With none, whoever reaches the lock is the node's root: the control.
 */
static bool unload_guards(const char *kernel)
{
    int with = unload_as_other();
    bool stay = access(WORLD_PINS, F_OK) == 0 && holds();

    kill(world.daemon, SIGKILL);
    waitpid(world.daemon, NULL, 0);
    int without = unload_as_other();
    bool gone = access(WORLD_PINS, F_OK) < 0;
    bool back = world_start_daemon(&world);
    bool well = with != 0 && stay && without == 0 && gone && back;
    printf(
        "%sok - doctor-unload on %s: by root of another pod, exit status %d, guards %s; control: "
        "while no daemon runs, exit status %d, guards %s; the next daemon %s\n",
        well ? "" : "not ", kernel, with, stay ? "hold" : "DO NOT HOLD", without,
        gone ? "are gone" : "are there", back ? "serves" : "DOES NOT START");
    return well;
}

/* ---- the daemon gone
 * ----------------------------------------------------------------------------- */

static void connect_once(void)
{
    int fd = client_connect(WORLD_SOCKET);

    counts->open = fd >= 0;
    counts->refused = fd == -EACCES || fd == -EPERM || fd == -ECONNREFUSED;
}

/* Nobody is served by anybody: a socket of the attacker's cannot stand in its place. */
static bool kill_daemon(const char *kernel)
{
    *counts = (struct counts){0};
    kill(world.daemon, SIGKILL);
    waitpid(world.daemon, NULL, 0);
    waitpid(run_in(WORLD_OWNER, connect_once), NULL, 0);
    bool fails = counts->refused && !counts->open;
    bool hold = holds();
    bool back = world_start_daemon(&world);
    bool well = fails && hold && back;
    printf("%sok - daemon-killed on %s: connects %s, guards %s, the next daemon %s\n",
           well ? "" : "not ", kernel, fails ? "fail" : "DO NOT FAIL",
           hold ? "hold" : "DO NOT HOLD", back ? "serves" : "DOES NOT START");
    return well;
}

int flood_main(char **arguments)
{
    const char *kernel = arguments[0];

    setvbuf(stdout, NULL, _IOLBF, 0);
    world = (struct world){.daemon_program = arguments[1], .guarded = true};
    counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    reader = (unsigned *)(counts + 1);
    if (counts == MAP_FAILED || !world_prepare() || !world_start(&world))
        return printf("not ok - floods on %s: the world could not be made\n", kernel), 1;
    bool well = fill_ring(kernel);
    well = flood_connections(kernel) && well;
    well = end_bar(kernel) && well;
    well = kill_daemon(kernel) && well;
    well = fill_shields(kernel) && well;
    well = unload_guards(kernel) && well;
    world_stop(&world);
    return !well;
}
