/* SPDX-License-Identifier: BSD-2-Clause */
#include "node/protections.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "node/node.h"
#include "node/pinned.h"
#include "node/swaps.h"

/* Of RLIMIT_NOFILE, what the usual max_connections takes. */
#define DESCRIPTORS (LIMIT_CONNECTIONS + LIMIT_PAGES + 64)

/* What an attempt with result R says. */
static enum node_state tried(int r, char seen[NODE_SEEN])
{
    snprintf(seen, NODE_SEEN, "%s", r == 0 ? "tried" : strerror(-r));
    return r == 0 ? NODE_PRESENT : r == -EPERM ? NODE_UNKNOWN : NODE_MISSING;
}

static enum node_state memfd_secret(const struct node *node, char seen[NODE_SEEN])
{
    return tried(node->memfd_secret, seen);
}

static enum node_state noswap(const struct node *node, char seen[NODE_SEEN])
{
    return tried(node->noswap, seen);
}

static enum node_state pass_pidfd(const struct node *node, char seen[NODE_SEEN])
{
    return tried(node->pass_pidfd, seen);
}

static enum node_state pidfd_info(const struct node *node, char seen[NODE_SEEN])
{
    return tried(node->pidfd_info, seen);
}

static enum node_state swap(const struct node *node, char seen[NODE_SEEN])
{
    return swaps_look(node, seen);
}

/* The number that file PATH of NODE says is at least LEAST. */
static enum node_state at_least(const struct node *node, const char *path, long least,
                                char seen[NODE_SEEN])
{
    char text[32], *end;
    int r = node_read(node, path, text, sizeof text);
    snprintf(seen, NODE_SEEN, "%s", r < 0 ? strerror(-r) : text);
    if (r == -ENOENT)
        return NODE_MISSING;
    long number = r < 0 ? 0 : strtol(text, &end, 10);
    if (r < 0 || end == text || *end)
        return NODE_UNKNOWN;
    return number >= least ? NODE_PRESENT : NODE_MISSING;
}

static enum node_state unprivileged_bpf(const struct node *node, char seen[NODE_SEEN])
{
    return at_least(node, "/proc/sys/kernel/unprivileged_bpf_disabled", 1, seen);
}

static enum node_state yama(const struct node *node, char seen[NODE_SEEN])
{
    return at_least(node, "/proc/sys/kernel/yama/ptrace_scope", 1, seen);
}

/* Lockdown, as the file has it: the word in brackets. */
static enum node_state lockdown(const struct node *node, char seen[NODE_SEEN])
{
    char text[NODE_SEEN];
    int r = node_read(node, "/sys/kernel/security/lockdown", text, sizeof text);
    snprintf(seen, NODE_SEEN, "%s", r < 0 ? strerror(-r) : text);
    if (r == -ENOENT)
        return NODE_MISSING;
    if (r < 0 || !strchr(text, '['))
        return NODE_UNKNOWN;
    if (strstr(text, "[confidentiality]"))
        /* It may keep BPF programs from reading kernel memory: the canary tells. */
        return NODE_UNKNOWN;
    return strstr(text, "[none]") ? NODE_MISSING : NODE_PRESENT;
}

/* A kernel that is locked down boots no other that is not signed. */
static enum node_state kexec(const struct node *node, char seen[NODE_SEEN])
{
    char ignored[NODE_SEEN];
    if (lockdown(node, ignored) == NODE_PRESENT) {
        snprintf(seen, NODE_SEEN, "by lockdown");
        return NODE_PRESENT;
    }
    enum node_state state = at_least(node, "/proc/sys/kernel/kexec_load_disabled", 1, seen);
    if (strcmp(seen, strerror(ENOENT)) != 0)
        return state;
    snprintf(seen, NODE_SEEN, "not in this kernel");
    return NODE_PRESENT;
}

static enum node_state bpffs(const struct node *node, char seen[NODE_SEEN])
{
    char above[2 * LIMIT_PATH];
    const char *slash = strrchr(node->pin_dir, '/');
    int length = slash ? (int)(slash - node->pin_dir) : 0;
    snprintf(above, sizeof above, "%s%.*s", node->root, length, node->pin_dir);
    int fd = open(length ? above : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(seen, NODE_SEEN, "%.*s%s%s", length, node->pin_dir, fd < 0 ? ": " : "",
             fd < 0 ? strerror(errno) : "");
    if (fd < 0)
        return errno == ENOENT ? NODE_MISSING : NODE_UNKNOWN;
    bool is = pinned_is_bpffs(fd);
    close(fd);
    return is ? NODE_PRESENT : NODE_MISSING;
}

static enum node_state locked_memory(const struct node *node, char seen[NODE_SEEN])
{
    bool may = node->capabilities >> CAP_IPC_LOCK & 1;
    if (node->memlock.rlim_cur == RLIM_INFINITY)
        snprintf(seen, NODE_SEEN, "RLIMIT_MEMLOCK unlimited");
    else
        snprintf(seen, NODE_SEEN, "RLIMIT_MEMLOCK %llu KiB%s",
                 (unsigned long long)node->memlock.rlim_cur / 1024, may ? ", CAP_IPC_LOCK" : "");
    return may || node->memlock.rlim_cur == RLIM_INFINITY ? NODE_PRESENT : NODE_MISSING;
}

static enum node_state descriptors(const struct node *node, char seen[NODE_SEEN])
{
    bool may = node->capabilities >> CAP_SYS_RESOURCE & 1;
    snprintf(seen, NODE_SEEN, "RLIMIT_NOFILE %llu%s",
             (unsigned long long)node->descriptors.rlim_max, may ? ", CAP_SYS_RESOURCE" : "");
    return may || node->descriptors.rlim_max >= DESCRIPTORS ? NODE_PRESENT : NODE_MISSING;
}

static const struct node_row rows[] = {
    {"locked memory", NODE_START, locked_memory, "memory cannot be locked",
     "secrets could be swapped: a daemon does not start",
     "grant CAP_IPC_LOCK, or ulimit -l unlimited"},
    {"descriptors", NODE_START, descriptors, "too few descriptors",
     "a daemon does not start with the usual max_connections",
     "raise the hard limit (LimitNOFILE=), or lower max_connections"},
    {"memfd_secret", 0, memfd_secret, "no memfd_secret",
     "root of the node reads secrets in /proc/PID/mem and /proc/kcore; locked memory is used",
     "boot with secretmem.enable=1; on by default since 6.5"},
    {"tmpfs noswap", 0, noswap, "no tmpfs that is never swapped",
     "sealed records and secret files may be swapped out", "a kernel of 6.4 or newer"},
    {"swap", 0, swap, "swap that is not encrypted",
     "what is not locked, as files on a tmpfs, may be found on a disk",
     "swapoff -a, or swap on dm-crypt"},
    {"bpffs for pins", 0, bpffs, "no bpffs above the pin directory",
     "guards end with the daemon, until the next one starts",
     "mount -t bpf bpf /sys/fs/bpf, in a container the host's"},
    {"BPF for root only", 0, unprivileged_bpf, "users may load BPF programs",
     "bugs of the verifier are for everybody", "sysctl kernel.unprivileged_bpf_disabled=2"},
    {"yama", 0, yama, "any process traces another of its uid",
     "a program without a shield shows its secret to its neighbours",
     "sysctl kernel.yama.ptrace_scope=1, yama in the LSM list"},
    {"lockdown", 0, lockdown, "the kernel is not locked down",
     "root of the node changes the kernel, and reads what it likes",
     "boot with lockdown=integrity (confidentiality may keep BPF from reading: try it)"},
    {"no kexec", 0, kexec, "another kernel may be started from this one",
     "root of the node finds secrets in memory that was not erased",
     "sysctl kernel.kexec_load_disabled=1"},
    {"SO_PASSPIDFD", 0, pass_pidfd, "no SO_PASSPIDFD",
     "tier cgroup: who sends a request on a connection that was handed on is not seen",
     "a kernel of 6.5 or newer, or tier lsm"},
    {"PIDFD_GET_INFO", 0, pidfd_info, "no PIDFD_GET_INFO", "the same",
     "a kernel of 6.13 or newer, or tier lsm"},
};

const struct node_row *protections_rows(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}
