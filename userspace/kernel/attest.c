/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/attest.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "kernel/canary.h"
#include "kernel/guard_start.h"
#include "kernel/probe.h"
#include "kernel/tier.h"
#include "kernel_abi.h"
#include "node/cgroupfs.h"

static const struct tier *const tiers[] = {
    [ATTEST_LSM] = &tier_lsm,
    [ATTEST_CGROUP] = &tier_cgroup,
};

int attest_parse_tier(const char *name, enum attest_tier *ret)
{
    static const char *const names[] = {
        [ATTEST_AUTO] = "auto", [ATTEST_LSM] = "lsm", [ATTEST_CGROUP] = "cgroup"};

    int i = str_index(names, sizeof names / sizeof *names, name);
    if (i < 0)
        return i;
    *ret = (enum attest_tier)i;
    return 0;
}

const char *attest_tier_name(const struct attest *attest)
{
    return attest->tier->name;
}

int attest_parse_guards(const char *name, enum attest_guards *ret)
{
    static const char *const names[] = {[ATTEST_GUARDS_NO] = "no",
                                        [ATTEST_GUARDS_AUTO] = "auto",
                                        [ATTEST_GUARDS_REQUIRED] = "required"};

    int i = str_index(names, sizeof names / sizeof *names, name);
    if (i < 0)
        return i;
    *ret = (enum attest_guards)i;
    return 0;
}

static struct attest *attest_new(const struct tier *tier, const struct attest_options *options)
{
    struct attest *attest = malloc(sizeof *attest);
    if (!attest)
        return NULL;
    *attest = (struct attest){
        .tier = tier,
        .canary_dir = strdup(options->canary_dir),
        .cgroup_root = cgroupfs_open_root(options->cgroup_root),
        .links = {-1, -1},
        .chains = -1,
        .counts = -1,
        .watched = -1,
        .callers = -1,
    };
    int r = guard_start_init(&attest->guards, options);
    int cpus = libbpf_num_possible_cpus();
    if (cpus > 0) {
        attest->cpus = (unsigned)cpus;
        attest->per_cpu = calloc(attest->cpus, sizeof *attest->per_cpu);
    }
    if (r == 0 && attest->canary_dir && attest->cgroup_root >= 0 && attest->per_cpu)
        return attest;
    attest_free(attest);
    return NULL;
}

void attest_free(struct attest *attest)
{
    if (!attest)
        return;
    const int fds[] = {attest->links[0], attest->links[1], attest->chains,     attest->counts,
                       attest->watched,  attest->callers,  attest->cgroup_root};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    guard_start_close(&attest->guards);
    free(attest->per_cpu);
    free(attest->canary_dir);
    free(attest);
}

static int open_once(enum attest_tier tier, const struct attest_options *options,
                     struct attest **ret, struct error *error)
{
    struct attest *attest = attest_new(tiers[tier], options);
    if (!attest)
        return error_set(error, -ENOMEM, "out of memory or descriptors");
    int r = attest->tier->open(attest, error);
    if (r == 0)
        r = canary_run(attest, error);
    if (r == 0)
        r = guard_start_commit(&attest->guards, &attest->self, error);
    if (r < 0) {
        attest_free(attest);
        return r;
    }
    *ret = attest;
    return 0;
}

/* What the kernel says of a program that is not for it. Pins of somebody else are another matter.
 */
static int is_not_for_this_kernel(int r)
{
    return r == -EINVAL || r == -EACCES || r == -ESRCH || r == -ENOENT || r == -EOPNOTSUPP;
}

static int open_tier(enum attest_tier tier, const struct attest_options *options,
                     struct attest **ret, struct error *error)
{
    int r = probe_tier(tier, options, error);
    if (r < 0)
        return r;
    if (tier != ATTEST_LSM && options->guards == ATTEST_GUARDS_REQUIRED)
        return error_set(error, -EOPNOTSUPP, "guards = required, and this tier has none");
    r = open_once(tier, options, ret, error);
    if (tier != ATTEST_LSM || options->guards != ATTEST_GUARDS_AUTO || !is_not_for_this_kernel(r))
        return r;
    struct attest_options without = *options;
    struct error second = {""};
    without.guards = ATTEST_GUARDS_NO;
    if (open_once(tier, &without, ret, &second) < 0)
        return r;
    (*ret)->guards.missing = *error;
    return 0;
}

int attest_open(const struct attest_options *options, struct attest **ret, char why[256],
                struct error *error)
{
    struct error missing = {""};
    int r = -EINVAL;

    for (enum attest_tier tier = ATTEST_LSM; tier <= ATTEST_CGROUP; tier++) {
        struct error reason = {""};
        if (options->tier != ATTEST_AUTO && options->tier != tier)
            continue;
        r = open_tier(tier, options, ret, &reason);
        if (r == 0) {
            snprintf(why, 256, "attestation by tier %s, its canary was seen%s%.*s",
                     tiers[tier]->name, missing.text[0] ? "; not by " : "",
                     (int)strcspn(missing.text, "\n"), missing.text);
            return 0;
        }
        error_add(&missing, "%s: %s", tiers[tier]->name, reason.text);
    }
    return error_set(error, r, "%s", missing.text);
}

static int option_is(int fd, int option, int wanted)
{
    int value;
    socklen_t size = sizeof value;

    if (getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0)
        return -errno;
    return value == wanted ? 0 : -EINVAL;
}

int attest_watch(struct attest *attest, int listener)
{
    int r = option_is(listener, SO_DOMAIN, AF_UNIX);
    if (r == 0)
        r = option_is(listener, SO_TYPE, SOCK_STREAM);
    if (r == 0)
        r = option_is(listener, SO_ACCEPTCONN, 1);
    return r < 0 ? r : attest->tier->watch(attest, listener);
}

int attest_caller(struct attest *attest, int accepted, struct vsecm_caller *ret)
{
    struct vsecm_caller caller = {0};
    int r = attest->tier->caller(attest, accepted, &caller);

    if (r == 0 && caller.abi != VSECM_ABI_VERSION)
        r = -ENODATA;
    if (r < 0) {
        attest->refused++;
        return r;
    }
    *ret = caller;
    return 0;
}

/*
 * An entry of an LRU map can be given to another key while it is copied, and the copy is then of
 * both. It leaves its key first, so a second look that finds the same proves the first one whole.
 */
int attest_chain(struct attest *attest, uint64_t cgroup_id, struct vsecm_chain *ret)
{
    struct vsecm_chain first, second;

    for (int attempt = 0; attempt < 3; attempt++) {
        int r = bpf_map_lookup_elem(attest->chains, &cgroup_id, &first);
        if (r == 0)
            r = bpf_map_lookup_elem(attest->chains, &cgroup_id, &second);
        if (r < 0)
            return r == -ENOENT ? -ENODATA : r;
        if (memcmp(&first, &second, sizeof first) == 0) {
            *ret = first;
            return 0;
        }
    }
    return -ENODATA;
}

const struct vsecm_chain *attest_own_chain(const struct attest *attest)
{
    return &attest->own;
}

int attest_canary(struct attest *attest, struct error *error)
{
    return canary_run(attest, error);
}

uint64_t attest_count(const struct attest *attest, int map, uint32_t which)
{
    uint64_t sum = 0;

    if (bpf_map_lookup_elem(map, &which, attest->per_cpu) < 0)
        return 0;
    for (unsigned i = 0; i < attest->cpus; i++)
        sum += attest->per_cpu[i];
    return sum;
}

void attest_read_stats(struct attest *attest, struct attest_stats *ret)
{
    *ret = (struct attest_stats){
        .recorded = attest_count(attest, attest->counts, VSECM_COUNT_RECORDED),
        .failed = attest_count(attest, attest->counts, VSECM_COUNT_FAILED),
        .refused = attest->refused,
    };
}
