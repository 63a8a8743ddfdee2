/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attack KERNEL VSECMD [NAME...]: every attack of the tables, or those named, first with guards =
 * no and then with guards = required. One line for each attack and user; `row` lines for the
 * report.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"
#include "decoy.h"
#include "flood.h"
#include "siege.h"
#include "victim.h"

#define LIMIT_SECONDS 60

struct result {
    enum outcome outcome;
    char why[160];
};

static const struct attack_table *const tables[] = {
    &attack_connect, &attack_descriptor, &attack_uring, &attack_trace, &attack_proc,
    &attack_memory,  &attack_file,       &attack_path,  &attack_bpf,
};

#define TABLES (sizeof tables / sizeof *tables)
#define MOST 256

static const char *const outcomes[] = {"not tried", "denied-by-us", "denied-by-other",
                                       "allowed",   "error",        "absent"};
static const char *const users[] = {"nobody", "root"};
static struct result found[2][MOST][WHO_COUNT]; /* without guards, with them */

/* ---- the attacker's side ----------------------------------------------------------------------
 */

/* What a process of the victim's pod holds that is moved elsewhere. */
static bool inherit(const struct attack_context *context, struct attack_inheritance *heir)
{
    int second;

    if (!world_join(WORLD_OWNER))
        return false;
    heir->sock = client_connect(WORLD_SOCKET);
    second = client_connect(WORLD_SOCKET);
    heir->page = second < 0 ? -1 : client_page(second);
    heir->file = open(context->plain->path, O_RDWR | O_CLOEXEC);
    heir->mapping = mmap(NULL, 4096, PROT_READ, MAP_SHARED, heir->page, 0);
    return heir->sock >= 0 && heir->page >= 0 && heir->file >= 0 && heir->mapping != MAP_FAILED;
}

static void become_attacker(const struct attack *attack, struct attack_context *context,
                            const char *place)
{
    alarm(LIMIT_SECONDS - 10);
    attack_verdict->result = attack_failed("it did not come to it");
    if ((attack->flags & HEIR) && !inherit(context, &context->heir))
        attack_verdict->result = attack_failed("nothing to inherit: %s", strerror(errno));
    else if (!world_join(place) || !world_become(context->who))
        attack_verdict->result = attack_failed("cannot become an attacker: %s", strerror(errno));
    else
        attack_verdict->result = attack->run(context);
    attack_verdict->has_ended = true;
    _exit(0);
}

/* ---- the judge's side -------------------------------------------------------------------------
 */

static enum outcome judge(const char *grown, char *why, size_t size)
{
    int result = attack_verdict->result;

    if (!attack_verdict->has_ended)
        return snprintf(why, size, "it died, or took more than %d s", LIMIT_SECONDS - 10), ERROR;
    if (result == 0)
        return snprintf(why, size, "%s", grown ? grown : ""), OPEN;
    if (result == ATTACK_ABSENT)
        return snprintf(why, size, "%s", attack_verdict->text), ABSENT;
    if (result == ATTACK_REFUSED)
        return snprintf(why, size, "daemon: %.140s", attack_verdict->text), US;
    if (!attack_is_denial(result))
        return snprintf(why, size, "%s", result > 0 ? attack_verdict->text : strerror(-result)),
               ERROR;
    if (grown)
        return snprintf(why, size, "%s", grown), US;
    return snprintf(why, size, "%s", result == -EPERM ? "EPERM" : "EACCES"), OTHER;
}

static void carry_out(struct world *world, const struct attack *attack, enum who who,
                      const char *place, struct result *ret)
{
    static struct world_denials before, after;
    struct attack_context context = {
        .world = world,
        .who = who,
        .plain = &world->plain[who],
        .shielded = &world->shielded[who],
        .argument = attack->argument,
        .place = place,
    };
    char grown[120];

    *attack_verdict = (struct attack_verdict){0};
    if (world->guarded && !world_denials(&before)) {
        ret->outcome = ERROR;
        snprintf(ret->why, sizeof ret->why, "what was denied before cannot be read");
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_attacker(attack, &context, place);
    waitpid(pid, NULL, 0);
    const char *names = world->guarded && world_denials(&after)
                            ? world_grown(&before, &after, grown, sizeof grown)
                            : NULL;
    ret->outcome = judge(names, ret->why, sizeof ret->why);
}

/* Before the next attack everything is as it was: at the least cost, for a guest is slow. */
static bool mend(struct world *world, const struct attack *attack, const struct result *result)
{
    bool worked = result->outcome == OPEN;

    if (attack->flags & RESTARTS) {
        if (!world->guarded)
            return decoy_restore();
        return (!worked && world_answers(world)) || world_restart(world);
    }
    if (world_is_whole(world) && !(worked && (attack->flags & BREAKS)))
        return true;
    if (world_answers(world))
        return world_renew_victims(world);
    world_stop(world);
    return world_start(world);
}

static const char *place_of(const struct attack *attack, bool as_owner)
{
    if (as_owner)
        return WORLD_OWNER;
    return attack->flags & FROM_STRANGER ? WORLD_STRANGER : WORLD_OTHER;
}

static bool is_chosen(const char *name, int count, char **names)
{
    for (int i = 0; i < count; i++)
        if (strstr(name, names[i]))
            return true;
    return count == 0;
}

struct run {
    struct world world;
    int named;
    char **names;
    const char *kernel;
};

/* One attack: itself, and with guards what the owner's own try comes to. */
static bool try(struct run *run, const struct attack *attack, unsigned index, enum who who)
{
    bool guarded = run->world.guarded, is_owners = attack->control == CONTROL_OWNER;
    struct result *result = &found[guarded][index][who];

    if (guarded || !is_owners) {
        carry_out(&run->world, attack, who, place_of(attack, false), result);
        if (!mend(&run->world, attack, result))
            return false;
    }
    if (!guarded || !is_owners)
        return true;
    result = &found[0][index][who];
    carry_out(&run->world, attack, who, place_of(attack, true), result);
    return mend(&run->world, attack, result);
}

/* One pass: the controls that want no guards, or all attacks with guards. */
static bool pass(struct run *run, bool guarded)
{
    unsigned index = 0;

    run->world.guarded = guarded;
    if (!world_start(&run->world) || (!guarded && !decoy_pin()))
        return false;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->count; i++, index++)
            for (enum who who = 0; who < WHO_COUNT; who++)
                if (is_chosen(tables[t]->attacks[i].name, run->named, run->names) &&
                    !try(run, &tables[t]->attacks[i], index, who))
                    return false;
    world_stop(&run->world);
    decoy_unpin();
    return true;
}

/* ---- telling ----------------------------------------------------------------------------------
 */

static void name_outcome(const struct result *result, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s%s", outcomes[result->outcome], result->why[0] ? " (" : "",
             result->why, result->why[0] ? ")" : "");
}

static bool tell(const struct run *run, const struct attack *attack, unsigned index, enum who who)
{
    const struct result *with = &found[1][index][who], *without = &found[0][index][who];
    char is[200], was[200];

    name_outcome(with, is, sizeof is);
    name_outcome(without, was, sizeof was);
    if (with->outcome == ABSENT || without->outcome == ABSENT) {
        /* What a kernel has not needs no guard there. */
        printf("# no attack %s as %s on %s: %s\n", attack->name, users[who], run->kernel,
               with->outcome == ABSENT ? with->why : without->why);
        return true;
    }
    bool well = with->outcome == attack->expected[who] && without->outcome == attack->without[who];
    printf("%sok - attack %s as %s on %s: %s; %s: %s\n", well ? "" : "not ", attack->name,
           users[who], run->kernel, is,
           attack->control == CONTROL_OWNER ? "by the owner" : "control", was);
    if (!well)
        printf("# expected %s; control: %s\n", outcomes[attack->expected[who]],
               outcomes[attack->without[who]]);
    return well;
}

static void tell_row(const struct attack *attack, unsigned index)
{
    printf("row|%s|%s", attack->name, attack->target);
    for (enum who who = 0; who < WHO_COUNT; who++) {
        char is[200], was[200];
        name_outcome(&found[1][index][who], is, sizeof is);
        name_outcome(&found[0][index][who], was, sizeof was);
        printf("|%s|%s", is, was);
    }
    printf("|%s\n", attack->control == CONTROL_OWNER ? "the owner" : "guards = no");
}

static unsigned tell_all(const struct run *run)
{
    unsigned index = 0, bad = 0, told = 0;

    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->count; i++, index++) {
            const struct attack *attack = &tables[t]->attacks[i];
            if (!is_chosen(attack->name, run->named, run->names))
                continue;
            if (found[0][index][WHO_NOBODY].outcome == UNTRIED)
                continue;
            told++;
            for (enum who who = 0; who < WHO_COUNT; who++)
                bad += !tell(run, attack, index, who);
            tell_row(attack, index);
        }
    printf("# %u attacks, each as nobody and as root, on %s\n", told, run->kernel);
    return bad;
}

int main(int count, char **arguments)
{
    static struct run run;
    time_t start = time(NULL);

    if (count == 4 && !strcmp(arguments[1], "victim"))
        return victim_main(arguments + 2);
    if (count == 4 && !strcmp(arguments[1], "flood"))
        return flood_main(arguments + 2);
    if (count == 5 && !strcmp(arguments[1], "siege"))
        return siege_main(arguments + 2);
    if (count < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    attack_verdict = mmap(NULL, sizeof *attack_verdict, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    run = (struct run){.world = {.daemon_program = arguments[2]},
                       .kernel = arguments[1],
                       .names = arguments + 3,
                       .named = count - 3};
    if (attack_verdict == MAP_FAILED || !world_prepare())
        return 2;
    bool ran = pass(&run, false) && pass(&run, true);
    printf("# %ld s\n", (long)(time(NULL) - start));
    world_stop(&run.world);
    if (!ran)
        return printf("not ok - attacks on %s: the world could not be made\n", run.kernel), 1;
    return tell_all(&run) != 0;
}
