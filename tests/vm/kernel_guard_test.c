/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guards against the running kernel: whoever tries is root with every capability, in the cgroup of
 * another pod. Each denial has its control: the same by the owner, or before the guard.
 *
 *     kernel_guard_test PIN_DIR [TEST...]    root, with BPF LSM; this process is the core
 */
#include "vm/guard_node.h"
#include "vm/guard_visitor.h"

#include <bpf/bpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kernel/tier.h"

/* ---- descriptors --------------------------------------------------------------------------- */

static int receive(void *context)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    if (recvmsg(*(int *)context, &message, 0) != 1)
        return EIO;
    return message.msg_flags & MSG_CTRUNC ? EACCES : CMSG_FIRSTHDR(&message) ? 0 : ENOMSG;
}

static void send_fd(int to, int fd)
{
    char byte = 'x', control[CMSG_SPACE(sizeof fd)] = "";
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    CHECK_EQ_INT(sendmsg(to, &message, 0), 1);
}

static int connected; /* made in the owner's pod: a descriptor of it is inherited */

/* The test itself connects for the owner, by a child that shares its descriptors. */
static int connect_here(void *context)
{
    (void)context;
    join(OWNER);
    connected = sock_connect(path);
    return connected < 0 ? EIO : 0;
}

static char stack[64 * 1024] __attribute__((aligned(16)));

static int connect_for_us(const char *place)
{
    int status;
    (void)place;
    pid_t pid = clone(connect_here, stack + sizeof stack, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
    CHECK(pid > 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    return connected;
}

TEST(a_connection_is_not_received_in_another_pod)
{
    int ends[2];
    struct vsecm_domain domain = domain_of(POD);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    int fd = connect_for_us(OWNER);
    int accepted = accept_one();
    send_fd(ends[0], fd);
    CHECK_EQ_INT(in(OWNER, receive, &ends[1]), 0);
    /* Before the daemon knows what a cgroup is part of, not even in the pod. */
    send_fd(ends[0], fd);
    CHECK_EQ_INT(in(SIDECAR, receive, &ends[1]), EACCES);
    CHECK_EQ_INT(guard_place(attest, id_of(OWNER), &domain), 0);
    send_fd(ends[0], fd);
    CHECK_EQ_INT(in(SIDECAR, receive, &ends[1]), 0);
    send_fd(ends[0], fd);
    check_denied(receive, &ends[1], EACCES, VSECM_HOOK_RECEIVE, VSECM_WHY_FOREIGN);
    CHECK_EQ_INT(last_event.object, id_of(OWNER));
    /* Any other socket may go anywhere. */
    send_fd(ends[0], ends[0]);
    CHECK_EQ_INT(in(OTHER, receive, &ends[1]), 0);
    close(fd);
    close(accepted);
    close(ends[0]);
    close(ends[1]);
}

struct theft {
    pid_t pid;
    int fd;
};

static int steal(void *context)
{
    const struct theft *theft = context;
    int pidfd = (int)syscall(SYS_pidfd_open, theft->pid, 0);
    return pidfd < 0 ? EIO : as_errno(syscall(SYS_pidfd_getfd, pidfd, theft->fd, 0));
}

TEST(a_connection_is_not_fetched_from_another_pod)
{
    struct visitor visitor = visit(OWNER, listener);
    struct theft theft = {visitor.pid, visitor_socket}, harmless = {visitor.pid, 101};
    CHECK_EQ_INT(in(SIDECAR, steal, &theft), 0);
    CHECK_EQ_INT(in(OTHER, steal, &harmless), 0);
    check_denied(steal, &theft, EACCES, VSECM_HOOK_RECEIVE, VSECM_WHY_FOREIGN);
    leave(visitor);
}

static int map_it(void *context)
{
    void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, *(int *)context, 0);
    return at == MAP_FAILED ? errno : 0;
}

static int map_nothing(void *context)
{
    (void)context;
    void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : 0;
}

TEST(a_page_stays_in_its_pod)
{
    char name[64];
    int ends[2], fd = memfd_create("page", MFD_CLOEXEC);
    struct vsecm_domain domain = domain_of(POD), other = domain_of(OTHER);
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    snprintf(name, sizeof name, "/proc/%d/fd/%d", getpid(), fd);
    CHECK_EQ_INT(in(OTHER, map_it, &fd), 0);
    CHECK_EQ_INT(guard_file(attest, fd, &domain), 0);
    CHECK_EQ_INT(guard_file(attest, fd, &domain), 0);
    CHECK_EQ_INT(guard_file(attest, fd, &other), -EBUSY);
    CHECK_EQ_INT(in(OWNER, map_it, &fd), 0);
    check_denied(map_it, &fd, EACCES, VSECM_HOOK_MMAP, VSECM_WHY_FOREIGN);
    CHECK_EQ_INT(in(OTHER, map_nothing, NULL), 0);
    send_fd(ends[0], fd);
    CHECK_EQ_INT(in(SIDECAR, receive, &ends[1]), 0);
    send_fd(ends[0], fd);
    check_denied(receive, &ends[1], EACCES, VSECM_HOOK_RECEIVE, VSECM_WHY_FOREIGN);
    close(fd);
    close(ends[0]);
    close(ends[1]);
}

/* ---- processes ----------------------------------------------------------------------------- */

TEST(nobody_looks_into_the_daemon)
{
    check_shielded(getpid(), VSECM_WHY_CORE);
}

TEST(nobody_looks_into_a_process_that_asked)
{
    struct visitor visitor = visit(OWNER, -1);
    struct vsecm_process process = process_of(&visitor.caller);
    check_open_to_all(visitor.pid);
    CHECK_EQ_INT(guard_shield(attest, &process, VSECM_SHIELD_SELF), 0);
    check_shielded(visitor.pid, VSECM_WHY_SHIELDED);
    leave(visitor);
    uint32_t flags;
    for (int i = 0; i < 100; i++, usleep(10000))
        if (bpf_map_lookup_elem(attest->guards.map[GUARD_SHIELDS], &process, &flags) < 0)
            return;
    check_fail(__FILE__, __LINE__, "the shield of a process that has ended stays");
}

/* A process that connects, waits for a byte at its end, BEGINs another, and tells that one's pid.
 */
static struct visitor visit_and(pid_t (*begin)(void), int end)
{
    struct visitor visitor = {.pid = fork()};
    CHECK(visitor.pid >= 0);
    if (visitor.pid == 0) {
        char byte;
        join(OWNER);
        int fd = sock_connect(path);
        if (fd < 0 || read(end, &byte, 1) != 1)
            _exit(1);
        pid_t child = begin();
        if (write(end, &child, sizeof child) != sizeof child)
            _exit(1);
        for (;;)
            pause();
    }
    visitor.accepted = accept_one();
    CHECK_EQ_INT(attest_caller(attest, visitor.accepted, &visitor.caller), 0);
    return visitor;
}

static pid_t fork_and_execute(void)
{
    pid_t child = fork();
    if (child == 0 && execl("/proc/self/exe", "sleeper", "sleep", NULL) < 0)
        _exit(1);
    usleep(100000);
    return child;
}

static pid_t fork_under(uint32_t flags, struct visitor *visitor)
{
    int ends[2];
    pid_t child;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    *visitor = visit_and(fork_and_execute, ends[1]);
    struct vsecm_process process = process_of(&visitor->caller);
    CHECK_EQ_INT(guard_shield(attest, &process, flags), 0);
    CHECK(write(ends[0], "x", 1) == 1);
    CHECK(read(ends[0], &child, sizeof child) == sizeof child);
    close(ends[0]);
    close(ends[1]);
    return child;
}

TEST(a_shield_is_kept_over_fork_by_choice)
{
    struct visitor visitor;
    pid_t child = fork_under(VSECM_SHIELD_SELF, &visitor);
    CHECK_EQ_INT(in(OTHER, open_mem, &child), 0);
    check_shielded(visitor.pid, VSECM_WHY_SHIELDED);
    kill(child, SIGKILL);
    leave(visitor);
    child = fork_under(VSECM_SHIELD_SELF | VSECM_SHIELD_CHILDREN, &visitor);
    check_shielded(child, VSECM_WHY_SHIELDED); /* which has executed another program, too */
    kill(visitor.pid, SIGKILL);
    check_shielded(child, VSECM_WHY_SHIELDED);
    kill(child, SIGKILL);
    leave(visitor);
}

static int gate[2]; /* of a child that shares memory: a byte, and it executes */

static int wait_and_execute(void *unused)
{
    char byte;
    (void)unused;
    if (read(gate[1], &byte, 1) == 1)
        execl("/proc/self/exe", "sleeper", "sleep", NULL);
    _exit(1);
}

/* As vfork() does, but that the parent goes on. */
static pid_t share_memory(void)
{
    return clone(wait_and_execute, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
}

TEST(a_child_that_shares_the_memory_is_shielded_until_it_executes)
{
    pid_t child;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, gate) == 0);
    struct visitor visitor = visit_and(share_memory, gate[1]);
    struct vsecm_process process = process_of(&visitor.caller);
    CHECK_EQ_INT(guard_shield(attest, &process, VSECM_SHIELD_SELF), 0);
    CHECK(write(gate[0], "x", 1) == 1);
    CHECK(read(gate[0], &child, sizeof child) == sizeof child);
    check_shielded(child, VSECM_WHY_SHIELDED);
    CHECK(write(gate[0], "x", 1) == 1);
    for (int i = 0; i < 1000 && in(OTHER, open_mem, &child); i++)
        usleep(10000);
    CHECK_EQ_INT(in(OTHER, open_mem, &child), 0);
    check_shielded(visitor.pid, VSECM_WHY_SHIELDED);
    kill(child, SIGKILL);
    leave(visitor);
    close(gate[0]);
    close(gate[1]);
}

/* ---- programs and maps --------------------------------------------------------------------- */

struct thing {
    uint32_t kind, id;
};

static int get_by_id(void *context)
{
    const struct thing *thing = context;
    int fd = thing->kind == VSECM_SELF_MAP       ? bpf_map_get_fd_by_id(thing->id)
             : thing->kind == VSECM_SELF_PROGRAM ? bpf_prog_get_fd_by_id(thing->id)
                                                 : bpf_link_get_fd_by_id(thing->id);
    return fd < 0 ? -fd : 0;
}

static int use_own_map(void *context)
{
    (void)context;
    int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "own", 4, 4, 1, NULL);
    return fd < 0 ? -fd : 0;
}

TEST(nobody_else_gets_programs_maps_and_links)
{
    struct vsecm_self key;
    unsigned kinds[3] = {0};
    int map = attest->guards.map[GUARD_SELF];
    CHECK_EQ_INT(in(OTHER, use_own_map, NULL), 0);
    for (int r = bpf_map_get_next_key(map, NULL, &key); r == 0;
         r = bpf_map_get_next_key(map, &key, &key)) {
        struct thing thing = {key.kind, key.id};
        CHECK_EQ_INT(get_by_id(&thing), 0);
        check_denied(get_by_id, &thing, EPERM, VSECM_HOOK_BPF, VSECM_WHY_CORE);
        kinds[key.kind]++;
    }
    CHECK(kinds[VSECM_SELF_MAP] > 15 && kinds[VSECM_SELF_PROGRAM] > 20);
    CHECK_EQ_INT(kinds[VSECM_SELF_LINK], kinds[VSECM_SELF_PROGRAM]);
}

/* ---- connects ------------------------------------------------------------------------------ */

static int connect_it(void *context)
{
    (void)context;
    int fd = sock_connect(path);
    return fd < 0 ? -fd : 0;
}

TEST(who_is_barred_does_not_reach_the_queue)
{
    uint64_t pod = id_of("pod66666666-7777-8888-9999-aaaaaaaaaaaa");
    CHECK_EQ_INT(in(OTHER, connect_it, NULL), 0);
    close(accept_one());
    CHECK_EQ_INT(guard_bar(attest, 1, true), -EINVAL);
    CHECK_EQ_INT(guard_bar(attest, pod, true), 0);
    check_denied(connect_it, NULL, EACCES, VSECM_HOOK_CONNECT, VSECM_WHY_BARRED);
    CHECK(accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EAGAIN);
    CHECK_EQ_INT(in(OWNER, connect_it, NULL), 0);
    close(accept_one());
    CHECK_EQ_INT(guard_bar(attest, pod, false), 0);
    CHECK_EQ_INT(guard_bar(attest, pod, false), 0);
    CHECK_EQ_INT(in(OTHER, connect_it, NULL), 0);
    close(accept_one());
}

static int connect_often(void *context)
{
    for (int i = 0; i < *(int *)context; i++)
        if (connect_it(NULL) != EACCES)
            return EIO;
    return EACCES;
}

TEST(denials_that_find_no_room_are_counted)
{
    struct guard_stats before, after;
    uint64_t pod = id_of("pod66666666-7777-8888-9999-aaaaaaaaaaaa");
    int times = VSECM_RING_BYTES / sizeof(struct vsecm_denial) + 100;
    drain();
    guard_read_stats(attest, &before);
    CHECK_EQ_INT(guard_bar(attest, pod, true), 0);
    CHECK_EQ_INT(in(OTHER, connect_often, &times), EACCES);
    CHECK_EQ_INT(guard_bar(attest, pod, false), 0);
    guard_read_stats(attest, &after);
    uint64_t more = after.denied[VSECM_HOOK_CONNECT][VSECM_WHY_BARRED] -
                    before.denied[VSECM_HOOK_CONNECT][VSECM_WHY_BARRED];
    CHECK_EQ_INT(more, times);
    uint64_t told = 0;
    for (size_t n; (n = guard_read_events(attest, 10, keep_event, NULL)) > 0; told += n)
        CHECK(n <= 10);
    CHECK_EQ_INT(told + (after.lost - before.lost), times);
    CHECK(after.lost > before.lost);
}

TEST(summary_says_on)
{
    const char *name, *state;
    size_t i = 0;
    for (; guard_summary(attest, i, &name, &state); i++)
        if (strcmp(state, "on") != 0)
            check_fail(__FILE__, __LINE__, "%s: %s", name, state);
    CHECK(i > 5);
}

int main(int count, char **words)
{
    if (count == 2 && strcmp(words[1], "sleep") == 0)
        for (;;)
            pause();
    return guard_node_run(count, words);
}
