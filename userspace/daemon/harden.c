/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/harden.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/build.h"
#include "base/error.h"
#include "daemon/seccomp.h"

#define CAPABILITY(number) (UINT64_C(1) << (number))

/* A step returns 0, -errno, or LEFT_OUT when this build does without it (base/build.h). */
enum { LEFT_OUT = 1 };

static int no_core(void)
{
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) ? -errno : 0;
}

static int undumpable(void)
{
    if (BUILD_DUMPABLE)
        return LEFT_OUT;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
}

static int private_files(void)
{
    umask(077);
    return 0;
}

/* The wiping is daemon/heap.c's. A second malloc arena would only be more to lock. */
static int wiped_heap(void)
{
    if (BUILD_SANITIZED)
        return LEFT_OUT;
    return mallopt(M_ARENA_MAX, 1) ? 0 : -EINVAL;
}

/*
 * ONFAULT: else every page of every library would become resident. Sanitizers turn mlockall() into
 * nothing.
 */
static int locked_memory(void)
{
    if (BUILD_SANITIZED)
        return LEFT_OUT;
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ? -errno : 0;
}

static int no_new_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/*
 * Without CAP_SETPCAP, as in a pod that was given a few capabilities only, the bounding set stays;
 * it limits what execve() can gain, and no_new_privileges forbids that anyway.
 */
static int empty_bounding_set(void)
{
    for (unsigned long number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) && errno != EPERM)
            return -errno;
    return 0;
}

/* Permitted stays within what the process has: asking for more would fail. */
static int set_capabilities(uint64_t effective, uint64_t permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3], want[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, now))
        return -errno;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        want[i] = (struct __user_cap_data_struct){
            .effective = now[i].permitted & (uint32_t)(effective >> 32 * i),
            .permitted = now[i].permitted & (uint32_t)(permitted >> 32 * i),
        };
    return syscall(SYS_capset, &header, want) ? -errno : 0;
}

/*
 * Where unprivileged BPF is switched off, kernels before 5.19 refuse even to read a map whose
 * descriptor one holds. Ask for a map that is not there: EBADF where that is allowed.
 */
static bool maps_need_capability(void)
{
    union bpf_attr attr = {.map_fd = (uint32_t)-1};
    return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof attr) && errno == EPERM;
}

static int few_capabilities(void)
{
    uint64_t keep = CAPABILITY(CAP_IPC_LOCK), maybe = keep | CAPABILITY(CAP_BPF);
    int r = empty_bounding_set();
    if (!r && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        r = -errno;
    if (!r)
        r = set_capabilities(keep, maybe);
    if (!r && maps_need_capability())
        keep = maybe;
    return r ? r : set_capabilities(keep, keep);
}

static int system_call_filter(void)
{
    return BUILD_SANITIZED ? LEFT_OUT : seccomp_install();
}

enum phase { EARLY, LATE };

static struct step {
    const char *name;
    int (*run)(void);
    enum phase phase;
    const char *state;
} steps[] = {
    {"no_core", no_core, EARLY, "not yet"},
    {"undumpable", undumpable, EARLY, "not yet"},
    {"private_files", private_files, EARLY, "not yet"},
    {"wiped_heap", wiped_heap, EARLY, "not yet"},
    {"locked_memory", locked_memory, EARLY, "not yet"},
    {"no_new_privileges", no_new_privileges, EARLY, "not yet"},
    {"few_capabilities", few_capabilities, LATE, "not yet"},
    {"system_call_filter", system_call_filter, LATE, "not yet"},
};

#define STEPS (sizeof steps / sizeof steps[0])

static int run(enum phase phase, struct error *error)
{
    for (size_t i = 0; i < STEPS; i++) {
        if (steps[i].phase != phase)
            continue;
        int r = steps[i].run();
        if (r < 0)
            return error_errno(error, r, "harden: %s", steps[i].name);
        steps[i].state = r == LEFT_OUT ? BUILD_LEFT_OUT : "on";
    }
    return 0;
}

int harden_early(struct error *error)
{
    return run(EARLY, error);
}

int harden_late(struct error *error)
{
    return run(LATE, error);
}

bool harden_summary(size_t index, const char **name, const char **state)
{
    if (index >= STEPS)
        return false;
    *name = steps[index].name;
    *state = steps[index].state;
    return true;
}
