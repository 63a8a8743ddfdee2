/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/build.h"
#include "base/error.h"
#include "crypto/arena.h"
#include "tests/unit/check.h"

static void need_root(void)
{
    if (geteuid())
        CHECK_SKIP("needs root");
}

static void harden(void)
{
    struct error error = {0};
    if (harden_early(&error) || harden_late(&error))
        check_fail(__FILE__, __LINE__, "%s", error.text);
}

static void harden_and(void *act)
{
    void (*run)(void);
    memcpy(&run, act, sizeof run);
    harden();
    run();
}

/* The signal that ended a hardened child that ran ACT; 0 when it lived. */
static int hardened(void (*act)(void))
{
    int status = check_child(harden_and, &act);
    if (!WIFSIGNALED(status))
        CHECK_EQ_INT(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void bare(void *act)
{
    void (*run)(void);
    memcpy(&run, act, sizeof run);
    run();
}

/* ---- what is given up -------------------------------------------------------------------------
 */

static uint64_t status_field(const char *name)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t value = UINT64_MAX;
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)))
            value = strtoull(line + strlen(name), NULL, 16);
    fclose(file);
    return value;
}

static void look_at_limits(void)
{
    /* Not getrlimit(): the filter forbids it. */
    FILE *file = fopen("/proc/self/limits", "re");
    char line[256];
    unsigned long soft = 1, hard = 1;
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        sscanf(line, "Max core file size %lu %lu", &soft, &hard);
    fclose(file);
    CHECK_EQ_INT(soft, 0);
    CHECK_EQ_INT(hard, 0);
}

static void look_at_capabilities(void)
{
    const uint64_t lock = UINT64_C(1) << CAP_IPC_LOCK;
    CHECK_EQ_INT(status_field("CapEff:"), lock);
    CHECK_EQ_INT(status_field("CapPrm:"), lock);
    CHECK_EQ_INT(status_field("CapInh:"), 0);
    CHECK_EQ_INT(status_field("CapBnd:"), 0);
    CHECK_EQ_INT(status_field("CapAmb:"), 0);
    CHECK_EQ_INT(status_field("NoNewPrivs:"), 1);
}

static void look_at_filter(void)
{
    CHECK_EQ_INT(status_field("Seccomp:"), BUILD_SANITIZED ? 0 : 2);
}

static void look_at_new_files(void)
{
    struct stat st;
    int fd = openat(AT_FDCWD, "/tmp/harden_test.file", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
    CHECK(fd >= 0);
    int r = fstat(fd, &st);
    unlinkat(AT_FDCWD, "/tmp/harden_test.file", 0);
    CHECK_EQ_INT(r, 0);
    CHECK_EQ_INT(st.st_mode & 0777, 0600);
}

static void look_at_locking(void)
{
    unsigned char present[64];
    size_t page = 4096, length = 64 * page, count = 0;
    unsigned char *memory =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memory[0] = memory[page] = 1;
    CHECK(mincore(memory, length, present) == 0);
    for (size_t i = 0; i < 64; i++)
        count += present[i] & 1u;
    CHECK_EQ_INT(count, 2); /* locked, but only what was touched */
    errno = 0;
    CHECK(madvise(memory, page, MADV_DONTNEED) == -1 && errno == EINVAL);
}

TEST(limits_capabilities_files_and_locking)
{
    need_root();
    CHECK_EQ_INT(hardened(look_at_limits), 0);
    CHECK_EQ_INT(hardened(look_at_capabilities), 0);
    CHECK_EQ_INT(hardened(look_at_filter), 0);
    CHECK_EQ_INT(hardened(look_at_new_files), 0);
    if (!BUILD_SANITIZED)
        CHECK_EQ_INT(hardened(look_at_locking), 0);
}

/* As in a pod that was given little: CAP_SETPCAP, which empties the bounding set, is not there. */
static void with_few_capabilities(void *unused)
{
    (void)unused;
    uint32_t few = 1u << CAP_IPC_LOCK | 1u << CAP_NET_ADMIN;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = few, .permitted = few}};
    CHECK(syscall(SYS_capset, &header, data) == 0);
    CHECK_EQ_INT(status_field("CapPrm:"), few);
    harden();
    CHECK_EQ_INT(status_field("CapPrm:"), 1u << CAP_IPC_LOCK);
    CHECK_EQ_INT(status_field("CapEff:"), 1u << CAP_IPC_LOCK);
}

TEST(few_capabilities_are_enough)
{
    need_root();
    CHECK_EQ_INT(check_child(with_few_capabilities, NULL), 0);
}

static void only_early(void *unused)
{
    (void)unused;
    struct error error = {0};
    CHECK(prctl(PR_GET_DUMPABLE) == 1);
    CHECK_EQ_INT(harden_early(&error), 0);
    CHECK_EQ_INT(prctl(PR_GET_DUMPABLE), BUILD_DUMPABLE);
    /* Still free to set up. */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    close(fd);
    CHECK(status_field("CapEff:") != UINT64_C(1) << CAP_IPC_LOCK);
}

TEST(the_early_half_leaves_room_for_setting_up)
{
    need_root();
    CHECK_EQ_INT(check_child(only_early, NULL), 0);
}

static void summary_states(const char *expected[8])
{
    const char *name, *state;
    size_t i = 0;
    for (; harden_summary(i, &name, &state); i++) {
        CHECK(i < 8);
        CHECK_STR(state, expected[i]);
    }
    CHECK_EQ_INT(i, 8);
}

static void follow_summary(void *unused)
{
    (void)unused;
    const char *heap = BUILD_SANITIZED ? BUILD_LEFT_OUT : "on", *lock = heap, *filter = heap;
    const char *shut = BUILD_DUMPABLE ? BUILD_LEFT_OUT : "on", *no = "not yet";
    struct error error;
    summary_states((const char *[]){no, no, no, no, no, no, no, no});
    CHECK_EQ_INT(harden_early(&error), 0);
    summary_states((const char *[]){"on", shut, "on", heap, lock, "on", no, no});
    CHECK_EQ_INT(harden_late(&error), 0);
    summary_states((const char *[]){"on", shut, "on", heap, lock, "on", "on", filter});
}

TEST(summary_tells_what_is_in_force)
{
    need_root();
    CHECK_EQ_INT(check_child(follow_summary, NULL), 0);
}

static void without_the_right_to_lock(void *unused)
{
    (void)unused;
    struct rlimit limit = {65536, 65536};
    struct error error = {0};
    const char *name, *state;
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(syscall(SYS_setresuid, 65534, 65534, 65534) == 0);
    CHECK(harden_early(&error) < 0);
    CHECK(strstr(error.text, "harden: locked_memory: ") == error.text);
    CHECK(harden_summary(4, &name, &state));
    CHECK_STR(name, "locked_memory");
    CHECK_STR(state, "not yet");
}

TEST(a_step_that_fails_is_named)
{
    need_root();
    if (BUILD_SANITIZED)
        CHECK_MOOT(BUILD_LEFT_OUT);
    CHECK_EQ_INT(check_child(without_the_right_to_lock, NULL), 0);
}

/* ---- the heap ----------------------------------------------------------------------------------
 */

/* Eight in a row: glibc keeps pointers in what is free, and any of their bytes may be an S. */
static bool found(const volatile unsigned char *memory, size_t length)
{
    size_t run = 0;
    for (size_t i = 0; i < length; i++) {
        run = memory[i] == 'S' ? run + 1 : 0;
        if (run == 8)
            return true;
    }
    return false;
}

/* glibc reuses the first 16 bytes of a freed block; the address is taken as a number to look. */
TEST(freed_heap_is_wiped)
{
    if (BUILD_SANITIZED)
        CHECK_MOOT(BUILD_LEFT_OUT);
    for (size_t size = 24; size < 60000; size = size * 3 / 2) {
        char *block = malloc(size), *stop = malloc(16);
        volatile uintptr_t address = (uintptr_t)block;
        memset(block, 'S', size);
        CHECK(found((unsigned char *)address, size));
        free(block);
        CHECK(!found((unsigned char *)address, size));
        free(stop);
    }
}

TEST(realloc_moves_wipes_and_keeps)
{
    char *block = NULL;
    for (size_t size = 24; size < 300000; size = size * 3 / 2) {
        volatile uintptr_t before = (uintptr_t)block;
        size_t usable = malloc_usable_size(block);
        block = realloc(block, size);
        CHECK(block != NULL);
        if (before && before != (uintptr_t)block && usable < 100000 && !BUILD_SANITIZED)
            CHECK(!found((unsigned char *)before, usable));
        for (size_t i = 0; before && i < size * 2 / 3; i++)
            CHECK_EQ_INT(block[i], 'S');
        memset(block, 'S', size);
    }
    block = realloc(block, 100);
    for (size_t i = 0; i < 100; i++)
        CHECK_EQ_INT(block[i], 'S');
    CHECK(realloc(block, 0) == NULL);
}

/* ---- the filter: what still works ---------------------------------------------------------- */

static void work_with_files(void)
{
    char text[8] = "";
    int fd = openat(AT_FDCWD, "/tmp/harden_test.file", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(renameat(AT_FDCWD, "/tmp/harden_test.file", AT_FDCWD, "/tmp/harden_test.moved") == 0);
    int r = unlinkat(AT_FDCWD, "/tmp/harden_test.moved", 0);
    CHECK_EQ_INT(r, 0);
    CHECK_EQ_INT(write(fd, "abc", 3), 3);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    CHECK_EQ_INT(pread(fd, text, sizeof text, 0), 3);
    CHECK(ftruncate(fd, 1) == 0 && lseek(fd, 0, SEEK_END) == 1);
    CHECK(close(fd) == 0);
    FILE *file = fopen("/proc/self/stat", "re");
    CHECK(file && fgetc(file) != EOF);
    fclose(file);
    CHECK(geteuid() == 0 && getpid() > 0 && time(NULL) > 0);
}

static void work_with_sockets(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0harden_test"};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 1) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK(accepted >= 0);

    struct ucred peer;
    socklen_t length = sizeof peer;
    CHECK(getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0);
    CHECK_EQ_INT(peer.pid, getpid());
    struct pollfd ready = {.fd = accepted, .events = POLLIN};
    CHECK_EQ_INT(send(client, "x", 1, MSG_NOSIGNAL), 1);
    CHECK_EQ_INT(poll(&ready, 1, 1000), 1);
}

static void work_with_the_arena(void)
{
    struct arena *arena;
    struct error error;
    struct arena_stats stats;
    CHECK_EQ_INT(arena_new(8u << 20, ARENA_AUTO, &arena, &error), 0);
    for (size_t i = 0; i < 200; i++)
        arena_free(arena, arena_alloc(arena, 1 + i * 20000));
    arena_read_stats(arena, &stats);
    CHECK_EQ_INT(stats.refusals, 0);
    CHECK_EQ_INT(stats.blocks, 0);
    arena_destroy(arena);
    CHECK_EQ_INT(arena_new(8u << 20, ARENA_MLOCK, &arena, &error), 0);
    arena_free(arena, arena_alloc(arena, 5u << 20));
    arena_destroy(arena);
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void work_with_the_heap(void)
{
    static int numbers[100000];
    for (int i = 0; i < 100000; i++)
        numbers[i] = -i;
    qsort(numbers, 100000, sizeof numbers[0], by_value);
    CHECK_EQ_INT(numbers[0], -99999);
    for (size_t size = 1; size < (64u << 20); size *= 2) {
        void *block = malloc(size);
        CHECK(block != NULL);
        free(block);
    }
}

TEST(what_the_daemon_does_still_works)
{
    need_root();
    CHECK_EQ_INT(hardened(work_with_files), 0);
    CHECK_EQ_INT(hardened(work_with_sockets), 0);
    CHECK_EQ_INT(hardened(work_with_the_arena), 0);
    CHECK_EQ_INT(hardened(work_with_the_heap), 0);
}

static void use_map(void)
{
    union bpf_attr attr = {.map_fd = (uint32_t)-1};
    errno = 0;
    CHECK(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof attr) == -1 && errno == EBADF);
    CHECK(syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof attr) == -1 && errno == EBADF);
    CHECK(syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) == -1);
}

static void map_data(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    CHECK(mprotect(memory, 4096, PROT_READ) == 0);
}

static void abort_now(void)
{
    abort();
}

TEST(checked_calls_pass_with_the_right_argument)
{
    need_root();
    CHECK_EQ_INT(hardened(use_map), 0);
    CHECK_EQ_INT(hardened(map_data), 0);
    CHECK_EQ_INT(hardened(abort_now), SIGABRT);
}

/* ---- the filter: what kills -------------------------------------------------------------------
 */

/* Each is tried without the filter first, where it must not kill: the filter is what does. */
static void run_program(void)
{
    char *arguments[] = {(char *)(uintptr_t) "true", NULL}, *environment[] = {NULL};
    execve("/bin/true", arguments, environment);
    _exit(9);
}

static void start_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

static void trace(void)
{
    CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static void open_network_socket(void)
{
    CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static void open_packet_socket(void)
{
    CHECK(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
}

static void map_code(void)
{
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
          MAP_FAILED);
}

static void make_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    CHECK(mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0);
}

static void read_process(void)
{
    char to[4], from[4] = "abc";
    struct iovec local = {to, 4}, remote = {from, 4};
    CHECK_EQ_INT(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 4);
}

static void load_program(void)
{
    union bpf_attr attr = {0};
    CHECK(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr) == -1);
}

static void make_map(void)
{
    union bpf_attr attr = {0};
    CHECK(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr) == -1);
}

static void set_up_ring(void)
{
    CHECK(syscall(SYS_io_uring_setup, 0, NULL) == -1);
}

static void become_dumpable(void)
{
    CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void signal_parent(void)
{
    CHECK(syscall(SYS_tgkill, getppid(), getppid(), 0) == 0);
}

static void call_x32(void)
{
#ifdef __x86_64__
    syscall(0x40000000 + SYS_getpid);
#else
    syscall(SYS_personality, 0xffffffff);
#endif
}

TEST(any_other_call_kills)
{
    static const struct {
        const char *name;
        void (*act)(void);
    } forbidden[] = {
        {"execve", run_program},
        {"fork", start_process},
        {"ptrace", trace},
        {"AF_INET", open_network_socket},
        {"AF_NETLINK", open_packet_socket},
        {"mmap PROT_EXEC", map_code},
        {"mprotect PROT_EXEC", make_code},
        {"process_vm_readv", read_process},
        {"BPF_PROG_LOAD", load_program},
        {"BPF_MAP_CREATE", make_map},
        {"io_uring", set_up_ring},
        {"prctl", become_dumpable},
        {"tgkill", signal_parent},
        {"x32", call_x32},
    };
    need_root();
    if (BUILD_SANITIZED)
        CHECK_MOOT(BUILD_LEFT_OUT);
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        void (*act)(void) = forbidden[i].act;
        if (check_child(bare, &act) != 0)
            check_fail(__FILE__, __LINE__, "%s fails without the filter", forbidden[i].name);
        if (hardened(act) != SIGSYS)
            check_fail(__FILE__, __LINE__, "%s does not kill", forbidden[i].name);
    }
}

CHECK_MAIN
