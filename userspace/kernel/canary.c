/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/canary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sock.h"
#include "kernel/attest.h"
#include "kernel/tier.h"
#include "kernel_abi.h"
#include "node/cgroupfs.h"

#define NS_PER_S UINT64_C(1000000000)

/* When this process started, in clock ticks since boot; 0 on an error. */
static uint64_t own_start_ticks(void)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    /* Field 22. The name, field 2, may hold anything, a bracket too: what follows the last counts.
     */
    char *rest = strrchr(text, ')');
    if (!rest || !*++rest)
        return 0;
    rest++;
    for (int field = 3; field < 22; field++)
        if (!strsep(&rest, " "))
            return 0;
    return rest ? strtoull(rest, NULL, 10) : 0;
}

static int check_process(const struct vsecm_caller *caller, struct error *error)
{
    uint64_t ticks = caller->start_boottime / (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
    struct stat ns;

    if (caller->uid != geteuid())
        return error_set(error, -EPROTO, "canary: uid %u was recorded, ours is %u", caller->uid,
                         geteuid());
    if (ticks != own_start_ticks())
        return error_set(error, -EPROTO,
                         "canary: a start %" PRIu64
                         " ticks after boot was recorded, ours is %" PRIu64,
                         ticks, own_start_ticks());
    /* The record has the initial namespace's number of us, which elsewhere we cannot know. */
    if (stat("/proc/self/ns/pid", &ns) < 0)
        return error_errno(error, -errno, "canary: /proc/self/ns/pid");
    if (ns.st_ino == TIER_INITIAL_PIDNS && caller->pid != (uint32_t)getpid())
        return error_set(error, -EPROTO, "canary: pid %u was recorded, ours is %d", caller->pid,
                         getpid());
    return 0;
}

/*
 * The recorded names must lead to a directory that has the recorded id and lists us. That holds in
 * any cgroup namespace, where /proc/self/cgroup would not show the way.
 */
static int check_cgroup(struct attest *attest, uint64_t id, struct error *error)
{
    struct vsecm_chain chain;
    int r = attest_chain(attest, id, &chain);
    if (r < 0)
        return error_errno(error, r, "canary: the names of our cgroup %" PRIu64 " are not recorded",
                           id);
    int dir = cgroupfs_open(attest->cgroup_root, &chain);
    if (dir < 0)
        return error_errno(error, dir, "canary: cannot open our cgroup by its recorded names");
    if (cgroupfs_id(dir) != id)
        r = error_set(error, -EPROTO,
                      "canary: cgroup %" PRIu64 " was recorded, its names are %" PRIu64 "'s", id,
                      cgroupfs_id(dir));
    else if (!cgroupfs_has_us(dir))
        r = error_set(error, -EPROTO, "canary: cgroup %" PRIu64 " was recorded, we are not in it",
                      id);
    else
        attest->own = chain;
    close(dir);
    return r;
}

static int check_accepted(struct attest *attest, int accepted, struct error *error)
{
    struct vsecm_caller caller;
    int r = attest_caller(attest, accepted, &caller);
    if (r == -ENODATA)
        return error_set(error, r,
                         "canary: we called ourselves and no record came: the %s program "
                         "is attached but does not run",
                         attest->tier->name);
    if (r < 0)
        return error_errno(error, r, "canary: cannot read our own record");
    r = check_process(&caller, error);
    attest->self =
        (struct vsecm_process){.pid = caller.pid, .start_boottime = caller.start_boottime};
    return r < 0 ? r : check_cgroup(attest, caller.cgroup_id, error);
}

static int call_ourselves(struct attest *attest, int listener, const char *path,
                          struct error *error)
{
    int r = attest_watch(attest, listener);
    if (r < 0)
        return error_errno(error, r, "canary: cannot watch a socket");
    int client = sock_connect(path);
    if (client < 0)
        return error_errno(error, client, "canary: cannot connect to %s", path);
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted < 0) {
        r = error_errno(error, -errno, "canary: cannot accept at %s", path);
    } else {
        r = check_accepted(attest, accepted, error);
        close(accepted);
    }
    close(client);
    return r;
}

int canary_run(struct attest *attest, struct error *error)
{
    char *path;
    if (asprintf(&path, "%s/canary.%d", attest->canary_dir, getpid()) < 0)
        return error_errno(error, -ENOMEM, "canary");
    int listener = sock_listen(path, 0600, 1, error);
    int r = listener;
    if (listener >= 0) {
        r = call_ourselves(attest, listener, path, error);
        unlink(path);
        close(listener);
    }
    free(path);
    return r;
}
