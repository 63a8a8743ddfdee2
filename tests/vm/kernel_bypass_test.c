/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways around the guards, each with its control. A test that fails shows a way that is open.
 *
 *     kernel_bypass_test PIN_DIR [TEST...]    root, with BPF LSM; this process is the core
 */
#include "vm/guard_node.h"
#include "vm/guard_visitor.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kernel/tier.h"

static bool has_shield(const struct vsecm_process *process)
{
    uint32_t flags;
    return bpf_map_lookup_elem(attest->guards.map[GUARD_SHIELDS], process, &flags) == 0;
}

/* A process that connects and then, told by a byte, does ACT; it answers with what that returned.
 */
static struct visitor visit_to_act(attempt *act, void *context, int *end)
{
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    struct visitor visitor = {.pid = fork()};
    CHECK(visitor.pid >= 0);
    if (visitor.pid == 0) {
        char byte;
        join(OWNER);
        if (sock_connect(path) < 0)
            _exit(1);
        while (read(ends[1], &byte, 1) == 1) {
            int r = act(context);
            if (write(ends[1], &r, sizeof r) != sizeof r)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    *end = ends[0];
    visitor.accepted = accept_one();
    CHECK_EQ_INT(attest_caller(attest, visitor.accepted, &visitor.caller), 0);
    return visitor;
}

static int act_now(int end)
{
    int r = -1;
    CHECK(write(end, "x", 1) == 1);
    CHECK(read(end, &r, sizeof r) == sizeof r);
    return r;
}

/* ---- a fork that fails ------------------------------------------------------------------ */

/* The pid is taken: the kernel gives the half-made child back, which is a copy of its parent. */
static int fork_in_vain(void *context)
{
    (void)context;
    pid_t taken = getpid();
    struct clone_args args = {
        .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&taken, .set_tid_size = 1};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? errno : 0;
}

/* No capability needed: a namespace that it may not have. */
static int fork_in_vain_as_nobody(void *context)
{
    (void)context;
    if (geteuid() == 0 &&
        (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
        return EIO;
    struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_NEWNET};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? errno : 0;
}

static void check_kept_over(attempt *act, int code)
{
    int end;
    struct visitor visitor = visit_to_act(act, NULL, &end);
    struct vsecm_process process = process_of(&visitor.caller);
    CHECK_EQ_INT(guard_shield(attest, &process, VSECM_SHIELD_SELF), 0);
    CHECK_EQ_INT(in(OTHER, open_mem, &visitor.pid), EACCES);
    CHECK_EQ_INT(act_now(end), code);
    usleep(300000);
    CHECK(has_shield(&process));
    CHECK_EQ_INT(in(OTHER, open_mem, &visitor.pid), EACCES);
    leave(visitor);
    close(end);
}

TEST(a_fork_that_fails_leaves_the_shield)
{
    check_kept_over(fork_in_vain, EEXIST);
}

TEST(a_fork_that_fails_for_nobody_leaves_the_shield)
{
    check_kept_over(fork_in_vain_as_nobody, EPERM);
}

/* ---- programs that answer before ours ---------------------------------------------------- */

static int load_answer(enum bpf_prog_type type, enum bpf_attach_type at, const char *hook)
{
    const struct bpf_insn one[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
        {.code = BPF_JMP | BPF_EXIT},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = at);
    int id = libbpf_find_vmlinux_btf_id(hook, at);
    if (id < 0)
        return id;
    opts.attach_btf_id = (uint32_t)id;
    int program = bpf_prog_load(type, "answer", "GPL", one, 2, &opts);
    return program < 0 ? program : bpf_raw_tracepoint_open(NULL, program);
}

static int map_by_name(const char *name)
{
    for (uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
        struct bpf_map_info info = {0};
        uint32_t size = sizeof info;
        int fd = bpf_map_get_fd_by_id(id);
        if (fd < 0)
            continue;
        if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && strcmp(info.name, name) == 0)
            return fd;
        close(fd);
    }
    return -EPERM;
}

/* Be the core: 0 when it worked. */
static int become_core(void)
{
    const uint32_t yes = 1;
    int map = map_by_name("cores");
    if (map < 0)
        return -map;
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    return -bpf_map_update_elem(map, &pidfd, &yes, BPF_ANY);
}

static int core_plainly(void *context)
{
    (void)context;
    return become_core();
}

static int core_by_fmod(void *context)
{
    (void)context;
    int link = load_answer(BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, "security_bpf_map");
    return link < 0 ? -link : become_core();
}

static int core_by_lsm(void *context)
{
    (void)context;
    int link = load_answer(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_map");
    return link < 0 ? -link : become_core();
}

TEST(no_fmod_ret_program_opens_our_maps)
{
    CHECK_EQ_INT(in(OTHER, core_plainly, NULL), EPERM);
    CHECK(in(OTHER, core_by_fmod, NULL) != 0);
}

TEST(no_lsm_program_opens_our_maps)
{
    CHECK_EQ_INT(in(OTHER, core_plainly, NULL), EPERM);
    CHECK(in(OTHER, core_by_lsm, NULL) != 0);
}

/* ---- other ways into memory -------------------------------------------------------------- */

static volatile char secret[] = "the-secret-of-the-shielded-one";

static int wait_here(void *context)
{
    (void)context;
    return 0;
}

static int dump_core(void *context)
{
    const pid_t *pid = context;
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    if (prlimit(*pid, RLIMIT_CORE, &all, NULL) < 0)
        return errno;
    return kill(*pid, SIGQUIT) < 0 ? errno : 0;
}

static void set_pattern(const char *pattern)
{
    int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
    CHECK(fd >= 0 && write(fd, pattern, strlen(pattern)) > 0);
    close(fd);
}

static bool file_has(const char *name, const char *text)
{
    static char buffer[1 << 20];
    int fd = open(name, O_RDONLY);
    bool found = false;
    for (ssize_t n; !found && fd >= 0 && (n = read(fd, buffer, sizeof buffer)) > 0;)
        found = memmem(buffer, (size_t)n, text, strlen(text)) != NULL;
    if (fd >= 0)
        close(fd);
    return found;
}

TEST(nobody_has_a_shielded_process_dump_core)
{
    int end, status;
    char core[64];
    secret[0] = 'T'; /* its page is written, and so dumped */
    struct visitor visitor = visit_to_act(wait_here, NULL, &end);
    struct vsecm_process process = process_of(&visitor.caller);
    const struct rlimit none = {0, RLIM_INFINITY};
    set_pattern("/tmp/core.%p");
    CHECK(prlimit(visitor.pid, RLIMIT_CORE, &none, NULL) == 0);
    CHECK_EQ_INT(guard_shield(attest, &process, VSECM_SHIELD_SELF), 0);
    CHECK_EQ_INT(in(OTHER, open_mem, &visitor.pid), EACCES);
    CHECK(in(OTHER, dump_core, &visitor.pid) != 0);
    usleep(1500000);
    snprintf(core, sizeof core, "/tmp/core.%d", visitor.pid);
    bool found = file_has(core, "The-secret-of-the-shielded-one");
    unlink(core);
    kill(visitor.pid, SIGKILL);
    CHECK(waitpid(visitor.pid, &status, 0) == visitor.pid);
    close(visitor.accepted);
    close(end);
    CHECK(!found);
}

/* ---- who has a shield for good asks for a smaller one ------------------------------------- */

TEST(a_shield_for_good_stays_for_good)
{
    /* A child of a process shielded with its children connects, and asks for one for itself. */
    int ends[2];
    pid_t pids[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    struct visitor visitor = {.pid = fork()};
    if (visitor.pid == 0) {
        char byte;
        join(OWNER);
        if (sock_connect(path) < 0 || read(ends[1], &byte, 1) != 1)
            _exit(1);
        if (fork() == 0) {
            if (sock_connect(path) < 0 || read(ends[1], &byte, 1) != 1)
                _exit(1);
            pids[0] = getpid();
            pids[1] = fork();
            if (pids[1] == 0)
                for (;;)
                    pause();
            if (write(ends[1], pids, sizeof pids) != sizeof pids)
                _exit(1);
        }
        for (;;)
            pause();
    }
    struct vsecm_caller caller;
    visitor.accepted = accept_one();
    CHECK_EQ_INT(attest_caller(attest, visitor.accepted, &visitor.caller), 0);
    struct vsecm_process process = process_of(&visitor.caller);
    CHECK_EQ_INT(guard_shield(attest, &process, VSECM_SHIELD_SELF | VSECM_SHIELD_CHILDREN), 0);
    CHECK(write(ends[0], "x", 1) == 1);
    int second = accept_one();
    CHECK_EQ_INT(attest_caller(attest, second, &caller), 0);
    pid_t middle = (pid_t)caller.pid;
    CHECK_EQ_INT(in(OTHER, open_mem, &middle), EACCES);
    process = process_of(&caller);
    CHECK_EQ_INT(guard_shield(attest, &process, VSECM_SHIELD_SELF), 0);
    CHECK(write(ends[0], "x", 1) == 1);
    CHECK(read(ends[0], pids, sizeof pids) == sizeof pids);
    int got = in(OTHER, open_mem, &pids[1]);
    kill(pids[1], SIGKILL);
    kill(pids[0], SIGKILL);
    close(second);
    leave(visitor);
    CHECK_EQ_INT(got, EACCES);
}

int main(int count, char **words)
{
    return guard_node_run(count, words);
}
