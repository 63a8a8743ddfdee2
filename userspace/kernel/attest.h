/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is calling: the kernel's answer, recorded in the caller's own connect().
 *
 * Two tiers give the same record. `lsm` writes it into storage of the socket that accept() will
 * return; `cgroup` records it under the client socket's cookie and hands it out by getsockopt().
 * Neither looks a pid up, so neither races with fork, exec, exit or pid reuse.
 * A connection without a record is a refusal; there is no other way to learn who called.
 */
#ifndef VSECM_KERNEL_ATTEST_H
#define VSECM_KERNEL_ATTEST_H

#include <stdint.h>

struct error;
struct attest;
struct vsecm_caller;
struct vsecm_chain;

enum attest_tier {
    ATTEST_AUTO, /* lsm where its canary is seen, else cgroup */
    ATTEST_LSM,
    ATTEST_CGROUP,
};

enum attest_guards {
    ATTEST_GUARDS_NO,       /* name the caller, guard nothing */
    ATTEST_GUARDS_AUTO,     /* guard what the tier can; what is missing is in guard_summary() */
    ATTEST_GUARDS_REQUIRED, /* all of them, pinned, or fail */
};

struct attest_options {
    enum attest_tier tier;
    const char *cgroup_root; /* path of the cgroup2 mount; NULL: found in /proc/self/mountinfo */
    const char *canary_dir;  /* private directory (0700) in which the canary socket is made */
    enum attest_guards guards;
    /*
     * Where guards are pinned, below it in a directory named by VSECM_ABI_VERSION; on a bpffs.
     * NULL: they are not, and end with the process.
     */
    const char *pin_dir;
    /*
     * The file in the private directory that the daemon has locked. Guards take whoever locks it
     * for the daemon, also the one that comes after a crash; so only root of the node may reach it.
     * -1 without guards.
     */
    int lock;
};

struct attest_stats {
    uint64_t recorded; /* connects that were recorded */
    uint64_t failed;   /* connects that could not be recorded; each becomes a refusal */
    uint64_t refused;  /* look-ups of accepted sockets that found no record or a foreign one */
};

/*
 * Load and attach a tier and see its canary once. On success *ret owns everything. *why gets a
 * line (at most 255 bytes, NUL-terminated) that says what was chosen and why.
 * Returns 0, or -errno with *error naming each missing piece (kernel version, BTF, `bpf` in lsm=,
 * capability, cgroup2 mount) and how to get it, a line for each tier that was tried.
 */
int attest_open(const struct attest_options *options, struct attest **ret, char why[256],
                struct error *error);

/* Callers of LISTENER, a listening AF_UNIX stream socket, are recorded from now on. 0 or -errno. */
int attest_watch(struct attest *attest, int listener);

/*
 * The caller of ACCEPTED, a socket that accept() returned for a watched listener.
 * Returns 0 with *ret filled, -ENODATA when the kernel has no record of it (refuse), or -errno
 * (refuse too). *ret is untouched unless 0 is returned.
 */
int attest_caller(struct attest *attest, int accepted, struct vsecm_caller *ret);

/* The names of the chain of CGROUP_ID, recorded at connect(). 0, or -ENODATA (refuse). */
int attest_chain(struct attest *attest, uint64_t cgroup_id, struct vsecm_chain *ret);

/*
 * Connect to a socket of our own, marked like any other, and check that the record that comes back
 * is ours (pid, uid, start time, cgroup). A program can be loaded and attached and still never run
 * (no `bpf` in lsm=): this is the only proof. 0, or -errno with *error saying what was seen.
 */
int attest_canary(struct attest *attest, struct error *error);

/* The names of the daemon's own cgroup chain, as the kernel recorded them of the last canary that
 * was seen. Lives as long as ATTEST. */
const struct vsecm_chain *attest_own_chain(const struct attest *attest);

/* "lsm" or "cgroup". Never NULL. */
const char *attest_tier_name(const struct attest *attest);

/* The enum of a tier's name ("auto", "lsm", "cgroup"); 0, or -EINVAL. */
int attest_parse_tier(const char *name, enum attest_tier *ret);

/* The same of "no", "auto", "required". */
int attest_parse_guards(const char *name, enum attest_guards *ret);

void attest_read_stats(struct attest *attest, struct attest_stats *ret);

/* Detach and close everything. NULL is fine. */
void attest_free(struct attest *attest);

#endif
