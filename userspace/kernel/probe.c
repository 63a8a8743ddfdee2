/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/probe.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/cgroupfs.h"

#define LSM_LIST "/sys/kernel/security/lsm"

static bool kernel_at_least(unsigned major, unsigned minor)
{
    struct utsname name;
    unsigned a, b;
    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &a, &b) != 2)
        return false;
    return a > major || (a == major && b >= minor);
}

static bool has_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    return data[capability / 32].effective >> (capability % 32) & 1;
}

static bool kernel_6_1(const struct attest_options *options)
{
    (void)options;
    return kernel_at_least(6, 1);
}

static bool kernel_6_7(const struct attest_options *options)
{
    (void)options;
    return kernel_at_least(6, 7);
}

static bool btf(const struct attest_options *options)
{
    (void)options;
    return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static bool securityfs(const struct attest_options *options)
{
    (void)options;
    return access(LSM_LIST, R_OK) == 0;
}

/* True also when the list cannot be read: that is the row above. */
static bool bpf_in_lsm(const struct attest_options *options)
{
    (void)options;
    char text[512], *rest = text, *word;
    FILE *list = fopen(LSM_LIST, "re");
    if (!list)
        return true;
    bool read = fgets(text, sizeof text, list);
    fclose(list);
    while (read && (word = strsep(&rest, ",\n")))
        if (strcmp(word, "bpf") == 0)
            return true;
    return false;
}

static bool cap_bpf(const struct attest_options *options)
{
    (void)options;
    return has_capability(CAP_BPF) || has_capability(CAP_SYS_ADMIN);
}

static bool cap_perfmon(const struct attest_options *options)
{
    (void)options;
    return has_capability(CAP_PERFMON) || has_capability(CAP_SYS_ADMIN);
}

static bool cap_net_admin(const struct attest_options *options)
{
    (void)options;
    return has_capability(CAP_NET_ADMIN);
}

static bool cgroup_root(const struct attest_options *options)
{
    int fd = cgroupfs_open_root(options->cgroup_root);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

enum { LSM = 1 << ATTEST_LSM, CGROUP = 1 << ATTEST_CGROUP };

static const struct {
    unsigned tiers;
    bool (*met)(const struct attest_options *options);
    const char *missing;
} requirements[] = {
    {LSM, kernel_6_1, "kernel older than 6.1"},
    {CGROUP, kernel_6_7, "kernel older than 6.7"},
    {LSM | CGROUP, btf, "no /sys/kernel/btf/vmlinux: mount sysfs, CONFIG_DEBUG_INFO_BTF=y"},
    {LSM, securityfs, "cannot read " LSM_LIST ": mount securityfs there"},
    {LSM, bpf_in_lsm, "no `bpf` in " LSM_LIST ": append ,bpf to that list as lsm= at boot"},
    {LSM | CGROUP, cap_bpf, "no CAP_BPF: grant it"},
    {LSM | CGROUP, cap_perfmon, "no CAP_PERFMON: grant it"},
    {CGROUP, cap_net_admin, "no CAP_NET_ADMIN: grant it"},
    {LSM | CGROUP, cgroup_root, "no cgroup2 root: mount cgroup2, or the host's into the container"},
};

int probe_tier(enum attest_tier tier, const struct attest_options *options, struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < sizeof requirements / sizeof *requirements; i++) {
        if (!(requirements[i].tiers & 1u << tier) || requirements[i].met(options))
            continue;
        size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, "%s%s", r ? "; " : "",
                 requirements[i].missing);
        r = -EOPNOTSUPP;
    }
    return r;
}
