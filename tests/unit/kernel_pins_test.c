/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pinning and takeover on the running kernel, in a bpffs of the test's own (root). The maps are
 * those of tier lsm. The programs are two that refuse every socket in a cgroup of the test's: a
 * process in there that gets one was unguarded.
 */
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "kernel/load.h"
#include "kernel_abi.h"
#include "node/cgroupfs.h"
#include "tests/unit/killing.h"
#include "tests/unit/scratch.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* generated */
#include "lsm.skel.h"
#pragma GCC diagnostic pop

#define GUARDS 2
static const char *const guards[GUARDS] = {"on_one", "on_two"};

static struct error error;
static char pin_dir[64], abi_dir[80];
static int victim = -1; /* a cgroup whose processes get no socket */
static char victim_name[32];

/* ---- a node of the test's own -------------------------------------------------------------- */

static void leave(void)
{
    if (getpid() != check_state.pid || victim < 0)
        return;
    int root = cgroupfs_open_root(NULL);
    unlinkat(root, victim_name, AT_REMOVEDIR);
    close(root);
}

static void make_victim(void)
{
    if (victim >= 0)
        return;
    int root = cgroupfs_open_root(NULL);
    CHECK(root >= 0);
    snprintf(victim_name, sizeof victim_name, "vsecm-pins-%d", getpid());
    CHECK(mkdirat(root, victim_name, 0755) == 0);
    victim = openat(root, victim_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(victim >= 0);
    close(root);
    atexit(leave);
}

/* An empty bpffs, gone with the test's mount namespace. */
static void begin(void)
{
    static bool is_apart;
    if (geteuid())
        CHECK_SKIP("needs root");
    if (!is_apart && unshare(CLONE_NEWNS))
        CHECK_SKIP("no mount namespace of its own: %s", strerror(errno));
    is_apart = true;
    CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    make_victim();
    umount2(scratch_directory, MNT_DETACH);
    scratch_new();
    CHECK(mount("bpf", scratch_directory, "bpf", 0, "mode=0755") == 0);
    snprintf(pin_dir, sizeof pin_dir, "%s/vsecm", scratch_directory);
    snprintf(abi_dir, sizeof abi_dir, "%s/%u", pin_dir, VSECM_ABI_VERSION);
}

static void end(void)
{
    CHECK(umount2(scratch_directory, MNT_DETACH) == 0);
}

static const char *pinned(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *ret = path[next++ % 4];
    snprintf(ret, sizeof path[0], "%s/%s", abi_dir, name);
    return ret;
}

/* A program that refuses a socket, attached to the victim. The link. */
static int attach_guard(void)
{
    const struct bpf_insn refuse[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_CGROUP_INET_SOCK_CREATE);
    int program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK, "refuse", "GPL", refuse, 2, &options);
    if (program < 0)
        return program;
    int link = bpf_link_create(program, victim, BPF_CGROUP_INET_SOCK_CREATE, NULL);
    close(program);
    return link;
}

static bool is_guarded(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int procs = openat(victim, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        if (procs < 0 || write(procs, "0", 1) != 1)
            _exit(2);
        _exit(socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EPERM ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

/* ---- a daemon's start ---------------------------------------------------------------------- */

/* What an attack loop would see: links attached and not yet pinned go with the process. */
struct start {
    struct pins *pins;
    struct lsm_bpf *skel;
    struct pins_link links[GUARDS];
    size_t count;
};

/* The maps only: not every kernel that tests run on takes the programs. */
static int load(struct start *start)
{
    struct bpf_program *program;
    start->skel = lsm_bpf__open();
    if (!start->skel)
        return -errno;
    bpf_object__for_each_program(program, start->skel->obj)
    {
        bpf_program__set_autoload(program, false);
    }
    int r = pins_take(start->pins, start->skel->obj, &error);
    return r < 0 ? r : lsm_bpf__load(start->skel);
}

/* Up to the canary, with the first COUNT of the guards. */
static int start_up(struct start *start, size_t count)
{
    *start = (struct start){.count = count};
    int r = pins_open(pin_dir, &start->pins, &error);
    if (r == 0)
        r = load(start);
    for (size_t i = 0; r == 0 && i < count; i++) {
        start->links[i] = (struct pins_link){guards[i], attach_guard()};
        r = start->links[i].fd < 0 ? start->links[i].fd : 0;
    }
    return r < 0 ? r : pins_keep(start->pins, start->skel->obj, start->links, count);
}

static void stop(struct start *start)
{
    for (size_t i = 0; i < start->count; i++)
        if (start->links[i].fd > 0)
            close(start->links[i].fd);
    lsm_bpf__destroy(start->skel);
    pins_free(start->pins);
}

static int run_whole(size_t count)
{
    struct start start;
    int r = start_up(&start, count);
    if (r == 0)
        r = pins_commit(start.pins, &error);
    stop(&start);
    return r;
}

/* Id of the map or link at the pin NAME; 0 when there is none. */
static uint32_t id_of(const char *name)
{
    struct bpf_map_info map = {0};
    struct bpf_link_info link = {0};
    bool is_map = strncmp(name, "map_", 4) == 0;
    uint32_t size = is_map ? sizeof map : sizeof link;
    int fd = bpf_obj_get(pinned(name));
    if (fd < 0)
        return 0;
    CHECK(bpf_obj_get_info_by_fd(fd, is_map ? (void *)&map : (void *)&link, &size) == 0);
    close(fd);
    return is_map ? map.id : link.id;
}

static size_t count_pins(void)
{
    size_t count = 0;
    DIR *list = opendir(abi_dir);
    const struct dirent *entry;
    while (list && (entry = readdir(list)))
        count += entry->d_name[0] != '.';
    if (list)
        closedir(list);
    return count;
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* ---- tests --------------------------------------------------------------------------------- */

TEST(what_is_pinned_goes_on_and_is_taken_over)
{
    begin();
    CHECK(!is_guarded());
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    CHECK(is_guarded());
    size_t whole = count_pins();
    uint32_t map = id_of("map_chains"), link = id_of("link_on_one");
    CHECK(map && link && id_of("link_on_two") && whole > GUARDS);
    struct stat st;
    CHECK(stat(abi_dir, &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK(stat(pin_dir, &st) == 0 && (st.st_mode & 07777) == 0700);

    uint64_t key = 42;
    struct vsecm_chain chain = {.depth = 7}, seen = {0};
    int fd = bpf_obj_get(pinned("map_chains"));
    CHECK(fd >= 0 && bpf_map_update_elem(fd, &key, &chain, BPF_ANY) == 0);
    close(fd);
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    CHECK(is_guarded());
    CHECK_EQ_INT(id_of("map_chains"), map);
    CHECK(id_of("link_on_one") && id_of("link_on_one") != link);
    CHECK_EQ_INT(count_pins(), whole);
    fd = bpf_obj_get(pinned("map_chains"));
    CHECK(fd >= 0 && bpf_map_lookup_elem(fd, &key, &seen) == 0 && seen.depth == 7);
    close(fd);
    end();
}

TEST(a_start_that_fails_leaves_what_was_there)
{
    begin();
    struct start start;
    CHECK_EQ_INT(start_up(&start, GUARDS), 0);
    CHECK(is_guarded()); /* attached, not pinned */
    stop(&start);
    CHECK(!is_guarded() && !exists(pin_dir));

    CHECK_EQ_INT(run_whole(GUARDS), 0);
    uint32_t map = id_of("map_chains"), link = id_of("link_on_one");
    size_t whole = count_pins();
    CHECK_EQ_INT(start_up(&start, GUARDS), 0);
    stop(&start);
    CHECK(is_guarded());
    CHECK_EQ_INT(id_of("map_chains"), map);
    CHECK_EQ_INT(id_of("link_on_one"), link);
    CHECK_EQ_INT(count_pins(), whole);
    end();
}

TEST(what_a_version_no_longer_has_is_removed)
{
    begin();
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    size_t whole = count_pins();
    char other[80];
    snprintf(other, sizeof other, "%s/1", pin_dir);
    CHECK(mkdir(other, 0700) == 0);
    int fd = bpf_obj_get(pinned("link_on_one"));
    CHECK(fd >= 0 && bpf_obj_pin(fd, pinned("new_on_two")) == 0);
    CHECK(bpf_obj_pin(fd, pinned("new_on_three")) == 0);
    close(fd);
    fd = bpf_obj_get(pinned("map_counts"));
    CHECK(fd >= 0 && bpf_obj_pin(fd, pinned("map_gone")) == 0);
    close(fd);
    CHECK_EQ_INT(run_whole(1), 0);
    CHECK_EQ_INT(count_pins(), whole - 1);
    CHECK(is_guarded() && !id_of("link_on_two") && !id_of("map_gone") && exists(other));
    end();
}

TEST(maps_without_programs_are_no_ones)
{
    begin();
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    size_t whole = count_pins();
    uint32_t map = id_of("map_chains");
    CHECK(unlink(pinned("link_on_one")) == 0 && unlink(pinned("link_on_two")) == 0);
    CHECK(unlink(pinned("map_counts")) == 0);
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    CHECK(is_guarded() && id_of("map_chains") != map);
    CHECK_EQ_INT(count_pins(), whole);
    end();
}

/* The only pin of a guard may be under its new name: it must not be removed before it has another.
 */
TEST(a_lone_new_link_is_a_guard)
{
    begin();
    CHECK_EQ_INT(run_whole(1), 0);
    CHECK(rename(pinned("link_on_one"), pinned("new_on_one")) == 0);
    uint32_t map = id_of("map_chains"), link = id_of("new_on_one");
    CHECK(is_guarded());
    CHECK_EQ_INT(run_whole(1), 0);
    CHECK_EQ_INT(id_of("map_chains"), map);
    CHECK(is_guarded() && id_of("link_on_one") != link && !id_of("new_on_one"));
    end();
}

TEST(a_map_that_is_not_ours_is_refused)
{
    begin();
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    CHECK(unlink(pinned("map_counts")) == 0);
    int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "counts", 4, 8, 3, NULL);
    CHECK(fd >= 0 && bpf_obj_pin(fd, pinned("map_counts")) == 0);
    close(fd);
    CHECK_EQ_INT(run_whole(GUARDS), -EINVAL);
    CHECK(strstr(error.text, "map_counts is not ours: its type") && strstr(error.text, "--unload"));
    CHECK(unlink(pinned("map_counts")) == 0);
    fd = bpf_obj_get(pinned("link_on_one"));
    CHECK(fd >= 0 && bpf_obj_pin(fd, pinned("map_counts")) == 0);
    close(fd);
    CHECK_EQ_INT(run_whole(GUARDS), -EINVAL);
    CHECK(is_guarded());
    end();
}

static int open_only(const char *path)
{
    struct pins *pins = NULL;
    error.text[0] = '\0';
    int r = pins_open(path, &pins, &error);
    pins_free(pins);
    return r;
}

TEST(where_nothing_can_be_pinned)
{
    begin();
    CHECK_EQ_INT(open_only("/tmp/vsecm"), -EOPNOTSUPP);
    CHECK(strstr(error.text, "not on a bpffs") && strstr(error.text, "mount -t bpf"));
    CHECK(!exists("/tmp/vsecm"));
    CHECK_EQ_INT(open_only("/nonexistent/vsecm"), -EOPNOTSUPP);
    CHECK_EQ_INT(open_only("vsecm"), -EOPNOTSUPP);
    CHECK(mkdir(pin_dir, 0755) == 0 && chown(pin_dir, 65534, 65534) == 0);
    CHECK_EQ_INT(open_only(pin_dir), -EOPNOTSUPP);
    CHECK(strstr(error.text, "is not ours"));
    CHECK(rmdir(pin_dir) == 0 && symlink("/tmp", pin_dir) == 0);
    CHECK_EQ_INT(open_only(pin_dir), -EOPNOTSUPP);
    CHECK(unlink(pin_dir) == 0 && mkdir(pin_dir, 0777) == 0);
    CHECK(mkdir(abi_dir, 0755) == 0 && mount("tmpfs", abi_dir, "tmpfs", 0, NULL) == 0);
    CHECK_EQ_INT(open_only(pin_dir), -EOPNOTSUPP);
    CHECK(umount(abi_dir) == 0);
    CHECK_EQ_INT(open_only(pin_dir), 0);
    struct stat st;
    CHECK(stat(pin_dir, &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK(exists(abi_dir)); /* it was there before */
    end();
}

TEST(one_start_at_a_time)
{
    begin();
    struct pins *pins;
    CHECK_EQ_INT(pins_open(pin_dir, &pins, &error), 0);
    CHECK_EQ_INT(open_only(pin_dir), -EBUSY);
    CHECK(strstr(error.text, "is starting") && exists(abi_dir));
    pins_free(pins);
    CHECK_EQ_INT(open_only(pin_dir), 0);
    CHECK(!exists(pin_dir));
    end();
}

/* As in a pod: uid 0, and of the capabilities only those that BPF takes. */
static void start_with_few(void *unused)
{
    (void)unused;
    const uint64_t keep = UINT64_C(1) << 39 | UINT64_C(1) << 38 | UINT64_C(1) << 12;
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    uint32_t data[6] = {(uint32_t)keep,         (uint32_t)keep,         0,
                        (uint32_t)(keep >> 32), (uint32_t)(keep >> 32), 0};
    CHECK(syscall(SYS_capset, &header, data) == 0);
    CHECK_EQ_INT(run_whole(GUARDS), 0);
}

TEST(the_capabilities_of_a_pod_are_enough)
{
    begin();
    CHECK_EQ_INT(check_child(start_with_few, NULL), 0);
    CHECK(is_guarded());
    CHECK_EQ_INT(check_child(start_with_few, NULL), 0);
    CHECK(is_guarded());
    end();
}

/* ---- killed at every instant --------------------------------------------------------------- */

static void start_whole(void)
{
    _exit(run_whole(GUARDS) == 0 ? 0 : 1);
}

static bool run_killed(unsigned n)
{
    return killing_run(start_whole, n) < 0;
}

/* Attacks without a pause: how many there were, how many got a socket. */
struct attack {
    _Atomic unsigned tried, won;
};

static pid_t attack(struct attack *count)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid)
        return pid;
    int procs = openat(victim, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (procs < 0 || write(procs, "0", 1) != 1)
        _exit(1);
    for (;;) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        count->tried++;
        if (fd < 0)
            continue;
        count->won++;
        close(fd);
    }
}

/* Kill takeovers at each instant; LEFT: of what a killed start left, as renamed over "link_on_one".
 */
static unsigned kill_takeovers(const char *left)
{
    uint32_t map = id_of("map_chains");
    for (unsigned n = 0;; n += killing_stride()) {
        if (left)
            CHECK(rename(pinned("link_on_one"), pinned(left)) == 0);
        bool was_killed = run_killed(n);
        bool one = id_of("link_on_one") || (left && id_of(left));
        if (!one || !id_of("link_on_two") || id_of("map_chains") != map)
            check_fail(__FILE__, __LINE__, "a pin is missing after a kill at call %u", n);
        if (!was_killed)
            return n;
        if (left && !id_of("link_on_one"))
            CHECK(rename(pinned(left), pinned("link_on_one")) == 0);
    }
}

TEST(killed_at_any_instant_of_a_takeover)
{
    begin();
    struct attack *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(count != MAP_FAILED);
    CHECK_EQ_INT(run_whole(GUARDS), 0);
    size_t whole = count_pins();
    pid_t attacker = attack(count);
    unsigned n = kill_takeovers(NULL), of_left = kill_takeovers("new_on_one");
    CHECK(kill(attacker, SIGKILL) == 0 && waitpid(attacker, NULL, 0) == attacker);
    printf("# kills up to calls %u and %u, %u attacks\n", n, of_left, count->tried);
    CHECK_EQ_INT(count->won, 0);
    CHECK(n > 10 && of_left > 10 && count->tried > n);
    CHECK_EQ_INT(count_pins(), whole);
    munmap(count, sizeof *count);
    end();
}

static bool guards_are_pinned(void)
{
    bool is_pinned =
        id_of("link_on_one") || id_of("link_on_two") || id_of("new_on_one") || id_of("new_on_two");
    return is_guarded() == is_pinned;
}

/* The kernel lets go of some of what a killed process had in work of its own: soon. */
static bool guards_get_pinned(void)
{
    for (unsigned ms = 0; ms < 1000; ms++) {
        if (guards_are_pinned())
            return true;
        usleep(1000);
    }
    return false;
}

TEST(killed_at_any_instant_of_the_first_pinning)
{
    unsigned n = 0;
    for (bool was_killed = true; was_killed; n += killing_stride()) {
        begin();
        was_killed = run_killed(n);
        if (!guards_get_pinned())
            check_fail(__FILE__, __LINE__, "guards and pins differ after a kill at call %u", n);
        CHECK_EQ_INT(run_whole(GUARDS), 0);
        CHECK(is_guarded() && id_of("link_on_one") && id_of("link_on_two"));
        CHECK(!id_of("new_on_one") && !id_of("new_on_two") && id_of("map_chains"));
        end();
    }
    printf("# kills up to call %u\n", n);
    CHECK(n > 10);
}

CHECK_MAIN
