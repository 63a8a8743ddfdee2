/* SPDX-License-Identifier: BSD-2-Clause */
/* Every row of what a node has: seen present, missing, and where it cannot be read. */
#include "node/node.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/mount.h>

#include "node/needs.h"
#include "node/protections.h"
#include "tests/unit/scratch.h"

#define ALL (~UINT64_C(0))
#define WITHOUT(capability) (ALL & ~(UINT64_C(1) << (capability)))

static struct node node;
static char seen[NODE_SEEN];

static void make_directories(const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s", scratch_directory, path);
    for (char *slash = full + strlen(scratch_directory) + 1; (slash = strchr(slash, '/'));
         slash++) {
        *slash = '\0';
        if (mkdir(full, 0755) < 0)
            CHECK_EQ_INT(errno, EEXIST);
        *slash = '/';
    }
}

/* File PATH of the node says TEXT. */
static void put(const char *path, const char *text)
{
    make_directories(path);
    scratch_file(path + 1, text);
}

/* File PATH of the node is there and cannot be read, not even by root. */
static void put_unreadable(const char *path)
{
    char full[256];
    make_directories(path);
    snprintf(full, sizeof full, "%s%s", scratch_directory, path);
    remove(full);
    CHECK(mkdir(full, 0700) == 0);
}

static void take_away(const char *path)
{
    CHECK(remove(scratch_path(path + 1)) == 0);
}

/* A node with nothing on it. */
static void begin(void)
{
    node_look(&node);
    node_try(&node);
    node.root = scratch_new();
    node.major = 6, node.minor = 12;
    node.capabilities = ALL;
}

static const struct node_row *row_of(const char *name)
{
    const struct node_row *(*const tables[])(size_t * count) = {needs_rows, protections_rows};
    for (size_t t = 0; t < 2; t++) {
        size_t count;
        const struct node_row *rows = tables[t](&count);
        for (size_t i = 0; i < count; i++)
            if (strcmp(rows[i].name, name) == 0)
                return &rows[i];
    }
    check_fail(__FILE__, __LINE__, "no row is called %s", name);
}

static enum node_state look(const char *name)
{
    seen[0] = '\0';
    return row_of(name)->look(&node, seen);
}

TEST(every_row_says_what_to_do)
{
    const struct node_row *(*const tables[])(size_t * count) = {needs_rows, protections_rows};
    for (size_t t = 0; t < 2; t++) {
        size_t count;
        const struct node_row *rows = tables[t](&count);
        CHECK(count > 8);
        for (size_t i = 0; i < count; i++) {
            CHECK(rows[i].name[0] && rows[i].missing[0] && rows[i].means[0] && rows[i].get[0]);
            CHECK(row_of(rows[i].name) == &rows[i]);
        }
    }
}

TEST(this_node_is_looked_at)
{
    node_look(&node);
    node_try(&node);
    CHECK(node.major >= 5 && node.release[0] && node.descriptors.rlim_max > 0);
    if (geteuid() == 0)
        CHECK(node.capabilities != 0);
    node.root = "";
    CHECK_EQ_INT(look("kernel 6.1"),
                 node.major > 6 || node.minor >= 1 ? NODE_PRESENT : NODE_MISSING);
}

TEST(versions)
{
    static const struct {
        unsigned major, minor;
        enum node_state lsm, cgroup;
    } cases[] = {
        {0, 0, NODE_UNKNOWN, NODE_UNKNOWN}, {5, 15, NODE_MISSING, NODE_MISSING},
        {6, 0, NODE_MISSING, NODE_MISSING}, {6, 1, NODE_PRESENT, NODE_MISSING},
        {6, 7, NODE_PRESENT, NODE_PRESENT}, {7, 0, NODE_PRESENT, NODE_PRESENT},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        node.major = cases[i].major, node.minor = cases[i].minor;
        CHECK_EQ_INT(look("kernel 6.1"), cases[i].lsm);
        CHECK_EQ_INT(look("kernel 6.7"), cases[i].cgroup);
    }
}

/* Files of which one number, or one word, decides; NULL: there is none. */
TEST(files)
{
    static const struct {
        const char *row, *path, *good, *bad;
        enum node_state without, unreadable;
    } cases[] = {
        {"BTF", "/sys/kernel/btf/vmlinux", "x", NULL, NODE_MISSING, NODE_MISSING},
        {"securityfs", "/sys/kernel/security/lsm", "x", NULL, NODE_MISSING, NODE_MISSING},
        {"bpf in the LSM list", "/sys/kernel/security/lsm", "capability,bpf\n", "capability,xbpf",
         NODE_UNKNOWN, NODE_UNKNOWN},
        {"BPF for root only", "/proc/sys/kernel/unprivileged_bpf_disabled", "2\n", "0\n",
         NODE_MISSING, NODE_UNKNOWN},
        {"yama", "/proc/sys/kernel/yama/ptrace_scope", "1\n", "0\n", NODE_MISSING, NODE_UNKNOWN},
        {"lockdown", "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
         "[none] integrity confidentiality\n", NODE_MISSING, NODE_UNKNOWN},
        {"no kexec", "/proc/sys/kernel/kexec_load_disabled", "1\n", "0\n", NODE_PRESENT,
         NODE_UNKNOWN},
        {"no kexec", "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n", NULL,
         NODE_PRESENT, NODE_PRESENT},
        {"swap", "/proc/swaps", "Filename Type\n", "Filename Type\n/dev/sda2 partition 9 0 -2\n",
         NODE_PRESENT, NODE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        printf("# %s\n", cases[i].row);
        CHECK_EQ_INT(look(cases[i].row), cases[i].without);
        put(cases[i].path, cases[i].good);
        CHECK_EQ_INT(look(cases[i].row), NODE_PRESENT);
        if (cases[i].bad) {
            put(cases[i].path, cases[i].bad);
            CHECK_EQ_INT(look(cases[i].row), NODE_MISSING);
        }
        CHECK(seen[0]);
        put_unreadable(cases[i].path);
        CHECK_EQ_INT(look(cases[i].row), cases[i].unreadable);
        CHECK(seen[0]);
    }
}

TEST(words_that_are_none)
{
    begin();
    put("/proc/sys/kernel/yama/ptrace_scope", "one\n");
    CHECK_EQ_INT(look("yama"), NODE_UNKNOWN);
    put("/proc/sys/kernel/yama/ptrace_scope", "");
    CHECK_EQ_INT(look("yama"), NODE_UNKNOWN);
    put("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
    CHECK_EQ_INT(look("lockdown"), NODE_UNKNOWN);
    put("/sys/kernel/security/lockdown", "?");
    CHECK_EQ_INT(look("lockdown"), NODE_UNKNOWN);
    put("/sys/kernel/security/lsm", "bpf");
    CHECK_EQ_INT(look("bpf in the LSM list"), NODE_PRESENT);
}

TEST(swap_of_every_kind)
{
    static const char *const head = "Filename\tType\tSize\n";
    static const struct {
        const char *swaps;
        enum node_state state;
    } cases[] = {
        {"/dev/zram0 partition 1 0 1\n", NODE_PRESENT},
        {"/dev/dm-1 partition 1 0 1\n", NODE_PRESENT},
        {"/dev/mapper/swap partition 1 0 1\n", NODE_PRESENT},
        {"/dev/dm-2 partition 1 0 1\n", NODE_MISSING}, /* LVM encrypts nothing */
        {"/dev/dm-3 partition 1 0 1\n", NODE_UNKNOWN},
        {"/dev/sda partition 1 0 1\n", NODE_MISSING},
        {"/swap.img file 1 0 1\n", NODE_UNKNOWN},
        {"/dev/zram0 partition 1 0 1\n/dev/sda partition 1 0 1\n/f file 1 0 1\n", NODE_MISSING},
        {"/f file 1 0 1\n/dev/dm-1 partition 1 0 1\n", NODE_UNKNOWN},
        {"nonsense\n", NODE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        begin();
        put("/dev/dm-1", "");
        make_directories("/dev/mapper/swap");
        CHECK(symlink("../dm-1", scratch_path("dev/mapper/swap")) == 0);
        put("/sys/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap\n");
        put("/sys/block/dm-2/dm/uuid", "LVM-abc\n");
        put_unreadable("/sys/block/dm-3/dm/uuid");
        snprintf(text, sizeof text, "%s%s", head, cases[i].swaps);
        put("/proc/swaps", text);
        if (look("swap") != cases[i].state)
            check_fail(__FILE__, __LINE__, "%s is %d", cases[i].swaps, look("swap"));
    }
}

TEST(what_was_tried)
{
    const struct {
        const char *row;
        int *result;
    } cases[] = {
        {"memfd_secret", &node.memfd_secret},
        {"tmpfs noswap", &node.noswap},
        {"SO_PASSPIDFD", &node.pass_pidfd},
        {"PIDFD_GET_INFO", &node.pidfd_info},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        *cases[i].result = 0;
        CHECK_EQ_INT(look(cases[i].row), NODE_PRESENT);
        *cases[i].result = -ENOSYS;
        CHECK_EQ_INT(look(cases[i].row), NODE_MISSING);
        *cases[i].result = -EPERM;
        CHECK_EQ_INT(look(cases[i].row), NODE_UNKNOWN);
    }
}

TEST(capabilities)
{
    static const struct {
        const char *row;
        unsigned capability;
        int in_admin; /* CAP_SYS_ADMIN has it too */
    } cases[] = {
        {"CAP_BPF", CAP_BPF, 1},
        {"CAP_PERFMON", CAP_PERFMON, 1},
        {"CAP_NET_ADMIN", CAP_NET_ADMIN, 0},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        node.capabilities = ALL;
        CHECK_EQ_INT(look(cases[i].row), NODE_PRESENT);
        node.capabilities = WITHOUT(cases[i].capability);
        CHECK_EQ_INT(look(cases[i].row), cases[i].in_admin ? NODE_PRESENT : NODE_MISSING);
        node.capabilities &= WITHOUT(CAP_SYS_ADMIN);
        CHECK_EQ_INT(look(cases[i].row), NODE_MISSING);
    }
}

TEST(limits)
{
    begin();
    node.memlock = (struct rlimit){65536, 65536};
    node.descriptors = (struct rlimit){1024, 1024};
    CHECK_EQ_INT(look("locked memory"), NODE_PRESENT);
    CHECK_EQ_INT(look("descriptors"), NODE_PRESENT);
    node.capabilities = 0;
    CHECK_EQ_INT(look("locked memory"), NODE_MISSING);
    CHECK_STR(seen, "RLIMIT_MEMLOCK 64 KiB");
    CHECK_EQ_INT(look("descriptors"), NODE_MISSING);
    node.memlock.rlim_cur = RLIM_INFINITY;
    node.descriptors.rlim_max = 1 << 20;
    CHECK_EQ_INT(look("locked memory"), NODE_PRESENT);
    CHECK_EQ_INT(look("descriptors"), NODE_PRESENT);
}

#define CGROUP_LINE "30 24 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n"
#define HYBRID                                                   \
    "29 24 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw\n" \
    "30 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

TEST(cgroups)
{
    begin();
    CHECK_EQ_INT(look("cgroup2 root"), NODE_MISSING);
    put("/proc/self/mountinfo", CGROUP_LINE);
    CHECK_EQ_INT(look("cgroup2 root"), NODE_MISSING); /* what is there is none */
    node.cgroup_root = "/elsewhere";
    CHECK_EQ_INT(look("cgroup2 root"), NODE_MISSING);
    if (geteuid())
        CHECK_SKIP("mounting needs root");
    begin();
    put("/proc/self/mountinfo", HYBRID);
    make_directories("/sys/fs/cgroup/unified/x");
    const char *there = scratch_path("sys/fs/cgroup/unified");
    CHECK(mount("none", there, "cgroup2", 0, NULL) == 0);
    enum node_state state = look("cgroup2 root");
    CHECK(umount2(there, MNT_DETACH) == 0);
    CHECK_EQ_INT(state, NODE_PRESENT);
    CHECK(strstr(seen, "unified"));
}

TEST(bpffs)
{
    begin();
    CHECK_EQ_INT(look("bpffs for pins"), NODE_MISSING);
    make_directories("/sys/fs/bpf/x");
    CHECK_EQ_INT(look("bpffs for pins"), NODE_MISSING); /* it is a directory of something else */
    if (geteuid())
        CHECK_SKIP("mounting needs root");
    const char *there = scratch_path("sys/fs/bpf");
    CHECK(mount("bpf", there, "bpf", 0, NULL) == 0);
    enum node_state state = look("bpffs for pins");
    CHECK(umount2(there, MNT_DETACH) == 0);
    CHECK_EQ_INT(state, NODE_PRESENT);
    take_away("/sys/fs/bpf");
    put("/sys/fs/bpf", "a file");
    CHECK_EQ_INT(look("bpffs for pins"), NODE_UNKNOWN);
}

CHECK_MAIN
