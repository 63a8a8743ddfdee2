/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tier `cgroup`: one program sees every connect(), another answers our getsockopt() on a socket
 * that we accepted. Both are on the cgroup2 root, the second because an accepted AF_UNIX socket is
 * made in connect() and so counts as one of the client's cgroup, wherever the client is.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/load.h"
#include "kernel/tier.h"
#include "kernel_abi.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* generated */
#include "attest_cgroup.skel.h"
#pragma GCC diagnostic pop

#define CONNECT_UNIX                                                             \
    ((enum bpf_attach_type)49) /* BPF_CGROUP_UNIX_CONNECT, newer than libbpf 1.1 \
                                */

/* Attach PROGRAM as TYPE to the cgroup2 root. The link goes to *LINK. */
static int attach(const struct attest *attest, const struct bpf_program *program,
                  enum bpf_attach_type type, int *link)
{
    int r = bpf_link_create(bpf_program__fd(program), attest->cgroup_root, type, NULL);
    if (r < 0)
        return r;
    *link = r;
    return 0;
}

static int cgroup_load(struct attest *attest, struct attest_cgroup_bpf *skel, struct error *error)
{
    struct stat pidns;
    if (stat("/proc/self/ns/pid", &pidns) < 0)
        return error_errno(error, -errno, "/proc/self/ns/pid");
    skel->rodata->daemon_pid = (uint32_t)getpid();
    skel->rodata->daemon_pidns = (uint32_t)pidns.st_ino;
    bpf_program__set_expected_attach_type(skel->progs.on_connect, CONNECT_UNIX);
    int r = attest_cgroup_bpf__load(skel);
    if (r < 0)
        return load_failed(error, r, "cannot load the cgroup programs");
    const struct load_kept kept[] = {
        {bpf_map__fd(skel->maps.chains), &attest->chains},
        {bpf_map__fd(skel->maps.counts), &attest->counts},
    };
    r = load_keep(kept, sizeof kept / sizeof *kept);
    if (r < 0)
        return load_failed(error, r, "cannot keep the cgroup programs");
    r = attach(attest, skel->progs.on_connect, CONNECT_UNIX, &attest->links[0]);
    if (r == 0)
        r = attach(attest, skel->progs.on_getsockopt, BPF_CGROUP_GETSOCKOPT, &attest->links[1]);
    return r < 0 ? load_failed(error, r, "cannot attach to the cgroup2 root") : 0;
}

static int cgroup_open(struct attest *attest, struct error *error)
{
    load_begin();
    struct attest_cgroup_bpf *skel = attest_cgroup_bpf__open();
    int r = skel ? cgroup_load(attest, skel, error)
                 : load_failed(error, -errno, "cannot open the cgroup programs");
    attest_cgroup_bpf__destroy(skel);
    load_end();
    return r;
}

/* Every connect is recorded: its listener is not known yet when the program runs. */
static int cgroup_watch(const struct attest *attest, int listener)
{
    (void)attest, (void)listener;
    return 0;
}

static int cgroup_caller(const struct attest *attest, int accepted, struct vsecm_caller *ret)
{
    socklen_t size = sizeof *ret;

    (void)attest;
    if (getsockopt(accepted, VSECM_SOL, VSECM_SO_CALLER, ret, &size) == 0)
        return size == sizeof *ret ? 0 : -ENODATA;
    /* What the kernel itself says to an option that no program answered. */
    return errno == EOPNOTSUPP || errno == ENOPROTOOPT ? -ENODATA : -errno;
}

const struct tier tier_cgroup = {"cgroup", cgroup_open, cgroup_watch, cgroup_caller};
