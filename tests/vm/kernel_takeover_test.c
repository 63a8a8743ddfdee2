/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guards without a daemon, and daemons that take them over, on a kernel with BPF LSM (root). Each
 * daemon is a child that goes as far as attestation; this process is root in another cgroup.
 */
#include "unit/check.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "kernel/attest.h"
#include "kernel/guard.h"
#include "kernel_abi.h"
#include "node/cgroupfs.h"
#include "unit/killing.h"

/* Takeovers that are killed, unless VSECM_KILLS says another number; they are spread over all
 * instants there are. */
#define KILLS 24

#define BPFFS "/tmp/takeover-bpf"
#define PINS BPFFS "/vsecm"
#define PRIVATE "/tmp/takeover-private"
#define OTHER "/tmp/takeover-other"
#define SECRETS "/tmp/takeover-secrets"
#define SECRET SECRETS "/secret"

static const char *private_dir = PRIVATE;
static char abi_dir[sizeof PINS + 12];

/* What deploy/lsm grants, and no more. */
static void have_a_pods_capabilities(void)
{
    const uint64_t granted = 1ull << CAP_BPF | 1ull << CAP_PERFMON | 1ull << CAP_IPC_LOCK;
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct set[2] = {0};
    for (int i = 0; i < 2; i++)
        set[i].effective = set[i].permitted = (uint32_t)(granted >> 32 * i);
    if (syscall(SYS_capset, &head, set) < 0)
        _exit(4);
}

static void start(struct attest **ret, struct error *error)
{
    char path[64], why[256];
    have_a_pods_capabilities();
    snprintf(path, sizeof path, "%s/lock", private_dir);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
        _exit(3);
    const struct attest_options options = {.tier = ATTEST_LSM,
                                           .canary_dir = private_dir,
                                           .guards = ATTEST_GUARDS_REQUIRED,
                                           .pin_dir = PINS,
                                           .lock = lock};
    if (attest_open(&options, ret, why, error) == 0)
        return;
    printf("# %s\n", error->text);
    fflush(stdout);
    _exit(2);
}

/* A daemon that is there for an instant. */
static void start_and_end(void)
{
    struct attest *attest;
    struct error error = {""};
    start(&attest, &error);
    _exit(0);
}

/* A pod in which nobody is. */
static struct vsecm_domain make_pod(void)
{
    struct stat pod;
    int root = cgroupfs_open_root(NULL);
    CHECK(mkdirat(root, "takeover-pod", 0755) == 0 || errno == EEXIST);
    CHECK(fstatat(root, "takeover-pod", &pod, 0) == 0);
    close(root);
    return (struct vsecm_domain){.cgroup_id = pod.st_ino, .level = 1};
}

/* The first one, which makes the secret file that of that pod. */
static void start_and_guard(void *unused)
{
    (void)unused;
    struct attest *attest;
    struct error error = {""};
    const struct vsecm_domain domain = make_pod();
    start(&attest, &error);
    int fd = open(SECRET, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ_INT(guard_file(attest, fd, &domain), 0);
}

static void run_daemon(void *unused)
{
    (void)unused;
    start_and_end();
}

static bool opens(void)
{
    int fd = open(SECRET, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Try to unlink everything that is pinned. How many links and maps are there; what was unlinked. */
static size_t unlink_pins(size_t *won)
{
    size_t count = 0;
    DIR *list = opendir(abi_dir);
    const struct dirent *entry;
    while (list && (entry = readdir(list))) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        *won += unlinkat(dirfd(list), entry->d_name, 0) == 0;
    }
    if (list)
        closedir(list);
    return count;
}

/*
 * How many programs that are pinned we get, as who would put another in their place. Their links
 * are found by their paths, which no hook sees, and name them.
 */
static unsigned get_programs(void)
{
    unsigned won = 0;
    DIR *list = opendir(abi_dir);
    const struct dirent *entry;
    while (list && (entry = readdir(list))) {
        char path[sizeof abi_dir + sizeof entry->d_name];
        struct bpf_link_info info = {0};
        uint32_t size = sizeof info;
        snprintf(path, sizeof path, "%s/%s", abi_dir, entry->d_name);
        int link = strstr(path, "/map_") ? -1 : bpf_obj_get(path);
        if (link < 0)
            continue;
        if (bpf_obj_get_info_by_fd(link, &info, &size) == 0) {
            int program = bpf_prog_get_fd_by_id(info.prog_id);
            won += program >= 0;
            close(program);
        }
        close(link);
    }
    if (list)
        closedir(list);
    return won;
}

/* Attacks without a pause, from before the first takeover on. */
struct attacks {
    _Atomic unsigned tried, opened, unlinked;
};

static void attack(struct attacks *count)
{
    if (nice(10) < 0) /* an emulated processor is for the daemons first */
        _exit(1);
    for (;; count->tried++) {
        size_t won = 0;
        count->opened += opens();
        unlink_pins(&won);
        count->unlinked += (unsigned)won;
    }
}

/* ---- tests, each on what the one before it left --------------------------------------------- */

TEST(guards_hold_while_no_daemon_runs)
{
    snprintf(abi_dir, sizeof abi_dir, PINS "/%u", VSECM_ABI_VERSION);
    const char *const made[] = {BPFFS, PRIVATE, OTHER, SECRETS};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        CHECK(mkdir(made[i], 0700) == 0 || errno == EEXIST);
    CHECK(mount("bpf", BPFFS, "bpf", 0, NULL) == 0);
    CHECK(mount("tmpfs", SECRETS, "tmpfs", 0, NULL) == 0);
    int fd = open(SECRET, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
    CHECK(opens());
    CHECK_EQ_INT(check_child(start_and_guard, NULL), 0);
    CHECK(!opens() && errno == EACCES);
    size_t won = 0;
    CHECK(unlink_pins(&won) > 20);
    CHECK_EQ_INT(won, 0);
    CHECK_EQ_INT(get_programs(), 0);
}

TEST(the_next_daemon_takes_them_over)
{
    size_t won = 0, before = unlink_pins(&won);
    CHECK_EQ_INT(check_child(run_daemon, NULL), 0);
    CHECK(!opens());
    CHECK_EQ_INT(unlink_pins(&won), before);
    CHECK_EQ_INT(won, 0);
}

TEST(one_with_another_private_directory_does_not)
{
    size_t won = 0, before = unlink_pins(&won);
    private_dir = OTHER;
    int status = check_child(run_daemon, NULL);
    private_dir = PRIVATE;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    CHECK(!opens());
    CHECK_EQ_INT(unlink_pins(&won), before);
    CHECK_EQ_INT(won, 0);
}

TEST(killed_in_the_middle_of_takeovers)
{
    const char *given = getenv("VSECM_KILLS");
    size_t kills = given ? strtoul(given, NULL, 10) : KILLS;
    size_t won = 0, before = unlink_pins(&won);
    struct attacks *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(count != MAP_FAILED);
    pid_t attacker = fork();
    CHECK(attacker >= 0);
    if (attacker == 0)
        attack(count);
    long calls = killing_run(start_and_end, KILLING_NEVER);
    CHECK(calls > 100);
    for (size_t i = 0; i < kills; i++) {
        size_t stride = (size_t)calls / kills;
        unsigned n = (unsigned)(i * stride + check_random(stride));
        /* A start makes some calls more or less than the one that was counted: it may be over. */
        CHECK(killing_run(start_and_end, n) <= (long)n);
        if (opens() || unlink_pins(&won) < before || get_programs() > 0)
            check_fail(__FILE__, __LINE__, "a guard is missing after a kill at call %u", n);
    }
    CHECK_EQ_INT(check_child(run_daemon, NULL), 0);
    CHECK(kill(attacker, SIGKILL) == 0 && waitpid(attacker, NULL, 0) == attacker);
    printf("# %zu kills at instants of %ld, %u attacks\n", kills, calls, count->tried);
    CHECK_EQ_INT(count->opened, 0);
    CHECK_EQ_INT(count->unlinked + won, 0);
    CHECK_EQ_INT(unlink_pins(&won), before);
    munmap(count, sizeof *count);
}

/* The control: whoever holds the lock may. */
static void unlink_with_lock(void *unused)
{
    (void)unused;
    size_t won = 0;
    int lock = open(PRIVATE "/lock", O_RDWR | O_CLOEXEC);
    CHECK(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0);
    CHECK(get_programs() > 20);
    size_t count = unlink_pins(&won);
    CHECK_EQ_INT(won, count);
}

TEST(who_holds_the_lock_may_end_them)
{
    CHECK_EQ_INT(check_child(unlink_with_lock, NULL), 0);
    for (int i = 0; i < 1000 && !opens(); i++)
        usleep(10000); /* a program ends some time after its last pin */
    CHECK(opens());
}

/* ---- the very first one: its maps come before what guards them ------------------------------- */

struct looks {
    _Atomic unsigned seen, got;
};

/* Ask for each map that is newer than LAST, by its number, without a pause. */
static void look_for_maps(struct looks *looks, uint32_t last)
{
    for (;;) {
        for (uint32_t id = last; bpf_map_get_next_id(id, &id) == 0; looks->seen++) {
            int fd = bpf_map_get_fd_by_id(id);
            if (fd < 0)
                continue;
            looks->got++;
            close(fd);
        }
    }
}

static uint32_t newest_map(void)
{
    uint32_t id = 0;
    while (bpf_map_get_next_id(id, &id) == 0)
        ;
    return id;
}

static pid_t look_meanwhile(struct looks *looks)
{
    uint32_t last = newest_map();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        look_for_maps(looks, last);
    return pid;
}

/* The control: a map of nobody's in particular is got. */
static void check_gets_ours(const struct looks *looks)
{
    int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "control", 4, 4, 1, NULL);
    CHECK(map >= 0);
    for (int i = 0; i < 1000 && !looks->got; i++)
        usleep(10000);
    CHECK(looks->got > 0);
    close(map);
}

TEST(nobody_gets_a_map_while_the_first_daemon_starts)
{
    struct looks *looks =
        mmap(NULL, sizeof *looks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(looks != MAP_FAILED);
    pid_t looker = look_meanwhile(looks);
    check_gets_ours(looks);
    usleep(200000); /* until that map is gone */
    looks->seen = looks->got = 0;
    int status = check_child(start_and_guard, NULL);
    unsigned seen = looks->seen, got = looks->got;
    CHECK(kill(looker, SIGKILL) == 0 && waitpid(looker, NULL, 0) == looker);
    CHECK_EQ_INT(status, 0);
    CHECK_EQ_INT(check_child(unlink_with_lock, NULL), 0);
    munmap(looks, sizeof *looks);
    /* Guards that have just ended go on for a moment; that is no reason for not starting. */
    CHECK_EQ_INT(check_child(run_daemon, NULL), 0);
    CHECK_EQ_INT(check_child(unlink_with_lock, NULL), 0);
    printf("# %u looks at maps\n", seen);
    CHECK(seen > 100);
    CHECK_EQ_INT(got, 0);
}

CHECK_MAIN
