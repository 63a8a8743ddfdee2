/* SPDX-License-Identifier: BSD-2-Clause */
/* Tier `lsm`: the record is in storage of the accepted socket, and its descriptor is the key. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>

#include "kernel/load.h"
#include "kernel/tier.h"
#include "kernel_abi.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* generated */
#include "attest_lsm.skel.h"
#pragma GCC diagnostic pop

static int lsm_load(struct attest *attest, struct attest_lsm_bpf *skel, struct error *error)
{
    int r = attest_lsm_bpf__load(skel);
    if (r < 0)
        return load_failed(error, r, "cannot load the lsm program");
    r = attest_lsm_bpf__attach(skel);
    if (r < 0)
        return load_failed(error, r, "cannot attach the lsm program");
    const struct load_kept kept[] = {
        {bpf_link__fd(skel->links.on_connect), &attest->links[0]},
        {bpf_map__fd(skel->maps.chains), &attest->chains},
        {bpf_map__fd(skel->maps.counts), &attest->counts},
        {bpf_map__fd(skel->maps.watched), &attest->watched},
        {bpf_map__fd(skel->maps.callers), &attest->callers},
    };
    r = load_keep(kept, sizeof kept / sizeof *kept);
    return r < 0 ? load_failed(error, r, "cannot keep the lsm program") : 0;
}

static int lsm_open(struct attest *attest, struct error *error)
{
    load_begin();
    struct attest_lsm_bpf *skel = attest_lsm_bpf__open();
    int r = skel ? lsm_load(attest, skel, error)
                 : load_failed(error, -errno, "cannot open the lsm program");
    attest_lsm_bpf__destroy(skel);
    load_end();
    return r;
}

static int lsm_watch(const struct attest *attest, int listener)
{
    const uint32_t yes = 1;

    return bpf_map_update_elem(attest->watched, &listener, &yes, BPF_ANY);
}

static int lsm_caller(const struct attest *attest, int accepted, struct vsecm_caller *ret)
{
    int r = bpf_map_lookup_elem(attest->callers, &accepted, ret);

    return r == -ENOENT ? -ENODATA : r;
}

const struct tier tier_lsm = {"lsm", lsm_open, lsm_watch, lsm_caller};
