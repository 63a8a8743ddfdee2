/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/guard.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "kernel/guard_events.h"
#include "kernel/guard_label.h"
#include "kernel/tier.h"

static const char *const hooks[VSECM_HOOKS] = {
    [VSECM_HOOK_CONNECT] = "connect", [VSECM_HOOK_RECEIVE] = "receive", [VSECM_HOOK_OPEN] = "open",
    [VSECM_HOOK_MMAP] = "mmap",       [VSECM_HOOK_PTRACE] = "ptrace",   [VSECM_HOOK_FORK] = "fork",
    [VSECM_HOOK_PATH] = "path",       [VSECM_HOOK_MOUNT] = "mount",     [VSECM_HOOK_BPF] = "bpf",
};

static const char *const whys[VSECM_WHYS] = {
    [VSECM_WHY_BARRED] = "barred",   [VSECM_WHY_NO_RECORD] = "no-record",
    [VSECM_WHY_FOREIGN] = "foreign", [VSECM_WHY_SHIELDED] = "shielded",
    [VSECM_WHY_CORE] = "core",
};

const char *guard_hook_name(uint32_t hook)
{
    return hook < VSECM_HOOKS ? hooks[hook] : "?";
}

const char *guard_why_name(uint32_t why)
{
    return why < VSECM_WHYS ? whys[why] : "?";
}

/* ---- making them --------------------------------------------------------------------------- */

static int set(const struct guards *guards, enum guard_map map, const void *key, const void *value)
{
    if (!guards->is_on)
        return -EOPNOTSUPP;
    return bpf_map_update_elem(guards->map[map], key, value, BPF_ANY);
}

/* Whoever is in the root of the hierarchy would be everybody. */
int guard_place(struct attest *attest, uint64_t cgroup_id, const struct vsecm_domain *domain)
{
    if (domain->cgroup_id <= 1 || domain->level == 0)
        return -EINVAL;
    return set(&attest->guards, GUARD_DOMAINS, &cgroup_id, domain);
}

int guard_pod_root(struct attest *attest, uint64_t cgroup_id)
{
    const uint32_t yes = 1;
    return set(&attest->guards, GUARD_POD_ROOTS, &cgroup_id, &yes);
}

int guard_bar(struct attest *attest, uint64_t cgroup_id, bool is_barred)
{
    const uint32_t yes = 1;
    if (cgroup_id <= 1)
        return -EINVAL;
    if (is_barred || !attest->guards.is_on)
        return set(&attest->guards, GUARD_BARRED, &cgroup_id, &yes);
    int r = bpf_map_delete_elem(attest->guards.map[GUARD_BARRED], &cgroup_id);
    return r == -ENOENT ? 0 : r;
}

int guard_shield(struct attest *attest, const struct vsecm_process *process, uint32_t flags)
{
    if (!attest)
        return -EOPNOTSUPP;
    int r = set(&attest->guards, GUARD_SHIELDS, process, &flags);
    return r == -E2BIG ? -ENOSPC : r;
}

bool guard_has_shield(const struct attest *attest, const struct vsecm_process *process)
{
    uint32_t flags;
    return attest && attest->guards.is_on &&
           bpf_map_lookup_elem(attest->guards.map[GUARD_SHIELDS], process, &flags) == 0;
}

/* Where two find no label, the second of them finds that there is one now. */
int guard_file(struct attest *attest, int fd, const struct vsecm_domain *domain)
{
    struct vsecm_domain owner;
    if (!attest || !attest->guards.is_on)
        return -EOPNOTSUPP;
    const struct guards *guards = &attest->guards;
    if (domain->cgroup_id == 0)
        return -EINVAL;
    int r = bpf_map_update_elem(guards->map[GUARD_OWNED], &fd, domain, BPF_NOEXIST);
    if (r != -EEXIST)
        return r;
    r = bpf_map_lookup_elem(guards->map[GUARD_OWNED], &fd, &owner);
    if (r < 0)
        return r;
    return owner.cgroup_id == domain->cgroup_id && owner.level == domain->level ? 0 : -EBUSY;
}

int guard_directory(struct attest *attest, int dir)
{
    return attest->guards.is_on ? guard_label_directory(&attest->guards, dir) : -EOPNOTSUPP;
}

/* ---- what they did ------------------------------------------------------------------------- */

int guard_event_fd(const struct attest *attest)
{
    return guard_events_fd(&attest->guards);
}

size_t guard_read_events(struct attest *attest, size_t max,
                         void (*tell)(void *context, const struct vsecm_denial *denial),
                         void *context)
{
    return guard_events_read(&attest->guards, max, tell, context);
}

void guard_read_stats(struct attest *attest, struct guard_stats *ret)
{
    *ret = (struct guard_stats){0};
    if (!attest->guards.is_on)
        return;
    for (uint32_t hook = 0; hook < VSECM_HOOKS; hook++)
        for (uint32_t why = 0; why < VSECM_WHYS; why++)
            ret->denied[hook][why] =
                attest_count(attest, attest->guards.map[GUARD_DENIALS], hook * VSECM_WHYS + why);
    ret->lost = attest_count(attest, attest->counts, VSECM_COUNT_LOST);
}

/* ---- what there is ------------------------------------------------------------------------- */

enum protection {
    CONNECTIONS,
    PAGES,
    SECRET_FILES,
    LENGTHS_AND_MODES,
    DAEMON,
    PROCESSES,
    DIRECTORIES,
    PROGRAMS_AND_MAPS,
    REFUSALS,
    PINS,
    PROTECTIONS,
};

static const char *const names[PROTECTIONS] = {
    [CONNECTIONS] = "connections_stay_in_their_pod",
    [PAGES] = "pages_stay_in_their_pod",
    [SECRET_FILES] = "secret_files",
    [LENGTHS_AND_MODES] = "lengths_and_modes",
    [DAEMON] = "daemon_shielded",
    [PROCESSES] = "processes_shielded",
    [DIRECTORIES] = "directories",
    [PROGRAMS_AND_MAPS] = "programs_and_maps",
    [REFUSALS] = "refused_before_accept",
    [PINS] = "guards_pinned",
};

/* Why it is not there; empty: it is. */
static const char *missing(const struct guards *guards, enum protection protection)
{
    if (!guards->is_on)
        return guards->missing.text;
    if (protection == LENGTHS_AND_MODES)
        return guards->pathless.text;
    return protection == PINS ? guards->unpinned.text : "";
}

bool guard_summary(const struct attest *attest, size_t index, const char **name, const char **state)
{
    if (index >= PROTECTIONS)
        return false;
    *name = names[index];
    *state = missing(&attest->guards, (enum protection)index);
    if (!**state)
        *state = "on";
    return true;
}
