/* SPDX-License-Identifier: BSD-2-Clause */
#include "siege.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"

/* In each of two guests. What takes its time is the daemon's start: 4 s of a processor. */
#define KILLS 10
#define UPGRADES 3
#define TURNS_TO_UPGRADE 4 /* each so many turns is one */
#define PAUSE_MS 10        /* between two attempts */
#define AGAIN_MS 60000     /* for whoever waits: a guest without KVM is slow */

/* What must be denied at any instant, daemon or no daemon. */
static const struct {
    const struct attack_table *table;
    const char *name;
} chosen[] = {
    {&attack_descriptor, "scm-rights-page"},
    {&attack_descriptor, "scm-rights-file"},
    {&attack_descriptor, "pidfd-getfd-page"},
    {&attack_descriptor, "pidfd-getfd-shielded"},
    {&attack_trace, "process-vm-readv"},
    {&attack_trace, "ptrace-attach"},
    {&attack_proc, "proc-environ"},
    {&attack_proc, "proc-mem"},
    {&attack_proc, "proc-fd-page-plain"},
    {&attack_file, "file-open"},
    {&attack_file, "file-unlink"},
    {&attack_path, "socket-dir-mkdir"},
    {&attack_path, "socket-dir-bind"},
    {&attack_path, "socket-dir-mount"},
    {&attack_path, "lock-unlink"},
    {&attack_path, "bpffs-umount"},
    {&attack_bpf, "map-by-id"},
    {&attack_bpf, "program-by-id"},
    {&attack_bpf, "link-by-id"},
    {&attack_bpf, "map-by-pin"},
    {&attack_bpf, "pin-unlink"},
};

#define ATTACKERS (sizeof chosen / sizeof *chosen)

/* One line of the siege; shared with the process that draws it up. */
struct line {
    pid_t pid;
    unsigned attempts, orphaned; /* in all, while no daemon ran */
    unsigned broken;             /* that were not denied */
    struct attack_verdict verdict, breach;
};

static struct siege {
    bool without; /* no daemon runs */
    unsigned reads;
    struct line lines[ATTACKERS];
} * siege;

static struct world world;

static void wait_ms(long ms)
{
    usleep((unsigned)ms * 1000);
}

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct attack *find(size_t index)
{
    const struct attack_table *table = chosen[index].table;

    for (size_t i = 0; i < table->count; i++)
        if (!strcmp(table->attacks[i].name, chosen[index].name))
            return &table->attacks[i];
    return NULL;
}

static pid_t spawn(void)
{
    pid_t pid = fork();

    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

/* Once more, in a process of its own: what an attempt leaves open ends with it. */
static void attempt(const struct attack *attack, struct line *line)
{
    struct attack_context context = {.world = &world,
                                     .who = WHO_ROOT,
                                     .plain = &world.plain[WHO_ROOT],
                                     .shielded = &world.shielded[WHO_ROOT],
                                     .argument = attack->argument};
    bool without = siege->without;

    attack_verdict = &line->verdict;
    *attack_verdict = (struct attack_verdict){0};
    pid_t pid = spawn();
    if (pid == 0) {
        alarm(AGAIN_MS / 1000);
        attack_verdict->result = attack->run(&context);
        attack_verdict->has_ended = true;
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    if (!attack_verdict->has_ended || !attack_is_denial(attack_verdict->result)) {
        line->breach = *attack_verdict;
        line->broken++;
    }
    line->attempts++;
    line->orphaned += without && siege->without;
}

static void besiege(size_t index)
{
    struct line *line = &siege->lines[index];

    pid_t pid = spawn();
    if (pid) {
        line->pid = pid;
        return;
    }
    /* Last in line for the processor: a guest has one, and the next daemon must get to start. */
    if (!world_join(WORLD_OTHER) || nice(19) < 0)
        _exit(1);
    for (;; wait_ms(PAUSE_MS))
        attempt(find(index), line);
}

/* The load: clients of the victim's pod, who do not mind that the daemon goes away. */
static pid_t read_on(void)
{
    char value[256];
    pid_t pid = spawn();

    if (pid)
        return pid;
    if (!world_join(WORLD_OWNER) || nice(19) < 0)
        _exit(1);
    for (;; wait_ms(PAUSE_MS)) {
        int fd = client_connect(WORLD_SOCKET);
        while (fd >= 0 && client_get(fd, "/v1/value", value, sizeof value) == 200) {
            siege->reads += !strcmp(value, WORLD_VALUE);
            wait_ms(PAUSE_MS);
        }
        if (fd >= 0)
            close(fd);
    }
}

static unsigned count_of(size_t index, bool orphaned)
{
    const struct line *line = &siege->lines[index];

    return orphaned ? line->orphaned : line->attempts;
}

/* Until each attacker has tried once more, ORPHANED: with no daemon. False: one does not. */
static bool wait_for_attempts(bool orphaned)
{
    unsigned before[ATTACKERS];
    size_t waits_for = 0;

    for (size_t i = 0; i < ATTACKERS; i++)
        before[i] = count_of(i, orphaned);
    for (long start = now_ms(); now_ms() - start < AGAIN_MS; wait_ms(10)) {
        while (waits_for < ATTACKERS && count_of(waits_for, orphaned) > before[waits_for])
            waits_for++;
        if (waits_for == ATTACKERS)
            return true;
    }
    printf("# siege: %s is not tried any more\n", chosen[waits_for].name);
    return false;
}

/* Until reads go on. False: they do not. */
static bool wait_for_reads(void)
{
    unsigned before = siege->reads;

    for (long start = now_ms(); siege->reads == before; wait_ms(2))
        if (now_ms() - start > AGAIN_MS)
            return false;
    return true;
}

static unsigned count_broken(void)
{
    unsigned broken = 0;

    for (size_t i = 0; i < ATTACKERS; i++)
        broken += siege->lines[i].broken;
    return broken;
}

/* One turn: end the daemon by SIGNAL, let the attackers at what is left, start PROGRAM. */
static bool replace(int number, const char *program, long *longest)
{
    long start = now_ms();

    kill(world.daemon, number);
    waitpid(world.daemon, NULL, 0);
    siege->without = true;
    long ended = now_ms();
    if (!wait_for_attempts(true))
        return false;
    siege->without = false;
    world.daemon_program = program;
    long tried = now_ms();
    if (!world_start_daemon(&world))
        return printf("# no daemon any more\n"), false;
    long started = now_ms();
    if (!wait_for_reads())
        return printf("# a client has not got its secret again\n"), false;
    long read = now_ms();
    *longest = read - tried > *longest ? read - tried : *longest;
    printf("# signal %d: it ended in %ld ms, attacks took %ld, its start %ld, a read %ld; "
           "%u not denied so far\n",
           number, ended - start, tried - ended, started - tried, read - started, count_broken());
    return true;
}

static bool tell(const char *kernel)
{
    bool well = true;

    for (size_t i = 0; i < ATTACKERS; i++) {
        const struct line *line = &siege->lines[i];
        printf(
            "%sok - siege %s on %s: %u attempts, %u of them while no daemon ran, %u not denied\n",
            line->broken ? "not " : "", chosen[i].name, kernel, line->attempts, line->orphaned,
            line->broken);
        if (line->broken)
            printf("# %s: result %d %s\n", chosen[i].name, line->breach.result, line->breach.text);
        well = well && !line->broken;
    }
    return well;
}

int siege_main(char **arguments)
{
    const char *kernel = arguments[0], *programs[] = {arguments[1], arguments[2]};
    int kills = 0, upgrades = 0;
    long longest = 0;
    bool well = true;

    setvbuf(stdout, NULL, _IOLBF, 0);
    world = (struct world){.daemon_program = programs[0], .guarded = true};
    siege = mmap(NULL, sizeof *siege, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (siege == MAP_FAILED || !world_prepare() || !world_start(&world))
        return printf("not ok - siege on %s: the world could not be made\n", kernel), 1;
    pid_t reader = read_on();
    for (size_t i = 0; i < ATTACKERS; i++)
        besiege(i);
    well = wait_for_attempts(false);
    for (int turn = 0; well && turn < KILLS + UPGRADES; turn++) {
        bool is_upgrade = turn % TURNS_TO_UPGRADE == TURNS_TO_UPGRADE - 1;
        well = replace(is_upgrade ? SIGTERM : SIGKILL, programs[(upgrades + is_upgrade) % 2],
                       &longest);
        kills += well && !is_upgrade;
        upgrades += well && is_upgrade;
    }
    well = well && wait_for_attempts(false);
    for (size_t i = 0; i < ATTACKERS; i++)
        kill(siege->lines[i].pid, SIGKILL);
    kill(reader, SIGKILL);
    printf("%sok - siege on %s: %d kills, %d upgrades; a client had its secret again after each, "
           "after %ld ms at most; %u reads\n",
           well ? "" : "not ", kernel, kills, upgrades, longest, siege->reads);
    well = tell(kernel) && well;
    world_stop(&world);
    return !well;
}
