/* SPDX-License-Identifier: BSD-2-Clause */
/* Tier `lsm`: the record is in storage of the accepted socket, and its descriptor is the key. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "kernel/guard_start.h"
#include "kernel/load.h"
#include "kernel/tier.h"
#include "kernel_abi.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* generated */
#include "lsm.skel.h"
#include "shut.skel.h"
#pragma GCC diagnostic pop

/* Where a program of somebody else could say yes before ours says no (bpf/guard_bpf.bpf.c). */
static void find_answers(struct lsm_bpf *skel, const struct btf *kernel)
{
    static const char *const functions[] = {"security_bpf",      "bpf_lsm_bpf",
                                            "security_bpf_map",  "bpf_lsm_bpf_map",
                                            "security_bpf_prog", "bpf_lsm_bpf_prog"};
    for (size_t i = 0; kernel && i < sizeof functions / sizeof *functions; i++) {
        int id = btf__find_by_name_kind(kernel, functions[i], BTF_KIND_FUNC);
        skel->rodata->answers[i] = id > 0 ? (uint32_t)id : 0;
    }
}

/* Which programs and maps there are without guards. */
static void choose(struct lsm_bpf *skel, bool guarded)
{
    struct bpf_program *program;
    skel->rodata->guarded = guarded;
    bpf_object__for_each_program(program, skel->obj)
    {
        if (!guarded && program != skel->progs.on_connect)
            bpf_program__set_autoload(program, false);
    }
}

/* Without CONFIG_SECURITY_PATH nobody is asked before a length, a mode or an owner changes. */
static void choose_path_hooks(struct attest *attest, struct lsm_bpf *skel, const struct btf *kernel)
{
    struct bpf_program *const programs[] = {skel->progs.on_truncate, skel->progs.on_chmod,
                                            skel->progs.on_chown};
    if (kernel && btf__find_by_name_kind(kernel, "bpf_lsm_path_truncate", BTF_KIND_FUNC) > 0)
        return;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        bpf_program__set_autoload(programs[i], false);
    error_set(&attest->guards.pathless, 0, "not in this kernel: needs CONFIG_SECURITY_PATH");
}

static void fit_guards(struct attest *attest, struct lsm_bpf *skel)
{
    struct btf *kernel = btf__load_vmlinux_btf();
    find_answers(skel, kernel);
    choose_path_hooks(attest, skel, kernel);
    btf__free(kernel);
}

static int lsm_load(struct attest *attest, struct lsm_bpf *skel, struct error *error)
{
    int r = lsm_bpf__load(skel);
    if (r < 0)
        return load_failed(error, r, "cannot load the lsm programs");
    r = guard_start_close_gate(skel->obj, error);
    if (r < 0)
        return r;
    r = lsm_bpf__attach(skel);
    if (r < 0)
        return load_failed(error, r, "cannot attach the lsm programs");
    const struct load_kept kept[] = {
        {bpf_link__fd(skel->links.on_connect), &attest->links[0]},
        {bpf_map__fd(skel->maps.chains), &attest->chains},
        {bpf_map__fd(skel->maps.counts), &attest->counts},
        {bpf_map__fd(skel->maps.watched), &attest->watched},
        {bpf_map__fd(skel->maps.callers), &attest->callers},
    };
    r = load_keep(kept, sizeof kept / sizeof *kept);
    return r < 0 ? load_failed(error, r, "cannot keep the lsm programs") : 0;
}

/* Guards that were ended just now go on for a moment, and let nobody load what answers before them.
 */
#define LINGER_MS 5000u
#define LINGER_STEP_MS 20u

static int shut_out(struct shut_bpf **ret)
{
    int r = -EPERM;
    for (unsigned ms = 0; r == -EPERM && ms < LINGER_MS; ms += LINGER_STEP_MS) {
        if (ms)
            usleep(LINGER_STEP_MS * 1000);
        shut_bpf__destroy(*ret); /* of the try before */
        *ret = shut_bpf__open_and_load();
        r = *ret ? shut_bpf__attach(*ret) : -errno;
    }
    return r;
}

/*
 * Our maps come before what guards them: meanwhile nobody gets a descriptor by its number, the gate
 * sees to it afterwards.
 */
static int load_shut(struct attest *attest, struct lsm_bpf *skel, struct error *error)
{
    struct shut_bpf *shut = NULL;
    int r = shut_out(&shut);
    if (r < 0)
        load_failed(error, r, "cannot load the program that shuts others out");
    else
        r = lsm_load(attest, skel, error);
    shut_bpf__destroy(shut);
    return r;
}

static int lsm_guarded(struct attest *attest, struct lsm_bpf *skel, struct error *error)
{
    int r = guard_start_take(&attest->guards, skel->obj, error);
    if (r == 0)
        r = load_shut(attest, skel, error);
    return r < 0 ? r : guard_start_begin(&attest->guards, skel->skeleton, error);
}

static int lsm_open(struct attest *attest, struct error *error)
{
    bool guarded = attest->guards.wanted != ATTEST_GUARDS_NO;
    if (!guarded)
        error_set(&attest->guards.missing, 0, "guards = no");
    load_begin();
    struct lsm_bpf *skel = lsm_bpf__open();
    int r = skel ? 0 : load_failed(error, -errno, "cannot open the lsm programs");
    if (r == 0) {
        choose(skel, guarded);
        if (guarded)
            fit_guards(attest, skel);
        r = guarded ? lsm_guarded(attest, skel, error) : lsm_load(attest, skel, error);
    }
    lsm_bpf__destroy(skel);
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
